"""Routing as devices tell it over SSH, for the monitor: middle rooms meet here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.context import Context
from inventory.errors import ImeretiError, SecretError

if TYPE_CHECKING:
    from inventory.model import Device
    from inventory.secrets import Secrets
    from monitor.routing_spoken import AskDevice, Spoken
    from nornir_tasks.session import Access, DeviceState


def device_asker(context: Context) -> AskDevice | None:
    """Asks with the logins of provisioning; None where there are none."""
    from cli.workplace import access_of

    secrets, ssh = context.secrets, context.settings.ssh
    password = context.live.region.services.admin_secret in secrets.values
    if context.lab is None and not ssh.key and not password:
        return None
    access = access_of(context)

    def checked(device: Device) -> Access:
        if context.lab is None and device.platform == "frr" and not ssh.key:
            raise SecretError(f"{device.name}: expected `ssh.key` of config.yaml, found none.")
        return access(device)

    return asking(checked, secrets)


def asking(access: Callable[[Device], Access], secrets: Secrets) -> AskDevice:
    """Opens a session for each question; what goes wrong says no secret."""

    def ask(device: Device) -> Spoken:
        from nornir_tasks.open_session import open_session

        try:
            session = open_session(device, access(device), ())
            try:
                return _spoken(session.state())
            finally:
                session.close()
        except ImeretiError as error:
            raise ImeretiError(secrets.mask(str(error))) from None

    return ask


def _spoken(state: DeviceState) -> Spoken:
    from monitor.routing_spoken import Spoken

    sessions = {
        str(address): (session.state, session.received)
        for address, session in state.sessions.items()
    }
    return Spoken(state.adjacencies4, state.adjacencies6, sessions)
