"""The commands of ``scmigen client`` for all protocols: discovery, messages, notifications."""

import math
import struct
import time
from pathlib import Path

from scmigen.cli import complete
from scmigen.cli.client_options import ID, OCTET, U64, Options, agent_command, refused
from scmigen.cli.client_text import dump_lines, reply_lines
from scmigen.cli.declare import argument, option
from scmigen.cli.problems import BadValueError, CommandError, UsageError
from scmigen.cli.values import FILE, Within
from scmigen.client import ScmiError
from scmigen.client import dump as dumping
from scmigen.client import replay as replaying
from scmigen.client.notifications import subscribe
from scmigen.data import asdict
from scmigen.scmi.layouts import MAX_PAYLOAD
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status

#: How long ``watch`` waits at once, in seconds.
_LONG = 3600.0


@agent_command(
    help="Discovery: vendor, agents, protocols.",
)
def info(options: Options) -> None:
    with options.connected() as platform:
        found = platform.info()
    version = ".".join(map(str, found.version))
    lines = [
        f"base protocol {version}",
        f"vendor {found.vendor}" + (f", {found.sub_vendor}" if found.sub_vendor else ""),
        f"implementation version {found.implementation_version:#x}",
    ]
    for number, name in found.agents.items():
        lines.append(f"agent {number}: {name}" + (" (this one)" if number == found.agent else ""))
    for protocol in found.protocols:
        count = "" if protocol.resources is None else f", {protocol.resources} ids"
        text = ".".join(map(str, protocol.version))
        lines.append(f"protocol {protocol.id:#x} {protocol.name} {text}{count}")
    options.show(asdict(found), *lines)


@agent_command(
    argument("protocols", many=True),
    option(
        "--seconds",
        read=Within(float, 0, 1e9),
        default=0.0,
        help="Stop this long after the start; 0: never.",
    ),
    option(
        "--count", read=Within(int, 0), default=0, help="Stop after this many events; 0: never."
    ),
    help="Subscribe to the notifications of PROTOCOLS (all by default) and print them as they "
    "come.\n\nIf subscribing takes longer than --timeout or --seconds, that is an error.",
)
def watch(options: Options, protocols: tuple[str, ...], seconds: float, count: int) -> None:
    begin = time.monotonic()
    end = begin + seconds if seconds else math.inf
    with options.connected(end) as platform:
        try:
            subscribe(platform, protocols)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        platform.deadline = end
        seen = 0
        while (not count or seen < count) and time.monotonic() < end:
            event = platform.next_event(min(end - time.monotonic(), _LONG))
            if event is not None:
                seen += 1
                line = f"{time.monotonic() - begin:.3f} {platform.describe_event(event)}"
                options.show({"event": line}, line)


@agent_command(
    help="Print everything that the agent can see.",
)
def dump(options: Options) -> None:
    with options.connected() as platform:
        found = dumping.dump(platform)
        options.show(found, *dump_lines(found))


@agent_command(
    argument("trace", read=FILE),
    option("--agent", help="The agent to replay, in a trace of several agents."),
    help="Send the messages of TRACE (serve --trace) again; print and fail on different answers.",
)
def replay(options: Options, trace: Path, agent: str | None) -> None:
    try:
        frames = replaying.read_trace(trace, agent)
    except replaying.TraceError as problem:
        raise CommandError(str(problem)) from None
    with options.connected() as platform:
        differences = list(replaying.replay(platform, frames))
    sent = sum(frame.sent for frame in frames)
    summary = f"{sent} messages, {len(differences)} answers differ"
    options.show({"sent": sent, "differences": differences}, *differences, summary)
    if differences:
        raise SystemExit(1)


@agent_command(
    argument("message", complete=complete.messages),
    argument("fields", "[FIELD=VALUE|VALUE:VALUE…]", many=True),
    option(
        "--wait",
        read=Within(float, 0, 3600),
        default=0.0,
        metavar="SECONDS",
        help="Wait this long for a delayed response.",
    ),
    help="""Send MESSAGE by its name, and print the fields of its reply.

FIELDs are those of the specification and default to 0: CLOCK_RATE_SET clock=3 rate=48000000.
Messages that every protocol has are written like clock.PROTOCOL_VERSION. The entries after the
fields of PINCTRL_SETTINGS_CONFIGURE are TYPE:VALUE.
""",
    holds=True,
)
def call(options: Options, message: str, fields: tuple[str, ...], wait: float) -> None:
    words, tail = _fields(fields)
    with options.connected() as platform:
        try:
            found = platform.ask(message, tail, **words)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        except struct.error as problem:
            raise UsageError(f"{message}: {problem}") from None
        lines = reply_lines(found)
        event = platform.delayed_response(wait)
        if event is not None:
            found["delayed"] = platform.describe_event(event)
            lines.append(found["delayed"])
        options.show(found, *(lines or ["SUCCESS"]))
        options.keep(platform)


def _fields(texts: tuple[str, ...]) -> tuple[dict[str, int], list[list[int]]]:
    """``field=value`` by name, and ``value:value`` in order. A value may be negative."""
    named: dict[str, int] = {}
    tail: list[list[int]] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if equals:
            sign = -1 if value.startswith("-") else 1
            named[name] = sign * U64(value.removeprefix("-"))
        else:
            tail.append([ID(word) for word in text.split(":")])
    return named, tail


def _protocol_number(text: str) -> int:
    names = {protocol.name.lower(): int(protocol) for protocol in Protocol}
    return names[text] if text in names else OCTET(text)


def _payload(words: tuple[str, ...]) -> bytes:
    """u32 words, or hexadecimal bytes: ``hex:…`` or a single argument of 8, 16, … digits."""
    text = words[0] if len(words) == 1 else ""
    plain = len(text) % 8 == 0 and set(text.lower()) <= set("0123456789abcdef")
    if text and (plain or text.startswith("hex:")):
        try:
            data = bytes.fromhex(text.removeprefix("hex:"))
        except ValueError:
            raise BadValueError(f"{text!r} is not hexadecimal") from None
    else:
        data = b"".join(ID(word).to_bytes(4, "little") for word in words)
    if len(data) > MAX_PAYLOAD:
        raise BadValueError(f"a payload has at most {MAX_PAYLOAD} bytes")
    return data


@agent_command(
    argument("protocol"),
    argument("message", read=OCTET),
    argument("words", "[HEX|WORD…]", many=True),
    help="""Send any message; PROTOCOL is a number or a name.

The payload is given as u32 words or as a single argument of 8, 16, … hexadecimal digits; write
other numbers of bytes as hex:DIGITS.
""",
)
def raw(options: Options, protocol: str, message: int, words: tuple[str, ...]) -> None:
    number, payload = _protocol_number(protocol), _payload(words)
    with options.connected() as platform:
        status, values = platform.command(number, message, payload)
    if status != Status.SUCCESS:
        raise refused(ScmiError(status, f"protocol {number:#x} message {message:#x}"))
    whole = len(values) // 4 * 4
    text = [f"{int.from_bytes(values[at : at + 4], 'little'):#010x}" for at in range(0, whole, 4)]
    options.show({"status": status, "values": values.hex()}, " ".join(text) or "SUCCESS")
