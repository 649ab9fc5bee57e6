"""What the commands of ``scmigen client`` share: the options of the group, ``--format``, ``--hold``
and numbers."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from scmigen.cli.client_text import possible_values, switched
from scmigen.cli.declare import Command, Declares, Parameter, argument, option
from scmigen.cli.problems import BadValueError, CommandError, LinesError, UsageError
from scmigen.cli.report import say, say_json
from scmigen.cli.values import OneOf, Within
from scmigen.client import Client, ClientError, ScmiError, UrlError
from scmigen.hints import Any
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status

#: The messages that describe a resource, and its rates or levels, in each protocol that has such.
_ATTRIBUTES, _DESCRIBE = 0x3, 0x4
#: PERFORMANCE_DOMAIN_ATTRIBUTES: levels are set by their index.
_INDEXED = 1 << 25


def number_up_to(maximum: int = 0xFFFF_FFFF, minimum: int = 0) -> Callable[[str], int]:
    """What takes a number, decimal or 0x…, up to ``maximum``. It raises `BadValueError`."""

    def number(text: str) -> int:
        try:
            found = int(text, 0)
        except ValueError:
            raise BadValueError(f"{text!r} is not a number") from None
        if not minimum <= found <= maximum:
            raise BadValueError(f"{text} is not within {minimum} and {maximum:#x}")
        return found

    return number


ID = number_up_to()
U64 = number_up_to(0xFFFF_FFFF_FFFF_FFFF)
OCTET = number_up_to(0xFF)


class Options:
    """The options of the group; ``--format`` after a command's name takes precedence."""

    def __init__(self, url: str, timeout: float, style: str) -> None:
        self.url = url
        self.timeout = timeout
        self.style = style
        self.hold = 0.0

    @contextmanager
    def connected(self, end: float = math.inf) -> Iterator[Client]:
        """A connected client, whose errors become one line and exit status 1. No command is waited
        for after ``end``."""
        end = min(time.monotonic() + self.timeout, end)
        try:
            with Client(self.url, self.timeout, end) as client:
                yield client
        except ScmiError as refusal:
            raise refused(refusal) from None
        except UrlError as problem:
            raise UsageError(str(problem)) from None
        except ClientError as problem:
            raise CommandError(str(problem)) from None

    @contextmanager
    def setting(self, platform: Client, protocol: Protocol, number: int) -> Iterator[None]:
        """Setting a value of a resource: where it is refused for the value, all that the resource
        can have are printed, too."""
        try:
            yield
        except ScmiError as refusal:
            if refusal.status not in (Status.INVALID_PARAMETERS, Status.OUT_OF_RANGE):
                raise
            with suppress(ScmiError, ClientError):
                parts = list(platform.parts(protocol, _DESCRIBE, number))
                (attributes, *_) = platform.call(protocol, _ATTRIBUTES, number)
                indexed = protocol is Protocol.PERFORMANCE and attributes & _INDEXED
                told = possible_values(parts, "level_index" if indexed else None)
                raise refused(refusal, told) from None
            raise

    def show(self, value: Any, *lines: str) -> None:
        """Print ``value`` as JSON, or ``lines`` without control characters."""
        if self.style == "json":
            say_json(value)
            return
        for line in lines:
            say(line)

    def keep(self, platform: Client) -> None:
        """Stay connected for as long as ``--hold`` says, so that a vote stands. Raises
        `ClientError` if the platform ends the connection."""
        end = time.monotonic() + self.hold
        while (left := end - time.monotonic()) > 0:
            platform.next_event(left)


def refused(refusal: ScmiError, *more: str) -> LinesError:
    """``DENIED: CLOCK_RATE_SET(…)``, without "Error:", and what else there is to say."""
    return LinesError((str(refusal), *more), start="")


STYLE = OneOf("text", "json")
SECONDS = Within(float, 0.01, 3600)

_FORMAT = option("--format", "style", read=STYLE, help="text or json.")
_TIMEOUT = option(
    "--timeout",
    read=SECONDS,
    metavar="SECONDS",
    help="As before the URL: for the whole command.",
)
_HOLD = option(
    "--hold",
    read=Within(float, 0, 86400),
    default=0.0,
    metavar="SECONDS",
    help="Stay connected this long; a vote ends with the connection.",
)


def agent_command(
    *parameters: Parameter,
    help: str,  # noqa: A002 - as click has it
    holds: bool = False,
    words_with_dash: bool = False,
) -> Declares:
    """A command: its body gets the options, and it accepts ``--format`` and ``--timeout`` after its
    name too; if it ``holds``, also ``--hold``: a vote ends with the connection that cast it."""

    def declares(body: Callable[..., None]) -> Command:
        def run(
            options: Options,
            /,
            style: str | None,
            timeout: float | None,
            hold: float = 0.0,
            **values: Any,
        ) -> None:
            options.style = style or options.style
            options.timeout = timeout or options.timeout
            options.hold = hold
            body(options, **values)

        common = (_FORMAT, _TIMEOUT, *((_HOLD,) if holds else ()))
        return Command(help, (*parameters, *common), run, words_with_dash)

    return declares


#: Casts the vote of a client on a resource: on, or off.
Cast = Callable[[Client, int, bool], None]


def vote(options: Options, number: int, on: bool, what: str, cast: Cast) -> None:
    """Vote for a resource, which is ``what`` for people, and say so."""
    with options.connected() as platform:
        cast(platform, number, on)
        options.show({"id": number, "on": on}, f"{what} {number}: {switched(on)}")
        options.keep(platform)


def voting(word: str, text: str, what: str, cast: Cast) -> Command:
    """The command ``word`` (on or off), which votes for a resource."""

    @agent_command(argument("number", "ID", read=ID), help=text, holds=True)
    def command(options: Options, number: int) -> None:
        vote(options, number, word == "on", what, cast)

    return command
