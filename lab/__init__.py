"""VIRTUAL ROUTERS: a lab plan, and who boots it."""
