"""Why a path cannot be connected to as its URL says: what is there, and which URL is right."""

import errno
import socket
import stat
from pathlib import Path

from scmigen.hints import Final

_KINDS: Final = {
    "unix": (socket.SOCK_SEQPACKET, "seqpacket"),
    "unix-stream": (socket.SOCK_STREAM, "stream"),
    "unix-dgram": (socket.SOCK_DGRAM, "datagram"),
}


def reason(scheme: str, path: str, problem: OSError) -> str:
    """Why connecting to ``scheme:path`` failed, in words for people."""
    words = problem.strerror or str(problem)
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return words
    if scheme == "smt":
        return f"{path} is {_socket(path)}" if stat.S_ISSOCK(mode) else words
    if stat.S_ISREG(mode):
        return f"it is a file, not a socket; shared memory has the URL smt:{path}"
    if not stat.S_ISSOCK(mode):
        return f"it is {'a directory' if stat.S_ISDIR(mode) else 'a device or FIFO'}, not a socket"
    if problem.errno == errno.ECONNREFUSED:
        return "a server was listening there, and does so no longer"
    return f"it is {_socket(path)}" if problem.errno == errno.EPROTOTYPE else words


def _socket(path: str) -> str:
    """``a stream socket, whose URL is unix-stream:PATH``."""
    scheme, word = next((key, word) for key, (kind, word) in _KINDS.items() if _fits(path, kind))
    file = path.removesuffix(".doorbell")
    if scheme != "unix-stream":
        return f"a {word} socket, whose URL is {scheme}:{path}"
    if file != path and Path(file).is_file():
        return f"the doorbell of shared memory, whose URL is smt:{file}"
    return f"a {word} socket, whose URL is {scheme}:{path}, or that of a virtual machine"


def _fits(path: str, kind: int) -> bool:
    with socket.socket(socket.AF_UNIX, kind) as probe:
        probe.setblocking(False)
        return probe.connect_ex(path) != errno.EPROTOTYPE
