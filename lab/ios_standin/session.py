"""One operator at one line: modes, prompts, and where each typed line goes."""

import re
from dataclasses import replace

from lab.ios_standin import commands
from lab.ios_standin.applying import PowerLost
from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Accepted
from lab.ios_standin.device import IosStandin
from lab.ios_standin.matching import Fault, Match, Matcher, Refusal
from lab.ios_standin.pattern import compile_pattern
from lab.ios_standin.replace import complaint_lines
from lab.ios_standin.terminal import Closed, Terminal
from lab.ios_standin.text_tree import logical_lines

PROMPT_NAME = 20
"""IOS cuts the name to so many characters in configuration mode."""

_LEAVE_EXEC = Matcher([compile_pattern(text) for text in ("exit", "logout", "quit")])
_MODE_COMMANDS = Matcher([compile_pattern(text) for text in ("exit", "end", "do <line>")])


class Session:
    """A logged-in user. `run` lasts until the user leaves or the line is cut."""

    def __init__(
        self, device: IosStandin, terminal: Terminal, user: str, origin: str, line: int
    ) -> None:
        self.device = device
        self.terminal = terminal
        self.user = user
        self.origin = origin
        self.number = line
        self.privileged = self._level() >= 15
        self.path: tuple[Block, ...] = ()
        self.tcl: list[str] | None = None
        self.changed = False
        self.dropped = False

    def _level(self) -> int:
        found = self.device.configuration.root.value("username", self.user)
        level = re.match(r"privilege (\d+)", found)
        return int(level[1]) if level else 1

    @property
    def line_name(self) -> str:
        """As the log names it."""
        return f"vty{self.number}"

    def prompt(self) -> str:
        """The prompt of the mode it is in."""
        name = self.device.hostname()
        if self.path:
            return f"{name[:PROMPT_NAME]}({self.path[-1].context.prompt})#"
        if self.tcl is not None:
            return "+>" if self.tcl else f"{name}(tcl)#"
        return f"{name}{'#' if self.privileged else '>'}"

    async def run(self) -> None:
        """Reads and carries out lines; raises Closed at the end of the session."""
        banner = self.device.configuration.root.value("banner", "motd")
        self.terminal.send(f"{banner.strip(chr(3))}\n" if banner else "\n")
        while True:
            line = await self.terminal.line(self.prompt())
            if line is None:
                await self.end_configuration()
                continue
            await self.take(line)

    async def take(self, line: str) -> None:
        """One line of whatever mode; raises Closed when it ends the session."""
        if not line.strip() and not self.tcl:
            return
        if line == "\x1a":
            await self.end_configuration()
            return
        number = self.device.count_command(line.strip())
        faults = self.device.faults
        drops = number == faults.drop_at_command or (
            faults.drop_at != "" and re.search(faults.drop_at, line) is not None
        )
        if drops and not faults.drop_after:
            self._drop()
        if faults.hang_at and re.search(faults.hang_at, line):
            await self.device.applier.wait(86400)
        try:
            answer = await self._answer(line)
        except PowerLost:
            raise Closed from None
        if drops:
            self._drop()
        if faults.answer_delay_s:
            await self.device.applier.wait(faults.answer_delay_s)
        await self.terminal.page(answer)

    def _drop(self) -> None:
        self.dropped = True
        self.device.faults = replace(self.device.faults, drop_at="", drop_at_command=0)
        raise Closed

    async def _answer(self, line: str) -> str:
        faults = self.device.faults
        if faults.flood_at and re.search(faults.flood_at, line):
            filler = "all work and no play makes a router a dull box" + "." * 33 + "\n"
            return filler * (faults.flood_bytes // len(filler) + 1)
        if self.tcl is not None:
            said = await commands.tcl_line(self, line)
            return await commands.execute(self, line) if said is None else said
        if self.path:
            return await self._configure(line)
        if isinstance(_LEAVE_EXEC.match(line), Match):
            raise Closed
        return await commands.execute(self, line)

    def enter_configuration(self) -> None:
        """`configure terminal`."""
        self.path = (self.device.configuration.root,)

    async def end_configuration(self) -> None:
        """`end`: back to exec mode; the device logs who changed it."""
        if self.path and self.changed:
            self.device.note(
                f"%SYS-5-CONFIG_I: Configured from console by {self.user} on "
                f"{self.line_name} ({self.origin})"
            )
        if self.path and self.device.locked_by == self.line_name:
            self.device.locked_by = ""
        self.path, self.changed = (), False

    async def _configure(self, line: str) -> str:
        if self.path[0] is not self.device.configuration.root:
            self.enter_configuration()
        stripped = line.strip()
        if stripped.startswith("!"):
            return ""
        mode = _MODE_COMMANDS.match(stripped)
        if isinstance(mode, Match):
            if mode.row == 2:
                return await commands.execute(self, mode.arguments()[0])
            if mode.row == 1 or len(self.path) == 1:
                await self.end_configuration()
            else:
                self.path = self.path[:-1]
            return ""
        return await self._apply(line)

    async def _apply(self, line: str) -> str:
        whole = await self._banner(line)
        outcome = self.device.configuration.apply(self.path, whole)
        if not isinstance(outcome, Accepted):
            margin = len(self.prompt())
            if isinstance(outcome, Refusal) and outcome.fault is Fault.INCOMPLETE:
                return "% Incomplete command.\n\n"
            return "\n".join(complaint_lines(line, outcome, margin)) + "\n"
        self.path = outcome.path
        self.changed = True
        who = f"{self.user}@{self.line_name}"
        self.device.archive.record(self.device.configuration, who, self.number, whole)
        self.device.touched(self.user)
        return ""

    async def _banner(self, line: str) -> str:
        found = re.match(r"\s*banner\s+(?:motd|login|exec)\s+(\S)(.*)", line)
        if not found or found[1] in found[2]:
            return line
        self.terminal.send(f"Enter TEXT message.  End with the character '{found[1]}'.\n")
        rest = await self.terminal.until(found[1])
        await self.terminal.line("")
        return next(logical_lines(line + "\n" + rest.replace("\r\n", "\n").replace("\r", "\n")))
