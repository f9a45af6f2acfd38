"""NAPALM drivers of this project."""
