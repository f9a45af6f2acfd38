"""The name under which NAPALM looks for a driver of the platform `frr`."""

from nornir_tasks.drivers.frr import FrrDriver

__all__ = ["FrrDriver"]
