"""WATCHES devices: targets, SNMP clients, poller, health, stores, ledger and incidents."""
