"""Which client the settings name."""

from inventory.secrets import Secrets
from inventory.settings import PollSettings
from monitor.snmp.base import SnmpClient


def open_client(settings: PollSettings, secrets: Secrets) -> SnmpClient:
    """The client of `poll.engine`; heavy libraries are imported here and not before."""
    if settings.engine == "pysnmp":
        from monitor.snmp.pysnmp_client import PysnmpClient  # noqa: PLC0415

        return PysnmpClient(secrets, settings.timeout_s, settings.retries)
    if settings.engine == "native":
        from monitor.snmp.native_client import NativeClient  # noqa: PLC0415

        return NativeClient(secrets, settings.timeout_s, settings.retries)
    from monitor.snmp.gufo_client import GufoClient  # noqa: PLC0415

    return GufoClient(secrets, settings.timeout_s, settings.retries)
