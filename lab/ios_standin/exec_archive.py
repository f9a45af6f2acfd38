"""Archive, differences, replace, confirm, revert, and saving."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lab.ios_standin.configuration import ETX
from lab.ios_standin.exec_basic import arm
from lab.ios_standin.matching import Match
from lab.ios_standin.replace import PASSES, Result
from lab.ios_standin.text_tree import (
    differences,
    incremental,
    is_configuration,
    rollback_commands,
)

if TYPE_CHECKING:
    from lab.ios_standin.device import IosStandin
    from lab.ios_standin.session import Session

_QUESTION = (
    "This will apply all necessary additions and deletions\n"
    "to replace the current running configuration with the\n"
    "contents of the specified configuration file, which is\n"
    "assumed to be a complete configuration, not a partial\n"
    "configuration. Enter Y if you are sure you want to proceed. ? [no]: "
)
_NOTHING_PENDING = "%No Rollback Confirmed Change pending\n"


def file_text(device: "IosStandin", url: str) -> str | None:
    """The text behind a URL: system:running-config, nvram:startup-config or a file."""
    name = url.rpartition(":")[2].lstrip("/")
    if url.startswith("system:") or name == "running-config":
        return device.running()
    if url.startswith("nvram:") or name == "startup-config":
        return device.startup
    content = device.flash.read(url)
    return None if content is None else content.decode("utf-8", "replace")


async def _archive(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    if not device.archive.path(device.configuration):
        return "Archive feature not enabled\n"
    if device.archive.store(device.configuration, device.running(), device.clock.now()) is None:
        return "%Error: archiving has failed: no space left on device\n"
    device.keep()
    return "\n"


async def _show_archive(session: "Session", match: Match) -> str:  # noqa: ARG001
    return _lines(session.device.archive.show(session.device.configuration))


async def _differences(session: "Session", match: Match) -> str:
    device = session.device
    urls = match.arguments()
    old_url = urls[0] if urls else "nvram:startup-config"
    new_url = urls[1] if len(urls) > 1 else "system:running-config"
    if len(urls) == 1:
        old_url, new_url = new_url, urls[0]
    old, new = file_text(device, old_url), file_text(device, new_url)
    for url, text in ((old_url, old), (new_url, new)):
        if text is None:
            return f"%Error opening {url} (No such file or directory)\n"
    found = differences(old or "", new or "")
    return _lines(["", "!Contextual Config Diffs:", *(found or ["!No changes were found"]), ""])


async def _incremental(session: "Session", match: Match) -> str:
    device = session.device
    url = match.arguments()[0]
    text = file_text(device, url)
    if text is None:
        return f"%Error opening {url} (No such file or directory)\n"
    if not is_configuration(text):
        return "%Parsing of the file has failed (error code 5)\n"
    commands = incremental(device.running(), text)
    tail = () if commands else ("!No changes were found",)
    return _lines(["", "!List of Commands:", *commands, "end", *tail, ""])


async def _timer(session: "Session", match: Match) -> str:  # noqa: ARG001
    pending = session.device.revert.pending
    if pending is None:
        return _NOTHING_PENDING
    return (
        f"Time configured: {pending.armed_at:%H:%M:%S} UTC {pending.armed_at:%a %b %-d %Y}\n"
        "Timer type: absolute timer\n"
        f"Timer value: {pending.minutes} min\n"
        f"User: {pending.user}\n"
    )


async def _replace(session: "Session", match: Match) -> str:
    device = session.device
    words = match.text.split()
    url = words[2]
    text = file_text(device, url)
    if text is None:
        return f"%Error opening {url} (No such file or directory)\n"
    if "force" not in words and not await _agreed(session):
        return ""
    said = ""
    minutes = _minutes(words)
    if minutes:
        refusal = arm(session, minutes)
        if refusal:
            return refusal
        name = device.revert.pending.file if device.revert.pending else ""
        said = (
            f"Rollback Confirmed Change: Backing up current running config to {name}\n\n"
            'Enter "configure confirm" if you wish to keep what you\'ve just configured\n\n'
        )
    listed = _listed(device, text) if "list" in words else ""
    restores = "trigger" in words
    result = await device.applier.replace(text, session.user, restores=restores)
    if minutes and not result.done:
        device.revert.confirm()  # nothing was kept that the timer would have to take back
    return said + listed + _outcome(result, restores=restores)


async def _agreed(session: "Session") -> bool:
    answer = await session.terminal.line(_QUESTION)
    return answer is not None and answer.strip().lower().startswith("y")


def _minutes(words: list[str]) -> int:
    for keyword in ("time", "timer"):
        if keyword in words:
            return int(words[words.index(keyword) + 1])
    return 0


def _listed(device: "IosStandin", wanted: str) -> str:
    commands = rollback_commands(device.running(), wanted)
    return _lines(["!Pass 1", "!List of Rollback Commands:", *commands, "end", ""])


def _outcome(result: Result, *, restores: bool) -> str:
    if not result.valid:
        return "%The input file is not a valid config file.\n"
    if result.done:
        return f"\nTotal number of passes: {result.passes}\nRollback Done\n\n"
    failed = _lines(line.strip() for line in result.failed)
    text = (
        _lines(result.messages)
        + f"\nRollback aborted after {PASSES} passes\n"
        + "The following commands are failed to apply to the IOS image.\n"
        + f"********\n{failed}********\n"
    )
    if restores:
        text += (
            "Rolling back to the original configuration.\n"
            "The original configuration has been successfully restored.\n"
        )
    return text


async def _confirm(session: "Session", match: Match) -> str:  # noqa: ARG001
    return "" if session.device.revert.confirm() else _NOTHING_PENDING


async def _revert_now(session: "Session", match: Match) -> str:  # noqa: ARG001
    pending = session.device.revert.pending
    if pending is None:
        return _NOTHING_PENDING
    session.device.revert.revert_now()
    return (
        f"Rollback Confirmed Change: Rollback to: {pending.file}\n\n"
        "Total number of passes: 1\nRollback Done\n\n"
    )


async def _revert_timer(session: "Session", match: Match) -> str:
    rearmed = session.device.revert.rearm(int(match.arguments()[0]))
    return "" if rearmed else _NOTHING_PENDING


async def _write(session: "Session", match: Match) -> str:  # noqa: ARG001
    session.device.save(session.user)
    return "Building configuration...\n[OK]\n"


async def _erase(session: "Session", match: Match) -> str:  # noqa: ARG001
    question = (
        "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]"
    )
    if await session.terminal.confirm(question):
        session.device.startup = ""
        session.device.keep()
        return "[OK]\nErase of nvram: complete\n"
    return ""


async def _show_log(session: "Session", match: Match) -> str:  # noqa: ARG001
    return _lines(session.device.archive.show_log())


_LOCK_HEAD = "Parser Configure Lock\n-------------------------------------------\n"


async def _lock(session: "Session", match: Match) -> str:  # noqa: ARG001
    owner = session.device.locked_by
    if not owner:
        return f"{_LOCK_HEAD}Owner PID : -1\n"
    who = f"Owner PID : 1\nUser : {session.user}\nTTY : {owner}\n"
    return f"{_LOCK_HEAD}{who}Type : EXCLUSIVE\nState : LOCKED\n"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines).replace(ETX, "^C")


_REPLACE_OPTIONS = (
    "[nolock] [list] [force] [ignorecase] [revert] [trigger error] [timer <1-120>] [time <1-120>]"
)

ARCHIVE_COMMANDS = (
    ("archive config", _archive),
    ("show archive", _show_archive),
    ("show archive config differences [<file>] [<file>]", _differences),
    ("show archive config incremental-diffs <file> [ignorecase]", _incremental),
    ("show archive config rollback timer", _timer),
    ("show archive log config all", _show_log),
    (f"configure replace <file> {_REPLACE_OPTIONS}", _replace),
    ("configure confirm", _confirm),
    ("configure revert now", _revert_now),
    ("configure revert timer <1-120>", _revert_timer),
    ("write memory", _write),
    ("write", _write),
    ("write erase", _erase),
    ("show configuration lock", _lock),
)
