"""NAPALM's own test suite for drivers, with recordings of a router of the lab."""
