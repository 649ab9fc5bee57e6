"""Where agents connect: a path in the file system, and who may use it.

A place is what stands behind the scheme of a URL: ``PATH``, ``PATH,mode=0660`` or
``PATH,mode=0660,group=kvm``. Unless said, a socket file has mode 0600 and the group of the server.
"""

import errno
import grp
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: The longest path of a socket in bytes: ``sun_path``, and the zero at its end.
_LONGEST: Final = 107
_LAST_GROUP: Final = 0xFFFF_FFFE
#: Mode of a socket file.
DEFAULT_MODE: Final = stat.S_IRUSR | stat.S_IWUSR


class TransportError(Exception):
    """A transport that cannot be opened; the message says why."""


class UrlError(TransportError):
    """What was given is no URL a server can listen at."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path; ``mode`` and ``group`` (``None``: the server's) say who may use it."""

    path: Path
    mode: int = DEFAULT_MODE
    group: int | None = None

    @classmethod
    def of(cls, text: str) -> "Place":
        """From what stands behind the scheme. Raises `UrlError`."""
        mode, group = "", ""
        while True:
            rest, comma, last = text.rpartition(",")
            if comma and last.startswith("mode="):
                text, mode = rest, last.removeprefix("mode=")
            elif comma and last.startswith("group="):
                text, group = rest, last.removeprefix("group=")
            else:
                return cls(Path(text), _mode(mode), _group(group))

    def check(self) -> None:
        """Raises `UrlError` where no socket can have this path."""
        name = os.fspath(self.path)
        if name.startswith("@"):
            raise UrlError(
                f"{name}: an abstract socket is open to everybody, so none can be used; a file of "
                f"this name is ./{name}"
            )
        if "\0" in name:
            raise UrlError(f"{name!r} has a zero in it, which no path can have")
        size = len(os.fsencode(name))
        if size > _LONGEST:
            raise UrlError(
                f"{name}: a path of {size} bytes; that of a socket has at most {_LONGEST}"
            )

    def open_to(self, path: Path) -> None:
        """Give the file at ``path`` the mode and group. Raises `OSError`."""
        if self.group is not None:
            os.chown(path, -1, self.group, follow_symlinks=False)
        if self.mode != DEFAULT_MODE:
            path.chmod(self.mode)


def _mode(text: str) -> int:
    if not text:
        return DEFAULT_MODE
    if not set(text) <= set("01234567") or int(text, 8) > 0o777:
        raise UrlError(f"mode={text} is no mode; give octal digits, such as mode=0660")
    return int(text, 8)


def _group(text: str) -> int | None:
    if not text:
        return None
    try:
        found = int(text) if text.isdecimal() else grp.getgrnam(text).gr_gid
    except (KeyError, ValueError):
        raise UrlError(f"group={text}: there is no such group") from None
    if found > _LAST_GROUP:
        raise UrlError(f"group={text}: the highest number of a group is {_LAST_GROUP}")
    return found


def listen(place: Place, kind: int) -> socket.socket:
    """A socket bound to ``place``; listening, unless of datagrams. Nobody but the owner can reach
    it before it has its group and mode. Raises `TransportError`."""
    place.check()
    try:
        _make_way(place.path)
        return _bound(place, kind)
    except OSError as problem:
        reason = problem.strerror or problem
        raise TransportError(f"cannot listen at {place.path}: {reason}") from None


def _bound(place: Place, kind: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, kind)
    try:
        os.fchmod(listener.fileno(), DEFAULT_MODE)  # bind takes the mode from it
        listener.setblocking(False)
        listener.bind(str(place.path))
        try:
            place.open_to(place.path)
        except OSError:
            place.path.unlink(missing_ok=True)
            raise
        if kind != socket.SOCK_DGRAM:
            listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _make_way(path: Path) -> None:
    """Remove a socket file that a server left behind; anything else stays and is an error."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise TransportError(f"{path} exists and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        probe.setblocking(False)
        answer = probe.connect_ex(str(path))
    if answer in (errno.EACCES, errno.EPERM):
        raise TransportError(f"{path}: the socket of somebody else is there")
    if answer != errno.ECONNREFUSED:
        raise TransportError(f"{path}: another server listens there")
    path.unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file at ``path``. Raises `OSError`."""
    found = path.stat()
    return found.st_dev, found.st_ino


def remove(path: Path, known: tuple[int, int]) -> None:
    """Remove the socket file at ``path`` if it is the one of this device and inode."""
    with suppress(OSError):  # somebody else has removed it
        if identity(path) == known:
            path.unlink()


def peer(file: socket.socket) -> str:
    """Who is at the other end, for people: ``pid 12, uid 1000``."""
    found = file.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid = (int.from_bytes(found[at : at + 4], "little") for at in (0, 4))
    return f"pid {pid}, uid {uid}"
