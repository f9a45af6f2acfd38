"""show version, running-config, startup-config, clock, users, inventory, logging and the like."""

from typing import TYPE_CHECKING

from lab.ios_standin.configuration import ETX
from lab.ios_standin.device import IosStandin, uptime_text
from lab.ios_standin.matching import Match
from lab.ios_standin.rendering import render_block

if TYPE_CHECKING:
    from lab.ios_standin.session import Session


def show_running(device: IosStandin) -> str:
    """The whole answer to `show running-config`, headers and all."""
    body = _with_header(device, device.running())
    size = len(body.encode())
    return f"Building configuration...\n\nCurrent configuration : {size} bytes\n{body}\n"


def _with_header(device: IosStandin, text: str) -> str:
    who = f" by {device.changed_by}" if device.changed_by else ""
    saved = f" by {device.saved_by}" if device.saved_by else ""
    stamp = "%H:%M:%S UTC %a %b %-d %Y"
    lines = ["!", f"! Last configuration change at {device.changed_at:{stamp}}{who}"]
    if device.saved_by:
        lines.append(f"! NVRAM config last updated at {device.saved_at:{stamp}}{saved}")
    lines.append("!")
    if not text.startswith("version "):
        lines.append(f"version {device.hardware.version.rsplit('.', 1)[0]}")
    return "\n".join([*lines, text]).replace(ETX, "^C")


async def _running(session: "Session", match: Match) -> str:  # noqa: ARG001
    return show_running(session.device)


async def _running_interface(session: "Session", match: Match) -> str:
    device = session.device
    block = device.configuration.interfaces().get(match.arguments()[0])
    if block is None:
        return f"{' ' * len(session.prompt())}^\n% Invalid input detected at '^' marker.\n\n"
    text = render_block(block, device.hardware.kind)
    size = len(text.encode())
    return f"Building configuration...\n\nCurrent configuration : {size} bytes\n!\n{text}\n"


async def _startup(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    if not device.startup:
        return "startup-config is not present\n"
    text = _with_header(device, device.startup)
    return f"Using {len(text.encode())} out of 33554432 bytes\n{text}"


async def _version(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    hardware, now = device.hardware, device.clock.now()
    return (
        f"Cisco IOS XE Software, Version {hardware.version}\n"
        f"Cisco IOS Software, {hardware.model} Software ({hardware.image}), "
        f"Version {hardware.version}, RELEASE SOFTWARE (stand-in)\n\n"
        "ROM: IOS-XE ROMMON\n\n"
        f"{device.hostname()} uptime is {uptime_text(device.booted, now)}\n"
        f"Uptime for this control processor is {uptime_text(device.booted, now)}\n"
        f'System image file is "flash:{hardware.image}.SPA.bin"\n'
        "Last reload reason: reload\n\n"
        f"cisco {hardware.model} (stand-in) processor with 3763577K/6147K bytes of memory.\n"
        f"Processor board ID {hardware.serial}\n"
        f"{len(hardware.ports)} Gigabit Ethernet interfaces\n"
        "32768K bytes of non-volatile configuration memory.\n"
        f"{device.flash.total_bytes // 1024}K bytes of flash memory at flash:.\n\n"
        "Configuration register is 0x2102\n\n"
    )


async def _inventory(session: "Session", match: Match) -> str:  # noqa: ARG001
    hardware = session.device.hardware
    return (
        f'NAME: "Chassis", DESCR: "Cisco {hardware.model} Chassis"\n'
        f"PID: {hardware.model}      , VID: V01  , SN: {hardware.serial}\n\n"
    )


async def _hosts(session: "Session", match: Match) -> str:  # noqa: ARG001
    domain = session.device.configuration.root.value("ip", "domain", "name")
    return (
        f"Default domain is {domain or 'not set'}\n"
        "Name/address lookup uses static mappings\n\n"
        "Codes: UN - unknown, EX - expired, OK - OK, ?? - revalidate\n"
    )


async def _clock(session: "Session", match: Match) -> str:  # noqa: ARG001
    now = session.device.clock.now()
    return f"{now:%H:%M:%S}.{now.microsecond // 1000:03d} UTC {now:%a %b %-d %Y}\n"


async def _users(session: "Session", match: Match) -> str:  # noqa: ARG001
    return (
        "    Line       User       Host(s)              Idle       Location\n"
        f"*  {session.number} vty {session.number}     {session.user:<10} idle"
        f"                 00:00:00 {session.origin}\n"
    )


async def _privilege(session: "Session", match: Match) -> str:  # noqa: ARG001
    return f"Current privilege level is {15 if session.privileged else 1}\n"


async def _logging(session: "Session", match: Match) -> str:  # noqa: ARG001
    head = (
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, "
        "0 overruns, xml disabled, filtering disabled)\n\nLog Buffer (64000 bytes):\n\n"
    )
    return head + "".join(f"{line}\n" for line in session.device.log)


async def _reload(session: "Session", match: Match) -> str:  # noqa: ARG001
    when = session.device.reload_due
    if when is None:
        return "No reload is scheduled.\n"
    return f"Reload scheduled for {when:%H:%M:%S UTC %a %b %-d %Y}\n"


async def _snmp_users(session: "Session", match: Match) -> str:  # noqa: ARG001
    text = ""
    for line in session.device.configuration.private.values():
        words = line.split()
        text += (
            f"\nUser name: {words[2]}\nEngine ID: 800000090300{session.device.hardware.serial}\n"
            "storage-type: nonvolatile\t active\n"
            f"Authentication Protocol: {_protocol(words, 'auth')}\n"
            f"Privacy Protocol: {_protocol(words, 'priv')}\n"
            f"Group-name: {words[3]}\n"
        )
    return text


def _protocol(words: list[str], kind: str) -> str:
    if kind not in words:
        return "None"
    name, size = words[words.index(kind) + 1 : words.index(kind) + 3]
    return name.upper() + (size if size.isdigit() else "")


async def _nothing(session: "Session", match: Match) -> str:  # noqa: ARG001
    return ""


async def _processes(session: "Session", match: Match) -> str:  # noqa: ARG001
    return "CPU utilization for five seconds: 1%/0%; one minute: 1%; five minutes: 1%\n"


SYSTEM_COMMANDS = (
    ("show running-config", _running),
    ("show running-config all", _running),
    ("show running-config interface <interface>", _running_interface),
    ("show startup-config", _startup),
    ("show configuration", _startup),
    ("show version", _version),
    ("show inventory", _inventory),
    ("show hosts", _hosts),
    ("show clock [detail]", _clock),
    ("show users", _users),
    ("show privilege", _privilege),
    ("show logging", _logging),
    ("show reload", _reload),
    ("show snmp user", _snmp_users),
    ("show processes cpu", _processes),
    ("show vrf [detail]", _nothing),
    ("show snmp chassis", _nothing),
)
