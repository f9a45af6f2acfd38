"""SCP and SFTP onto flash:, as `ip scp server enable` allows them."""

import asyncssh

from lab.ios_standin.device import IosStandin
from lab.ios_standin.flash import file_name

_SCP = ("ip", "scp", "server", "enable")


class _OpenFile:
    """A file while it is being written or read; it reaches flash when it is closed."""

    def __init__(self, url: str, content: bytes, *, writes: bool) -> None:
        self.url = url
        self.content = bytearray(content)
        self.writes = writes


class FlashServer(asyncssh.SFTPServer):
    """Serves one device's flash to one connection."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", device: IosStandin) -> None:
        super().__init__(channel)
        self._device = device

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Opens a file for writing from its start, or for reading."""
        if self._device.configuration.root.find(*_SCP) is None:
            raise asyncssh.SFTPPermissionDenied("SCP server is not enabled")
        url = path.decode("utf-8", "replace")
        if pflags & asyncssh.FXF_WRITE:
            return _OpenFile(url, b"", writes=True)
        content = self._device.flash.read(url)
        if content is None:
            raise asyncssh.SFTPNoSuchFile(f"{url} (No such file or directory)")
        return _OpenFile(url, content, writes=False)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """A part of an open file."""
        return bytes(_file(file_obj).content[offset : offset + size])

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Puts `data` at `offset`."""
        content = _file(file_obj).content
        content[offset : offset + len(data)] = data
        return len(data)

    def close(self, file_obj: object) -> None:
        """Puts what was written onto flash; refused when there is no room."""
        opened = _file(file_obj)
        if not opened.writes:
            return
        content = bytes(opened.content)
        if self._device.faults.corrupt_transfer:
            content = content[:-16]
        if not self._device.write_file(opened.url, content):
            raise asyncssh.SFTPFailure("No space left on device")

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Of a file, or of a directory (anything that ends with a colon or a slash)."""
        return self._attributes(path.decode("utf-8", "replace"))

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """There are no links."""
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """Of an open file."""
        return asyncssh.SFTPAttrs(size=len(_file(file_obj).content), permissions=0o100644)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Modes and times are not kept."""

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """Modes and times are not kept."""

    def realpath(self, path: bytes) -> bytes:
        """Paths are taken as they come."""
        return path

    def remove(self, path: bytes) -> None:
        """Deletes a file."""
        if not self._device.flash.delete(path.decode("utf-8", "replace")):
            raise asyncssh.SFTPNoSuchFile(path.decode("utf-8", "replace"))

    def _attributes(self, url: str) -> asyncssh.SFTPAttrs:
        if not file_name(url):
            return asyncssh.SFTPAttrs(permissions=0o040755)
        content = self._device.flash.read(url)
        if content is None:
            raise asyncssh.SFTPNoSuchFile(f"{url} (No such file or directory)")
        return asyncssh.SFTPAttrs(size=len(content), permissions=0o100644)


def _file(opened: object) -> _OpenFile:
    if not isinstance(opened, _OpenFile):
        raise asyncssh.SFTPInvalidHandle("not an open file")
    return opened
