"""Privileges, the terminal, configuration mode, ping, reload."""

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from lab.ios_standin.addressing import addresses, is_shut
from lab.ios_standin.matching import Match

if TYPE_CHECKING:
    from lab.ios_standin.session import Session

TRIES = 3


async def _enable(session: "Session", match: Match) -> str:  # noqa: ARG001
    if session.privileged:
        return ""
    root = session.device.configuration.root
    if not root.find("enable", "secret") and not root.find("enable", "password"):
        return "% Error in authentication.\n\n"
    for _ in range(TRIES):
        typed = await session.terminal.line("Password: ", echo=False)
        if typed == session.device.enable_secret:
            session.privileged = True
            return ""
    return "% Bad secrets\n\n"


async def _disable(session: "Session", match: Match) -> str:  # noqa: ARG001
    session.privileged = False
    return ""


async def _length(session: "Session", match: Match) -> str:
    session.terminal.length = int(match.arguments()[0])
    return ""


async def _width(session: "Session", match: Match) -> str:
    session.terminal.width = int(match.arguments()[0])
    return ""


async def _quiet(session: "Session", match: Match) -> str:  # noqa: ARG001
    return ""


async def _configure(session: "Session", match: Match) -> str:
    device = session.device
    words = match.text.split()
    if device.locked_by not in ("", session.line_name):
        return (
            f"Configuration mode locked exclusively by user '{session.user}' process '1' "
            f"from terminal '{device.locked_by}'. Please try later.\n"
        )
    if "revert" in words:
        refusal = arm(session, int(words[-1]))
        if refusal:
            return refusal
    if words[-1] == "lock":
        device.locked_by = session.line_name
    session.enter_configuration()
    text = "Enter configuration commands, one per line.  End with CNTL/Z.\n"
    return (_backup_text(session) if "revert" in words else "") + text


def arm(session: "Session", minutes: int) -> str:
    """Starts the revert timer; what the device says when it can't, else an empty text."""
    device = session.device
    if device.revert.pending is not None:
        return (
            "%Rollback Confirmed Change: a change by "
            f"{device.revert.pending.user} waits for its confirmation\n"
        )
    if not device.archive.path(device.configuration):
        return "%Turn config archive on before using Rollback Confirmed Change\n"
    if not device.arm(minutes, session.user):
        return "%Rollback Confirmed Change: backing up the running config has failed\n"
    return ""


def _backup_text(session: "Session") -> str:
    pending = session.device.revert.pending
    name = "" if pending is None else pending.file
    return f"Rollback Confirmed Change: Backing up current running config to {name}\n\n"


async def _ping(session: "Session", match: Match) -> str:
    words = match.text.split()
    named = [word for word in words[1:] if word not in ("ip", "ipv6")]
    target = named[2] if named[0] == "vrf" else named[0]
    count, size = _option(words, "repeat", 5), _option(words, "size", 100)
    timeout = _option(words, "timeout", 2)
    try:
        address = ip_address(target)
    except ValueError:
        return f"% Unrecognized host or address, or protocol not running.\n\n{target}\n"
    alive = _answers(session, str(address))
    marks = ("!" if alive else ".") * count
    rate = 100 if alive else 0
    times = ", round-trip min/avg/max = 1/1/2 ms" if alive else ""
    return (
        "Type escape sequence to abort.\n"
        f"Sending {count}, {size}-byte ICMP Echos to {address}, timeout is {timeout} seconds:\n"
        f"{marks}\nSuccess rate is {rate} percent ({count if alive else 0}/{count}){times}\n"
    )


def _option(words: list[str], name: str, default: int) -> int:
    return int(words[words.index(name) + 1]) if name in words else default


def _answers(session: "Session", target: str) -> bool:
    """Its own addresses, and whatever shares a subnet with an interface that is up."""
    configuration = session.device.configuration
    address = ip_address(target)
    return any(
        address in found.ip.network and not is_shut(configuration, found.interface)
        for found in addresses(configuration)
        if found.ip.version == address.version
    )


async def _reload(session: "Session", match: Match) -> str:
    device = session.device
    words = match.text.split()
    if words[-1] == "cancel":
        return "***\n*** --- SHUTDOWN ABORTED ---\n***\n" if device.cancel_reload() else _NONE
    if device.running() != device.startup:
        answer = await session.terminal.line(
            "\nSystem configuration has been modified. Save? [yes/no]: "
        )
        if answer is not None and answer.lower().startswith("y"):
            device.save(session.user)
            session.terminal.send("Building configuration...\n[OK]\n")
    if words[1:2] == ["in"]:
        session.terminal.send(f"Reload scheduled in {words[2]} minutes\n")
        if await session.terminal.confirm("Proceed with reload? [confirm]"):
            device.reload_in(_minutes(words[2]))
        return ""
    if await session.terminal.confirm("Proceed with reload? [confirm]"):
        device.power_cycle()
    return ""


_NONE = "%No reload is scheduled.\n"


def _minutes(text: str) -> float:
    hours, colon, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes) if colon else float(re.sub(r"\D", "", text) or 0)


_PING_OPTIONS = (
    "[timeout <number>] [size <number>] [repeat <number>] [timeout <number>] [source <word>]"
)

BASIC_COMMANDS = (
    ("enable", _enable),
    ("enable 15", _enable),
    ("disable", _disable),
    ("terminal length <0-512>", _length),
    ("terminal width <0-512>", _width),
    ("terminal monitor", _quiet),
    ("terminal no monitor", _quiet),
    ("configure terminal [lock]", _configure),
    ("configure terminal revert timer <1-120>", _configure),
    (f"ping [{{ip|ipv6|vrf <word>}}] <host> {_PING_OPTIONS}", _ping),
    ("reload", _reload),
    ("reload in <word>", _reload),
    ("reload cancel", _reload),
    ("clear logging", _quiet),
    ("clear counters [<interface>]", _quiet),
    ("clear line <number>", _quiet),
)
