"""Which Session serves which platform."""

from inventory.errors import DeviceError
from inventory.model import Device
from nornir_tasks.session import Access, Session

PLATFORMS = frozenset({"frr", "cisco_ios"})
"""Those that this program changes and asks."""


def open_session(device: Device, access: Access, external: tuple[str, ...]) -> Session:
    """A session with `device`; UnreachableError or AccessError when there is none to be had."""
    if device.platform == "frr":
        from nornir_tasks.drivers.frr_session import FrrSession  # noqa: PLC0415  (NAPALM is slow)

        return FrrSession(device, access, external)
    if device.platform == "cisco_ios":
        from nornir_tasks.drivers.ios_session import IosSession  # noqa: PLC0415

        return IosSession(device, access, external)
    raise DeviceError(device.name, f"platform {device.platform} can't be changed by this program")
