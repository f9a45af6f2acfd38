"""Files: dir, copy, more, delete, verify, and the Tcl shell as a way to write one."""

import re
from typing import TYPE_CHECKING

from lab.ios_standin.configuration import ETX
from lab.ios_standin.exec_archive import file_text
from lab.ios_standin.flash import file_name
from lab.ios_standin.matching import Match

if TYPE_CHECKING:
    from lab.ios_standin.session import Session

_PUTS = re.compile(r'puts\s+\[open\s+"(?P<url>[^"]+)"\s+w\+?\]\s+\{(?P<text>.*)\}', re.DOTALL)


async def _dir(session: "Session", match: Match) -> str:
    urls = match.arguments()
    lines = session.device.flash.listing(urls[0] if urls else "flash:")
    return "".join(f"{line}\n" for line in lines)


async def _more(session: "Session", match: Match) -> str:
    url = match.arguments()[0]
    text = file_text(session.device, url)
    return f"%Error opening {url} (No such file or directory)\n" if text is None else text


async def _verify(session: "Session", match: Match) -> str:
    url = match.arguments()[0]
    digest = session.device.flash.md5(url)
    if digest is None:
        return f"%Error opening {url} (No such file or directory)\n"
    return f".Done!\nverify /md5 ({url}) = {digest}\n\n"


async def _delete(session: "Session", match: Match) -> str:
    url = match.arguments()[0]
    forced = "/force" in match.text
    if not forced:
        name = await session.terminal.line(f"Delete filename [{file_name(url)}]? ")
        if name is None or not await session.terminal.confirm(f"Delete {url}? [confirm]"):
            return ""
    if not session.device.flash.delete(url):
        return f"%Error deleting {url} (No such file or directory)\n"
    session.device.keep()
    return ""


def _asks(session: "Session") -> bool:
    prompt = session.device.configuration.root.value("file", "prompt")
    return prompt != "quiet"


async def _copy(session: "Session", match: Match) -> str:
    words = match.text.split()
    source, target = words[-2], words[-1]
    device = session.device
    if _asks(session):
        default = target.rpartition(":")[2].lstrip("/") or source
        typed = await session.terminal.line(f"Destination filename [{default}]? ")
        if typed is None:
            return ""
        if typed.strip() and ":" in target:
            target = f"{target.partition(':')[0]}:{typed.strip()}"
    text = "" if source == "null:" else file_text(device, source)
    if text is None:
        return f"%Error opening {source} (No such file or directory)\n"
    if target in ("running-config", "system:running-config"):
        result = await device.applier.merge(text, session.user)
        return "\n".join([*result.messages, ""]).replace(ETX, "^C") + _copied(text)
    if target in ("startup-config", "nvram:startup-config"):
        return _to_startup(session, source, text)
    if not device.write_file(target, text.encode()):
        return f"%Error writing {target} (No space left on device)\n"
    return f"!\n{_copied(text)}"


def _to_startup(session: "Session", source: str, text: str) -> str:
    if source in ("running-config", "system:running-config"):
        session.device.save(session.user)
        return "Building configuration...\n[OK]\n"
    session.device.startup = text
    session.device.keep()
    return _copied(text)


def _copied(text: str) -> str:
    return f"{len(text.encode())} bytes copied in 0.121 secs\n"


async def _tclsh(session: "Session", match: Match) -> str:  # noqa: ARG001
    session.tcl = []
    return ""


async def tcl_line(session: "Session", line: str) -> str | None:
    """One line in the Tcl shell; None when it is a command of exec mode, which Tcl hands on.

    `puts [open "URL" w+] {TEXT}` writes a file, over as many lines as it takes; `tclquit` leaves.
    """
    collected = session.tcl or []
    if not collected and line.strip() in ("tclquit", "exit"):
        session.tcl = None
        return ""
    if not collected and not line.lstrip().startswith("puts "):
        return None
    whole = "\n".join([*collected, line])
    if whole.count("{") > whole.count("}"):
        session.tcl = [*collected, line]
        return ""
    session.tcl = []
    found = _PUTS.fullmatch(whole.strip())
    if not found:
        return 'wrong # args: should be "puts ?-nonewline? ?channelId? string"\n'
    if not session.device.write_file(found["url"], (found["text"] + "\n").encode()):
        return f'couldn\'t write "{found["url"]}": no space left on device\n'
    return ""


_FROM = "{running-config|startup-config|<file>}"

FILE_COMMANDS = (
    ("dir", _dir),
    ("dir <file>", _dir),
    ("more <file>", _more),
    ("verify /md5 <file>", _verify),
    ("delete [/force] [/recursive] <file>", _delete),
    (f"copy {_FROM} {_FROM}", _copy),
    ("tclsh", _tclsh),
)
