"""The addresses that agents connect to: a path in the file system, and who may use it.

By default a socket file has mode 0600 and the group of the server, a client may be silent for ever,
and no message may take longer than `PARTIAL`. `scmigen.addresses` has the syntax.
"""

import errno
import grp
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scmigen.data import Data
from scmigen.hints import Final

#: The longest path of a socket in bytes: ``sun_path`` without the terminating NUL.
_LONGEST: Final = 107
_LAST_GROUP: Final = 0xFFFF_FFFE
#: Whether messages may carry files; connections inherit it. The last close of a file may block (a
#: socket with SO_LINGER), and that of a file in a message is made by who reads the message.
_SO_PASSRIGHTS: Final = 83
#: The mode of a socket file.
DEFAULT_MODE: Final = stat.S_IRUSR | stat.S_IWUSR
#: How long the rest of a message may take on a stream, in µs.
PARTIAL: Final = 5_000_000
_SECOND: Final = 1_000_000
_DAY: Final = 86_400


class TransportError(Exception):
    """A transport cannot be opened; the message says why."""


class UrlError(TransportError):
    """The URL is not one that a server can listen at."""


class Address(Data):
    """A path; ``mode`` and ``group`` (``None``: the server's) decide who may use it, ``idle``
    (``None``: for ever) and ``partial`` how long a client may be silent, and how long between the
    first and the last byte of a message, in µs."""

    path: Path
    mode: int = DEFAULT_MODE
    group: int | None = None
    idle: int | None = None
    partial: int = PARTIAL

    @classmethod
    def of(cls, path: str, options: Mapping[str, str]) -> "Address":
        """Made from what `addresses.parse` returns. Raises `UrlError`."""
        return cls(
            Path(path),
            _mode(options.get("mode", "")),
            _group(options.get("group", "")),
            _time("idle", options.get("idle", "")),
            _time("partial", options.get("partial", "")) or PARTIAL,
        )

    def check(self) -> None:
        """Raises `UrlError` if no socket can have this path."""
        name = os.fspath(self.path)
        if name.startswith("@"):
            raise UrlError(
                f"{name}: abstract sockets are refused, because any process could connect; for a "
                f"file of this name, give ./{name}"
            )
        if "\0" in name:
            raise UrlError(f"{name!r} contains a NUL, which no path can")
        size = len(os.fsencode(name))
        if size > _LONGEST:
            raise UrlError(
                f"{name}: a path of {size} bytes; that of a socket can have at most {_LONGEST}"
            )

    def open_to(self, path: Path) -> None:
        """Set mode and group of the file at ``path``. Raises `OSError`."""
        if self.group is not None:
            os.chown(path, -1, self.group, follow_symlinks=False)
        if self.mode != DEFAULT_MODE:
            path.chmod(self.mode)


def _mode(text: str) -> int:
    if not text:
        return DEFAULT_MODE
    if not set(text) <= set("01234567") or int(text, 8) > 0o777:
        raise UrlError(f"mode={text} is not a mode; give octal digits, such as mode=0660")
    return int(text, 8)


def _group(text: str) -> int | None:
    if not text:
        return None
    try:
        found = int(text) if text.isdecimal() else grp.getgrnam(text).gr_gid
    except (KeyError, ValueError):
        raise UrlError(f"group={text}: no such group") from None
    if found > _LAST_GROUP:
        raise UrlError(f"group={text}: the highest group id is {_LAST_GROUP}")
    return found


def _time(key: str, text: str) -> int | None:
    """Seconds in µs; ``None`` if none are given."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1e-3 <= seconds <= _DAY:
        raise UrlError(f"{key}={text}: give seconds, 0.001 to {_DAY}")
    return round(seconds * _SECOND)


def listen(address: Address, kind: int, *, files: bool = False) -> socket.socket:
    """A socket bound to ``address``, and listening unless it is a datagram socket. Only the owner
    can connect before its group and mode are set. Without ``files``, the kernel refuses messages
    that carry any. Raises `TransportError`."""
    address.check()
    try:
        _remove_stale(address.path)
        return _bound(address, kind, files=files)
    except OSError as problem:
        reason = problem.strerror or problem
        raise TransportError(f"cannot listen at {address.path}: {reason}") from None


def _bound(address: Address, kind: int, *, files: bool) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, kind)
    try:
        if not files:
            with suppress(OSError):  # before Linux 6.16
                listener.setsockopt(socket.SOL_SOCKET, _SO_PASSRIGHTS, 0)
        os.fchmod(listener.fileno(), DEFAULT_MODE)  # bind takes the mode from it
        listener.setblocking(False)
        listener.bind(str(address.path))
        try:
            address.open_to(address.path)
        except OSError:
            address.path.unlink(missing_ok=True)
            raise
        if kind != socket.SOCK_DGRAM:
            listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove a socket file that a server left behind; any other file is an error."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise TransportError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        probe.setblocking(False)
        answer = probe.connect_ex(str(path))
    if answer in (errno.EACCES, errno.EPERM):
        raise TransportError(f"{path}: the socket of another user exists there")
    if answer != errno.ECONNREFUSED:
        raise TransportError(f"{path}: another server is listening there")
    path.unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file at ``path``. Raises `OSError`."""
    found = path.stat()
    return found.st_dev, found.st_ino


def is_lost(path: Path, known: tuple[int, int]) -> bool:
    """Whether no socket file with this device and inode is at ``path`` any more."""
    try:
        return identity(path) != known
    except OSError:
        return True


def lost(path: Path) -> str:
    """What to log then."""
    return f"{path} was removed or replaced: no client can connect; a reload (SIGHUP) listens again"


def remove(path: Path, known: tuple[int, int]) -> None:
    """Remove the socket file at ``path`` if it still has this device and inode."""
    if not is_lost(path, known):
        with suppress(OSError):  # removed meanwhile
            path.unlink()


def peer(file: socket.socket) -> str:
    """The process at the other end, for people: ``pid 12, uid 1000``."""
    found = file.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid = (int.from_bytes(found[at : at + 4], "little") for at in (0, 4))
    return f"pid {pid}, uid {uid}"
