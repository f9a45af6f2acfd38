"""One file a resource; each has `router(showing)`, which returns its routes."""
