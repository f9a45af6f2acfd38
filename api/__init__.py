"""SHOWS it: HTTP API, live stream, dashboard and public page."""
