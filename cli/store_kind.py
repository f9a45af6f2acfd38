"""Kinds of stores, as words of the command line."""

from enum import StrEnum


class Kind(StrEnum):
    """As in `store.kind`."""

    SQLITE = "sqlite"
    INFLUXDB = "influxdb"
