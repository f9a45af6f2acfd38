"""SNMP clients behind one seam; no library's type crosses it."""
