"""A terminal line: what is typed, echoed, paged and interrupted."""

from collections.abc import Awaitable, Callable

_BACKSPACES = ("\b", "\x7f")
_MORE = " --More-- "
_WIPE = "\b" * 9 + " " * 8 + "\b" * 9


class Closed(Exception):  # noqa: N818 - the other side has gone: an end, not an error
    """Nobody is at the other side any more."""


class Terminal:
    """Reads lines and writes pages over two callables.

    `read` returns typed characters, or an empty text when the other side is gone; `write` sends.
    """

    def __init__(
        self, read: Callable[[], Awaitable[str]], write: Callable[[str], None], length: int
    ) -> None:
        self._read = read
        self._write = write
        self._typed = ""
        self._unsent: list[str] = []
        self.length = length
        """Lines a page; 0 switches paging off."""
        self.width = 80

    def send(self, text: str) -> None:
        """Writes `text`, lines ended as a terminal wants them; ETX shows as ^C."""
        shown = text.replace("\x03", "^C").replace("\r\n", "\n").replace("\n", "\r\n")
        self._unsent.append(shown)

    def flush(self) -> None:
        """Puts what was sent so far on the wire, in one piece."""
        if self._unsent:
            self._write("".join(self._unsent))
            self._unsent.clear()

    async def _key(self) -> str:
        while not self._typed:
            self.flush()
            more = await self._read()
            if not more:
                raise Closed
            self._typed = more.replace("\0", "")
        key, self._typed = self._typed[0], self._typed[1:]
        return key

    async def line(self, prompt: str, *, echo: bool = True) -> str | None:
        """One line; None when it was broken off with Ctrl-C, `\\x1a` for Ctrl-Z."""
        typed = await self._line(prompt, echo=echo)
        self.flush()
        return typed

    async def _line(self, prompt: str, *, echo: bool) -> str | None:
        self.send(prompt)
        typed = ""
        while True:
            key = await self._key()
            if key in "\r\n":
                if key == "\r" and self._typed.startswith("\n"):
                    self._typed = self._typed[1:]
                self.send("\n")
                return typed
            if key == "\x03":
                self.send("^C\n")
                return None
            if key == "\x1a":
                self.send("^Z\n")
                return key
            if key == "\x04" and not typed:
                raise Closed
            typed = self._edit(typed, key, echo=echo)

    def _edit(self, typed: str, key: str, *, echo: bool) -> str:
        """The line after one more key, and what the terminal shows of it."""
        if key in _BACKSPACES:
            kept, shown = typed[:-1], "\b \b" if typed else ""
        elif key == "\x15":
            kept, shown = "", "\b \b" * len(typed)
        elif key >= " " or key == "\t":
            kept, shown = typed + key, key
        else:
            return typed
        if echo:
            self.send(shown)
        return kept

    async def until(self, ending: str) -> str:
        """Raw text up to and with `ending`, echoed as it comes."""
        typed = ""
        while not typed.endswith(ending):
            key = await self._key()
            typed += key
            self.send(key if key != "\r" else "\n")
        return typed

    async def confirm(self, prompt: str) -> bool:
        """`[confirm]`: one key; Enter and y mean yes."""
        self.send(prompt)
        key = await self._key()
        self.send("\n")
        self.flush()
        if key == "\r" and self._typed.startswith("\n"):
            self._typed = self._typed[1:]
        return key in "\r\nyY"

    async def page(self, text: str) -> None:
        """Writes `text`, a page at a time: space for the next, Enter for a line, q to stop."""
        if not text:
            return
        lines = text.removesuffix("\n").split("\n")
        room = self.length - 1
        if self.length == 0 or len(lines) <= room:
            self.send("\n".join(lines) + "\n")
            return
        shown = 0
        while shown < len(lines):
            self.send("\n".join(lines[shown : shown + room]) + "\n")
            shown += room
            if shown >= len(lines):
                return
            self.send(_MORE)
            key = await self._key()
            self.send(_WIPE)
            if key in "qQ\x03":
                return
            room = 1 if key in "\r\n" else self.length - 1
