"""The control address: who may open its socket switches faults on and off while the server runs.

``unix:PATH`` (SOCK_SEQPACKET), for one client at a time and one command for each connection. A
command is a packet of words:

    list                   what faults there are
    on [NAME…]             switch faults on, or all of them; they begin to count anew
    off [NAME…]            switch faults off, or all of them; what they have delayed still comes
    use LF TOML            the faults of this file in place of those before

The answer is a packet of JSON: ``{"faults": [{"name": …, "about": …, "on": …, "seen": …, "hit":
…}], "left": 0}``, or ``{"problems": ["…"]}``. ``left`` counts the faults for which there was no
room. No agent reaches this address, unless it can open the file. Each command is logged.
"""

import json
import socket
from collections.abc import Callable, Sequence

from scmigen.escape import plain
from scmigen.hints import Any, Final
from scmigen.server.faults import Turn
from scmigen.server.service import Service
from scmigen.server.timers import Timer
from scmigen.server.transports.address import (
    PARTIAL,
    Address,
    identity,
    listen,
    peer,
    remove,
)

#: The longest command in bytes, a file of faults included.
LONGEST: Final = 1 << 17
#: The longest answer in bytes, and what is kept free in it.
ANSWER: Final = 1 << 16
_SPARE: Final = 64
#: How long to wait where no client can be accepted, in µs.
_REST: Final = 200_000
#: The most characters of a command in the log.
_SHOWN: Final = 200
#: The most names in a problem, problems in the log, and characters of a problem.
_NAMES: Final = 20
_LOGGED: Final = 3
_PROBLEM: Final = 2000
COMMANDS: Final = ("list", "on", "off", "use")


class ControlError(Exception):
    """What is wrong with a command, a line for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problem[:_PROBLEM] for problem in problems)
        super().__init__("; ".join(_first(self.problems, _LOGGED)))


class Control:
    """Listens at ``address`` as long as it is open (``with``). ``use`` serves with the faults of a
    text and raises `ControlError`. Raises `TransportError` if the address cannot be opened."""

    def __init__(self, address: Address, service: Service, use: Callable[[str], None]) -> None:
        self._service = service
        self._loop = service.loop
        self._use = use
        self._path = address.path
        self._client: socket.socket | None = None
        self._patience: Timer | None = None
        self._listener = listen(address, socket.SOCK_SEQPACKET)
        self._identity = identity(self._path)
        self._listen()

    def _listen(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.watch(self._listener, self._accept)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # it gave up, or there are too many files: trying at once would spin
            self._loop.forget(self._listener)
            self._loop.later(_REST, self._listen)
            return
        client.setblocking(False)
        self._client = client
        self._loop.forget(self._listener)
        self._loop.watch(client, self._turn)
        self._patience = self._loop.later(PARTIAL, self._done)

    def _turn(self) -> None:
        """Carry out the command of the client."""
        assert self._client is not None
        try:
            data = self._client.recv(LONGEST + 1)
            if data:
                self._client.send(self._answer(data, peer(self._client)))
        except OSError:
            pass  # it is gone, or does not read
        self._done()

    def _done(self) -> None:
        """The client is served, or has said nothing: accept the next one."""
        client, self._client = self._client, None
        if self._patience is not None:
            self._patience.cancel()
        if client is not None:
            self._loop.forget(client)
            client.close()
            self._listen()

    def _answer(self, data: bytes, who: str) -> bytes:
        try:
            if len(data) > LONGEST:
                raise ControlError([f"a command has at most {LONGEST} bytes"])  # noqa: TRY301
            text = data.decode("utf-8", "replace")
            line = text.partition("\n")[0]
            self._service.log(f"control ({who}): {plain(line[:_SHOWN])}", "control")
            return _told(self._carry_out(text))
        except ControlError as wrong:
            self._service.log(f"control ({who}): refused: {wrong}", "control")
            return _refusal(wrong.problems)

    def _carry_out(self, text: str) -> Sequence[Turn]:
        """The faults that a command is about. Raises `ControlError`."""
        line, _, rest = text.partition("\n")
        command, *names = line.split() or [""]
        if command == "use":
            self._use(rest)
        elif command in ("on", "off"):
            chosen = _named(self._service.turns, names)
            for turn in chosen:
                turn.switch(on=command == "on")
            return chosen
        elif command != "list" or names:
            raise ControlError([f"unknown command {command!r}; known: {', '.join(COMMANDS)}"])
        return self._service.turns

    def close(self) -> None:
        """Stop listening, and remove the socket file if it is still ours."""
        self._done()
        self._loop.forget(self._listener)
        self._listener.close()
        remove(self._path, self._identity)

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _named(turns: Sequence[Turn], names: Sequence[str]) -> Sequence[Turn]:
    """The faults of these names, or all. Raises `ControlError`."""
    known = dict.fromkeys(turn.fault.name for turn in turns)
    wanted = dict.fromkeys(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        there_are = f"known: {', '.join(_first([*known], _NAMES))}"
        wrong = ", ".join(_first([repr(name[:_SHOWN]) for name in unknown], _NAMES))
        raise ControlError([f"no fault {wrong}; {there_are if known else 'there are no faults'}"])
    return [turn for turn in turns if not names or turn.fault.name in wanted]


def _first(texts: Sequence[str], most: int) -> Sequence[str]:
    """The first of them, and how many more there are."""
    left = len(texts) - most
    return texts if left <= 0 else [*texts[:most], f"and {left} more"]


def _refusal(problems: Sequence[str]) -> bytes:
    """The answer with some problems, as many as there is room for."""
    count, room = 0, ANSWER - _SPARE
    for problem in problems:
        room -= len(json.dumps(problem)) + 2
        if room < 0:
            break
        count += 1
    return json.dumps({"problems": _first(problems, count)}).encode()


def _told(turns: Sequence[Turn]) -> bytes:
    """The answer about some faults, as many as there is room for."""
    found: list[dict[str, Any]] = []
    room = ANSWER - _SPARE
    for turn in turns:
        fault = turn.fault
        told = {
            "name": fault.name,
            "about": fault.about,
            "on": turn.on,
            "seen": turn.seen,
            "hit": turn.hit,
        }
        room -= len(json.dumps(told)) + 2
        if room < 0:
            break
        found.append(told)
    return json.dumps({"faults": found, "left": len(turns) - len(found)}).encode()
