"""CHANGES devices: renders their configurations, plans, applies, verifies and backs them up."""
