"""The device's file system: a few text files, a size, and how `dir` shows them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

TOTAL_BYTES = 256 * 1024 * 1024
_SYSTEMS = ("flash:", "bootflash:", "disk0:", "nvram:")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file."""

    content: bytes
    written: datetime


def file_name(url: str) -> str:
    """`flash:/a.txt`, `flash:a.txt` and `/flash:/a.txt` as `a.txt`."""
    name = url.lstrip("/")
    for system in _SYSTEMS:
        if name.startswith(system):
            name = name.removeprefix(system)
            break
    return name.lstrip("/")


class Flash:
    """Files by name. Directories are part of the name."""

    def __init__(self, free_bytes: int = TOTAL_BYTES) -> None:
        self.total_bytes = free_bytes
        self._files: dict[str, StoredFile] = {}

    def names(self) -> tuple[str, ...]:
        """All file names, sorted."""
        return tuple(sorted(self._files))

    def read(self, url: str) -> bytes | None:
        """The content; None when there is no such file."""
        found = self._files.get(file_name(url))
        return None if found is None else found.content

    def written(self, url: str) -> datetime | None:
        """When the file was written last."""
        found = self._files.get(file_name(url))
        return None if found is None else found.written

    def write(self, url: str, content: bytes, now: datetime) -> bool:
        """Stores a file; False, and nothing is stored, when there is no room."""
        name = file_name(url)
        if self.free_bytes() + self._size(name) < len(content):
            return False
        self._files[name] = StoredFile(content, now)
        return True

    def delete(self, url: str) -> bool:
        """Removes a file; False when there is none."""
        return self._files.pop(file_name(url), None) is not None

    def free_bytes(self) -> int:
        """Room left."""
        return self.total_bytes - sum(len(file.content) for file in self._files.values())

    def _size(self, name: str) -> int:
        found = self._files.get(name)
        return 0 if found is None else len(found.content)

    def md5(self, url: str) -> str | None:
        """What `verify /md5` computes; None when there is no such file."""
        content = self.read(url)
        if content is None:
            return None
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    def listing(self, url: str = "flash:") -> Iterator[str]:
        """The lines of `dir URL`."""
        name = file_name(url)
        if name and name not in self._files:
            yield f"%Error opening {url} (No such file or directory)"
            return
        yield f"Directory of {url if name else url.rstrip('/') + '/'}"
        yield ""
        for number, found in enumerate(sorted(self._files), 1):
            if name in ("", found):
                file = self._files[found]
                stamp = f"{file.written:%b %d %Y %H:%M:%S} +00:00"
                yield f"{number:5}  -rw-  {len(file.content):12}  {stamp}  {found}"
        yield ""
        yield f"{self.total_bytes} bytes total ({self.free_bytes()} bytes free)"
