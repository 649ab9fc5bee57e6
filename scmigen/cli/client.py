"""``scmigen client``: an SCMI agent on the command line."""

import math
import struct
import time
from pathlib import Path

import click

from scmigen.cli import complete
from scmigen.cli.client_faults import fault
from scmigen.cli.client_options import (
    ID,
    OCTET,
    SECONDS,
    STYLE,
    U64,
    Options,
    agent_command,
    holding,
    refused,
    vote,
    voting,
)
from scmigen.cli.client_text import dump_lines, or_unknown, reply_lines, table, topology_lines
from scmigen.cli.client_values import performance, sensor, voltage
from scmigen.cli.one_of import OneOf
from scmigen.client import Client, ScmiError
from scmigen.client import dump as dumping
from scmigen.client import replay as replaying
from scmigen.client.notifications import subscribe
from scmigen.data import asdict
from scmigen.scmi.layouts import MAX_PAYLOAD
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status

#: How long ``watch`` waits at once, in seconds.
_LONG = 3600.0


@click.group(
    help="""Talk SCMI to a platform, as the agent that is served at URL.

URL is unix:PATH (seqpacket), unix-stream:PATH, unix-dgram:PATH or smt:FILE.
"""
)
@click.argument("url")
@click.option("--format", "style", type=STYLE, default="text", help="text or json.")
@click.option(
    "--timeout",
    type=SECONDS,
    default=5.0,
    show_default=True,
    help="Seconds for the whole command, whatever the platform sends, but without those of --hold "
    "and --wait; for watch, until it has subscribed.",
)
@click.pass_context
def client(context: click.Context, url: str, style: str, timeout: float) -> None:
    context.obj = Options(url, timeout, style)


for group in (voltage, performance, sensor, fault):
    client.add_command(group)


@client.command(help="Discovery: vendor, agents, protocols.")
@agent_command
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


@client.group(help="Clocks.")
def clock() -> None:
    pass


@clock.command("list", help="List the clocks that the agent can see.")
@agent_command
def clock_list(options: Options) -> None:
    with options.connected() as platform:
        clocks = platform.clocks()
    rows = [("ID", "NAME", "STATE", "RATE")]
    rows += [
        (str(item.id), item.name, "on" if item.enabled else "off", or_unknown(item.rate))
        for item in clocks
    ]
    options.show([asdict(item) for item in clocks], *table(rows))


@clock.command(
    "rate",
    help="Print the rate of a clock in Hz; with HZ, first set the supported rate nearest to it. "
    "Outside of the clock's range the server refuses, and possible says what there is.",
)
@click.argument("number", metavar="ID", type=ID)
@click.argument("hertz", metavar="[HZ]", type=U64, required=False)
@agent_command
def clock_rate(options: Options, number: int, hertz: int | None) -> None:
    with options.connected() as platform:
        if hertz is not None:
            with options.setting(platform, Protocol.CLOCK, number):
                platform.set_clock_rate(number, hertz)
        rate = platform.clock_rate(number)
    options.show({"id": number, "rate": rate}, str(rate))


@clock.command(
    "topology",
    help="Print what feeds each clock that the agent can see, as scmigen check --topology reads "
    "it.",
)
@agent_command
def topology(options: Options) -> None:
    with options.connected() as platform:
        found = dumping.clock_topology(platform)
    options.show(found, *topology_lines(found))


voting(clock, "on", "Vote for a clock to run.", "clock", Client.enable_clock)
voting(clock, "off", "Vote for a clock to stop.", "clock", Client.enable_clock)


@client.group(help="Power domains.")
def power() -> None:
    pass


@power.command("list", help="List the power domains that the agent can see.")
@agent_command
def power_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.power_domains()
    states = {True: "on", False: "off", None: "?"}
    rows = [("ID", "NAME", "STATE")]
    rows += [(str(item.id), item.name, states[item.on]) for item in domains]
    options.show([asdict(item) for item in domains], *table(rows))


@power.command("get", help="Print the state of a power domain.")
@click.argument("number", metavar="ID", type=ID)
@agent_command
def power_get(options: Options, number: int) -> None:
    with options.connected() as platform:
        state = platform.power_state(number)
    name = {0: "on", 0x4000_0000: "off"}.get(state, f"{state:#x}")
    options.show({"id": number, "state": state}, name)


@power.command("set", help="Vote for a power domain to be on or off.")
@click.argument("number", metavar="ID", type=ID)
@click.argument("state", type=OneOf(["on", "off"]))
@agent_command
@holding
def power_set(options: Options, number: int, state: str) -> None:
    vote(options, number, state == "on", "power domain", Client.set_power)


@client.command(help="List the reset domains that the agent can see, or reset one of them.")
@click.argument("target", metavar="list|ID")
@agent_command
def reset(options: Options, target: str) -> None:
    if target == "list":
        with options.connected() as platform:
            domains = platform.reset_domains()
        rows = [("ID", "NAME", "LATENCY")]
        rows += [
            (str(d.id), d.name, "?" if d.latency is None else f"{d.latency} us") for d in domains
        ]
        options.show([asdict(item) for item in domains], *table(rows))
        return
    number = ID(target)
    with options.connected() as platform:
        platform.reset(number)
    options.show({"id": number}, f"reset domain {number}: done")


@client.command(
    help="Subscribe to the notifications of PROTOCOLS (all by default) and print them as they come."
    "\n\nIf subscribing takes longer than --timeout or --seconds, that is an error."
)
@click.argument("protocols", nargs=-1)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 1e9),
    default=0.0,
    help="Stop this long after the start; 0: never.",
)
@click.option(
    "--count", type=click.IntRange(0), default=0, help="Stop after this many events; 0: never."
)
@agent_command
def watch(options: Options, protocols: tuple[str, ...], seconds: float, count: int) -> None:
    begin = time.monotonic()
    end = begin + seconds if seconds else math.inf
    with options.connected(end) as platform:
        try:
            subscribe(platform, protocols)
        except ValueError as problem:
            raise click.UsageError(str(problem)) from None
        platform.deadline = end
        seen = 0
        while (not count or seen < count) and time.monotonic() < end:
            event = platform.next_event(min(end - time.monotonic(), _LONG))
            if event is not None:
                seen += 1
                line = f"{time.monotonic() - begin:.3f} {platform.describe_event(event)}"
                options.show({"event": line}, line)


@client.command(help="Print everything that the agent can see.")
@agent_command
def dump(options: Options) -> None:
    with options.connected() as platform:
        found = dumping.dump(platform)
        options.show(found, *dump_lines(found))


@client.command(
    help="Send the messages of TRACE (serve --trace) again; print and fail on different answers."
)
@click.argument("trace", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--agent", help="The agent to replay, in a trace of several agents.")
@agent_command
def replay(options: Options, trace: Path, agent: str | None) -> None:
    try:
        frames = replaying.read_trace(trace, agent)
    except replaying.TraceError as problem:
        raise click.ClickException(str(problem)) from None
    with options.connected() as platform:
        differences = list(replaying.replay(platform, frames))
    sent = sum(frame.sent for frame in frames)
    summary = f"{sent} messages, {len(differences)} answers differ"
    options.show({"sent": sent, "differences": differences}, *differences, summary)
    if differences:
        raise SystemExit(1)


@client.command(
    help="""Send MESSAGE by its name, and print the fields of its reply.

FIELDs are those of the specification and default to 0: CLOCK_RATE_SET clock=3 rate=48000000.
Messages that every protocol has are written like clock.PROTOCOL_VERSION. The entries after the
fields of PINCTRL_SETTINGS_CONFIGURE are TYPE:VALUE.
"""
)
@click.argument("message", shell_complete=complete.messages)
@click.argument("fields", metavar="[FIELD=VALUE|VALUE:VALUE…]", nargs=-1)
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="Wait this long for a delayed response.",
)
@agent_command
@holding
def call(options: Options, message: str, fields: tuple[str, ...], wait: float) -> None:
    words, tail = _fields(fields)
    with options.connected() as platform:
        try:
            found = platform.ask(message, tail, **words)
        except ValueError as problem:
            raise click.UsageError(str(problem)) from None
        except struct.error as problem:
            raise click.UsageError(f"{message}: {problem}") from None
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
            raise click.BadParameter(f"{text!r} is not hexadecimal") from None
    else:
        data = b"".join(ID(word).to_bytes(4, "little") for word in words)
    if len(data) > MAX_PAYLOAD:
        raise click.BadParameter(f"a payload has at most {MAX_PAYLOAD} bytes")
    return data


@client.command(
    help="""Send any message; PROTOCOL is a number or a name.

The payload is given as u32 words or as a single argument of 8, 16, … hexadecimal digits; write
other numbers of bytes as hex:DIGITS.
"""
)
@click.argument("protocol")
@click.argument("message", type=OCTET)
@click.argument("words", metavar="[HEX|WORD…]", nargs=-1)
@agent_command
def raw(options: Options, protocol: str, message: int, words: tuple[str, ...]) -> None:
    number, payload = _protocol_number(protocol), _payload(words)
    with options.connected() as platform:
        status, values = platform.command(number, message, payload)
    if status != Status.SUCCESS:
        raise refused(ScmiError(status, f"protocol {number:#x} message {message:#x}"))
    whole = len(values) // 4 * 4
    text = [f"{int.from_bytes(values[at : at + 4], 'little'):#010x}" for at in range(0, whole, 4)]
    options.show({"status": status, "values": values.hex()}, " ".join(text) or "SUCCESS")
