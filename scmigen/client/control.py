"""The client side of a server's control address: a command in a packet, an answer of JSON."""

import json
import socket
import time
from collections.abc import Sequence

from scmigen.addresses import AddressError, parse
from scmigen.client.channel import ClientError, UrlError
from scmigen.data import Data

#: The longest answer that is read, in bytes.
_LONGEST = 1 << 16


class RefusedError(ClientError):
    """The server refuses a command; ``problems`` says why, a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


class FaultInfo(Data):
    """A fault of the server: whether it is ``on``, how many messages it has ``seen`` since that
    match, and how many of them it has ``hit``."""

    name: str
    about: str
    on: bool
    seen: int
    hit: int


class Faults(Data):
    """Faults of the server; for so many more (``left``) there was no room in its answer."""

    faults: tuple[FaultInfo, ...]
    left: int


def control(url: str, command: str, timeout: float) -> Faults:
    """Send a command (``list``, ``on NAME``, ``off``, or ``use`` with a file of faults from the
    second line on) to the control address ``url``. Raises `UrlError`, `RefusedError`,
    `ClientError`."""
    scheme, _, rest = url.partition(":")
    if scheme != "unix":
        raise UrlError(f"{url}: a control address is unix:PATH")
    try:
        path, _ = parse(scheme, rest)
    except AddressError as problem:
        raise UrlError(str(problem)) from None
    end = time.monotonic() + timeout
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        try:
            server.settimeout(timeout)
            server.connect(path)
            server.settimeout(max(end - time.monotonic(), 1e-3))
            server.send(command.encode())
            answer = server.recv(_LONGEST)
        except TimeoutError:
            raise ClientError(f"{url}: no answer within {timeout:g} s") from None
        except (OSError, ValueError) as problem:
            raise ClientError(f"{url}: {getattr(problem, 'strerror', None) or problem}") from None
    return _faults(url, answer)


def _faults(url: str, answer: bytes) -> Faults:
    try:
        found = json.loads(answer)
        if "problems" in found:
            raise RefusedError([str(problem) for problem in found["problems"]])
        return Faults(tuple(FaultInfo(**fault) for fault in found["faults"]), found["left"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ClientError(f"{url} is no control address of a server (serve --control)") from None
