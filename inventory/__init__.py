"""WHAT the network is: data files, the typed model and its rules. Imports nothing of ours."""
