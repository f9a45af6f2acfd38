"""What is kept: link samples, the state ledger, incidents, maintenance windows."""
