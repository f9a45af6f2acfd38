"""Let another SNMPv3 user take the place of the present one, without a poll in between lost."""

from dataclasses import replace

from inventory.errors import UsageError
from inventory.model import Network, SnmpUser
from inventory.secrets import placeholder
from nornir_tasks.play import Play

PARAMETERS = {
    "user": "the new user's name",
    "auth_secret": "name of the secret that is its authentication password",
    "priv_secret": "name of the secret that is its privacy password",
    "finish": "yes: nobody polls as the old user any more, remove it",
}


def run(play: Play) -> None:
    """Devices learn the new user beside the old one, the inventory and so the poller change over,
    and only then is the old one removed: that is what an apply of the inventory does by then."""
    if play.arguments.get("finish") == "yes":
        play.apply(play.network, play.devices)
        play.say(f"{play.network.region.services.snmp.user} is the only user")
        return
    old = play.network.region.services.snmp
    if play.argument("user") == old.user:
        message = "expected another name: whether a password changed, no device tells."
        raise UsageError.of("user", message)
    values = {name: play.argument(name) for name in ("user", "auth_secret", "priv_secret")}
    _refuse_known(play, **values)
    with play.inventory.region(("services", "snmp"), values) as network:
        leaving = SnmpUser(old.user, old.auth_secret, old.priv_secret)
        play.apply(_besides(network, leaving), play.devices)
    play.say(
        f"every device answers {values['user']}, and still {old.user}. Restart what polls "
        f"(imereti serve), then: imereti run roll-snmp-user finish=yes"
    )


def _refuse_known(play: Play, user: str, auth_secret: str, priv_secret: str) -> None:
    """A running snmpd would go on to take the passwords by which it has known the user."""
    for line in play.applied_lines(f"createUser {user} "):
        if placeholder(auth_secret) not in line or placeholder(priv_secret) not in line:
            message = (
                f"'{user}' was used before with other secrets, and a running snmpd keeps those "
                "passwords until it starts anew: expected a name that was never used."
            )
            raise UsageError.of("user", message)


def _besides(network: Network, user: SnmpUser) -> Network:
    services = network.region.services
    snmp = replace(services.snmp, besides=(user,))
    return replace(network, region=replace(network.region, services=replace(services, snmp=snmp)))
