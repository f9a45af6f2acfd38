"""The configuration archive: numbered files on flash, and the log of what was typed."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.flash import Flash

_SLOTS = 14


@dataclass(frozen=True, slots=True)
class LoggedCommand:
    """One line of `show archive log config all`."""

    index: int
    session: int
    user: str
    command: str


class Archive:
    """The files that `archive config` keeps, newest last."""

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        self._count = 0
        self.files: list[str] = []
        self.log: deque[LoggedCommand] = deque(maxlen=100)
        self._logged = 0

    def path(self, configuration: Configuration) -> str:
        """The `path` of the `archive` block; empty when the feature is off."""
        block = configuration.block("archive")
        return "" if block is None else block.value("path")

    def writes_on_save(self, configuration: Configuration) -> bool:
        """Whether `write memory` archives too."""
        block = configuration.block("archive")
        return block is not None and block.find("write-memory") is not None

    def store(self, configuration: Configuration, text: str, now: datetime) -> str | None:
        """Archives `text`; the file's name, or None when there is no path or no room."""
        path = self.path(configuration)
        if not path:
            return None
        name = f"{path}-{now:%b-%d-%H-%M-%S}.{now.microsecond // 1000:03d}-{self._count}"
        if not self._flash.write(name, text.encode(), now):
            return None
        self._count += 1
        self.files.append(name)
        block = configuration.block("archive")
        maximum = int((block.value("maximum") if block else "") or "10")
        while len(self.files) > maximum:
            self._flash.delete(self.files.pop(0))
        return name

    def show(self, configuration: Configuration) -> Iterator[str]:
        """The lines of `show archive`."""
        path = self.path(configuration)
        if not path:
            yield "Archive feature not enabled"
            return
        block = configuration.block("archive")
        maximum = (block.value("maximum") if block else "") or "10"
        yield f"The maximum archive configurations allowed is {maximum}."
        if self.files:
            yield f"There are currently {len(self.files)} archive configurations saved."
        yield f"The next archive file will be named {path}-<timestamp>-{self._count}"
        yield " Archive #  Name"
        for number in range(1, _SLOTS + 1):
            name = self.files[number - 1] if number <= len(self.files) else ""
            recent = " <- Most Recent" if name and number == len(self.files) else ""
            yield f"   {number:<2}       {name}{recent}".rstrip()

    def record(self, configuration: Configuration, user: str, session: int, command: str) -> None:
        """Logs a line typed in configuration mode, where `log config` is enabled."""
        log = _log_block(configuration)
        if log is None or log.find("logging", "enable") is None:
            return
        self._logged += 1
        hides = log.find("hidekeys") is not None
        shown = _without_keys(command) if hides else command
        self.log.append(LoggedCommand(self._logged, session, user, shown))

    def show_log(self) -> Iterator[str]:
        """The lines of `show archive log config all`."""
        yield " idx   sess           user@line      Logged command"
        for entry in self.log:
            yield f"{entry.index:5} {entry.session:5} {entry.user:>20}  |{entry.command}"


def _log_block(configuration: Configuration) -> Block | None:
    block = configuration.block("archive")
    entry = None if block is None else block.find("log", "config")
    return None if entry is None else entry.children


def _without_keys(command: str) -> str:
    for word in (" secret ", " password ", " md5 ", "key-string "):
        head, found, _ = command.partition(word)
        if found:
            return f"{head}{word}*****"
    return command
