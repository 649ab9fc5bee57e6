"""One platform, two renderings: the values of the compiled tables against ``runtime.json``.

Both come from one tree, so whatever a field of `scmigen.runtime` says, the tables say too, or
`DIFFERENT` has the reason why not. A field that is in neither place is reported: somebody has to
decide. Nothing here looks at the model or the emitters.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scmigen import runtime
from scmigen.scmi.protocols import Kind

#: What SCP-firmware has no place for: the common part of all resources first.
_NOWHERE = {
    "node": "told in a comment",
    "cells": "told in a comment",
    "source": "of the reader of runtime.json",
    "labels": "of the reader of runtime.json",
    "macro": "part of the enumerator",
    "assumed": "told in a comment",
    "notifications": "its modules decide; only platform.extra says otherwise",
}
_AT_ONCE = {
    **_NOWHERE,
    "asynchronous": "the mock drivers answer at once; only platform.extra says otherwise",
}
_SENSOR_FACTS = (
    *("resolution", "minimum", "maximum", "latency", "updates", "intervals", "segmented"),
    *("timestamps", "power", "axes", "readings", "period", "noise"),
)
#: Field → why the tables say nothing of it, by structure.
DIFFERENT: Mapping[type, Mapping[str, str]] = {
    runtime.Runtime: {
        "format": "of the file",
        "name": "the tables have the platform's name in comments only",
        "implementation_version": "SCP-firmware reports its own",
        "system_power_grace": "a graceful request never comes: its timeout is always 1000 ms",
        "numbering": "seen in the grants",
        "powercaps": "2.14 has headers only; else `Expected.powercaps` compares all",
        "pins": "scp-kind: no such protocol",
        "pin_groups": "scp-kind: no such protocol",
        "pin_functions": "scp-kind: no such protocol",
        "telemetry": "scp-kind: no such protocol",
        "telemetry_revision": "scp-kind: no such protocol",
        "telemetry_intervals": "scp-kind: no such protocol",
        "devices": "scp-permissions: any agent could change them",
        "performance_power": "mW, or the voltage where no power is known: mod_scmi_perf decides",
    },
    runtime.Agent: {
        "profile": "SCP-firmware has one version of each protocol",
        "permissions": "scp-permissions: not protected there",
        "transport": "the host has mailboxes of its own",
    },
    runtime.Clock: _AT_ONCE
    | {
        "enabled": "SCP-firmware's mock clocks run from the start; votes are compared",
        "parent": "clock protocol 1.0 has no parents",
        "parents": "clock protocol 1.0 has no parents",
        "latency": "no place in the tables; only platform.extra says it",
        "enable_delay": "no place in the tables; only platform.extra says it",
        "power": "mock clocks run without their power domain",
        "supply": "mock clocks run without their supply",
    },
    runtime.PowerDomain: _AT_ONCE
    | {
        "parent": "all are below SYSTOP: a domain below one that is off would be refused",
        "settable": "only platform.extra says it",
        "latency": "no place in the tables, and power protocol 2.0 has no such word",
        "supply": "mock domains run without their supply",
    },
    runtime.ResetDomain: _AT_ONCE,
    runtime.VoltageDomain: _AT_ONCE
    | {
        "latency": "no place in the tables, and voltage protocol 1.0 has no such word",
        "parent": "mock supplies have none above them",
    },
    runtime.PerformanceDomain: _NOWHERE
    | {
        "fastchannels": "addresses differ; only platform.extra gives the server any",
        "rate_limit": "only platform.extra says it",
        "indexed": "performance protocol 2.0 has no indices",
    },
    runtime.Sensor: _AT_ONCE
    | dict.fromkeys(
        _SENSOR_FACTS, "SCP-firmware's sensors have no such fact; only platform.extra says it"
    ),
}
#: What is compared below.
COMPARED: Mapping[type, frozenset[str]] = {
    runtime.Runtime: frozenset(
        {"vendor", "sub_vendor", "agents", "clocks", "power_domains", "reset_domains"}
        | {"voltage_domains", "performance_domains", "sensors"}
    ),
    runtime.Agent: frozenset({"id", "name", "role", "system_power", "system_power_told", "grants"}),
    runtime.Clock: frozenset({"id", "name", "rates", "rate", "step", "always_on"}),
    runtime.PowerDomain: frozenset({"id", "name", "enabled", "always_on"}),
    runtime.ResetDomain: frozenset({"id", "name", "latency"}),
    runtime.VoltageDomain: frozenset(
        {"id", "name", "levels", "level", "step", "enabled", "always_on"}
    ),
    runtime.PerformanceDomain: frozenset({"id", "name", "levels", "sustained", "clock", "supply"}),
    runtime.Sensor: frozenset({"id", "name", "type", "exponent", "trip_points"}),
}
#: The highest rate in Hz of a clock driver's table.
HIGHEST_RATE = 0xFFFF_FFFF
#: SCP-firmware's types of agent; every other role is OTHER.
TYPES = {"psci": 0, "hypervisor": 1, "ospm": 2}
#: The kinds whose ids are rows of an agent's table, and the walker's words for them.
TABLES = {Kind.CLOCK: "clock", Kind.RESET: "reset", Kind.VOLTAGE: "voltage"}
#: What an assumed supply has, in mV: nothing in runtime.json, where no voltage is known.
ASSUMED_MILLIVOLTS = 1000


class Line(NamedTuple):
    """A line of the walker: what it is about, its ``key=value`` words, and its other words."""

    numbers: tuple[int, ...]
    facts: Mapping[str, str]
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        return bytes.fromhex(self.facts["name"]).decode()

    def element(self, key: str) -> int:
        """The index of an element that is named."""
        return int(self.facts[key].rpartition(":")[2])


def undecided() -> Iterator[str]:
    """Fields that are neither compared nor different for a reason, and those that are both."""
    for struct, compared in COMPARED.items():
        fields = set(struct.__struct_fields__)  # type: ignore[attr-defined]
        for field in sorted(fields ^ (compared | DIFFERENT[struct].keys())):
            yield f"{struct.__name__}.{field}"
        for field in sorted(compared & DIFFERENT[struct].keys()):
            yield f"{struct.__name__}.{field} twice"


class Tables:
    """What the walker printed, by the first word of its lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines: dict[str, list[Line]] = {}
        for line in lines:
            first, *words = line.split()
            pairs = [word.partition("=") for word in words]
            numbers: list[int] = []
            for word in words:
                if not word.isdecimal():
                    break
                numbers.append(int(word))
            found = Line(
                tuple(numbers),
                {key: value for key, equals, value in pairs if equals},
                tuple(key for key, equals, _ in pairs[len(numbers) :] if not equals),
            )
            self._lines.setdefault(first, []).append(found)

    def all(self, word: str) -> list[Line]:
        return self._lines.get(word, [])

    def one(self, word: str, *numbers: int) -> Line:
        (found,) = (line for line in self.all(word) if line.numbers[: len(numbers)] == numbers)
        return found

    def elements(self, word: str, agent: int) -> dict[int, Line]:
        """The rows of an agent's table by id."""
        return {line.numbers[1]: line for line in self.all(word) if line.numbers[0] == agent}


def values(lines: Iterable[str], configuration: runtime.Runtime) -> list[str]:
    """What the tables say otherwise than the runtime configuration."""
    tables = Tables(lines)
    found = [*_common(tables, configuration), *_votes(tables, configuration)]
    for clock in configuration.clocks:
        found += _clock(tables, clock)
    for power in configuration.power_domains:
        found += _power(tables, power)
    for reset in configuration.reset_domains:
        found += _reset(tables, reset)
    for supply in configuration.voltage_domains:
        found += _voltage(tables, supply)
    for domain in configuration.performance_domains:
        found += _performance(tables, configuration, domain)
    for sensor in configuration.sensors:
        found += _sensor(tables, sensor)
    return found


def _unlike(what: str, said: object, wanted: object) -> Iterator[str]:
    if said != wanted:
        yield f"{what}: the tables say {said!r}, runtime.json {wanted!r}"


def _name(what: str, line: Line, resource: runtime.Resource) -> Iterator[str]:
    """A name, where 15 bytes hold it; a longer one is cut so that it differs from the others."""
    if len(resource.name.encode()) <= 15:
        yield from _unlike(f"name of {what}", line.name, resource.name)
    elif not 0 < len(line.name.encode()) <= 15:
        yield f"name of {what}: {line.name!r}"


def _common(tables: Tables, configuration: runtime.Runtime) -> Iterator[str]:
    wanted = [configuration.vendor, configuration.sub_vendor]
    yield from _unlike("vendors", [line.name for line in tables.all("vendor")], wanted)
    for agent in configuration.agents:
        line = tables.one("agent", agent.id)
        yield from _unlike(f"name of agent {agent.id}", line.name, agent.name)
        kind = str(TYPES.get(agent.role, 3))
        yield from _unlike(f"type of {agent.name}", line.facts["type"], kind)
        # The walker prints the protocol in hexadecimal: 12. It needs a power domain. Whether who
        # has it may set the state depends on the type of agent.
        system = tables.one("protocol", agent.id, 12).numbers[-1] == 1
        wanted_there = agent.system_power or agent.system_power_told
        has = wanted_there and bool(configuration.power_domains)
        yield from _unlike(f"system power of {agent.name}", system, has)
        for kind_of, word in TABLES.items():
            rows = tables.elements(f"scmi-{word}", agent.id)
            for grant in agent.grants.get(kind_of, ()):
                what = f"{word} {grant.id} of {agent.name}"
                yield from _unlike(what, rows[grant.id].element("is"), grant.resource)


def _votes(tables: Tables, configuration: runtime.Runtime) -> Iterator[str]:
    """What is always on has the platform's vote; only what is on at boot has an agent's."""
    platform = {line.element("is") for line in tables.elements("scmi-clock", 0).values()}
    clocks = {clock.id: clock for clock in configuration.clocks}
    for clock in clocks.values():
        if clock.always_on and clock.id not in platform:
            yield f"clock {clock.id} is always on, and the platform has no vote for it"
    for agent in configuration.agents:
        for row, line in tables.elements("scmi-clock", agent.id).items():
            clock_of_row = clocks.get(line.element("is"))
            on = clock_of_row is not None and (clock_of_row.enabled or clock_of_row.always_on)
            if line.facts["on"] == "1" and not on:
                yield f"clock {row} of {agent.name} starts with a vote, and is off at boot"


def _clock(tables: Tables, clock: runtime.Clock) -> Iterator[str]:
    what = f"clock {clock.id}"
    yield from _name(what, tables.one("clock", clock.id), clock)
    line = tables.one("rates", clock.id)
    rates = [int(word) for word in line.values]
    wanted = [rate for rate in clock.rates if rate <= HIGHEST_RATE] or [HIGHEST_RATE]
    if clock.step is None:
        yield from _unlike(f"rates of {what}", rates, wanted)
    else:
        # Mock clocks have no ranges: the ends, and what the tree asks for.
        low, high = clock.rates
        if not {low, high} <= set(rates) or any((rate - low) % clock.step for rate in rates):
            yield f"rates of {what}: {rates} are not of {clock.rates} in steps of {clock.step}"
    boot = clock.rate if clock.rate <= HIGHEST_RATE else wanted[-1]
    yield from _unlike(f"rate of {what} at boot", int(line.facts["boot"]), boot)


def _power(tables: Tables, domain: runtime.PowerDomain) -> Iterator[str]:
    what = f"power domain {domain.id}"
    yield from _name(what, tables.one("domain", domain.id), domain)
    on = str(int(domain.enabled or domain.always_on))
    yield from _unlike(f"{what} at boot", tables.one("ppu", domain.id).facts["on"], on)


def _reset(tables: Tables, domain: runtime.ResetDomain) -> Iterator[str]:
    what = f"reset domain {domain.id}"
    line = tables.one("reset", domain.id)
    yield from _name(what, line, domain)
    latency = 0xFFFF_FFFF if domain.latency is None else domain.latency
    yield from _unlike(f"latency of {what}", int(line.facts["latency"]), latency)


def _voltage(tables: Tables, supply: runtime.VoltageDomain) -> Iterator[str]:
    what = f"voltage domain {supply.id}"
    yield from _name(what, tables.one("voltage", supply.id), supply)
    line = tables.one("levels", supply.id)
    wanted = [*supply.levels, *(() if supply.step is None else (supply.step,))]
    yield from _unlike(f"levels of {what}", [int(word) for word in line.values], wanted)
    yield from _unlike(f"type of {what}", int(line.facts["type"]), int(supply.step is not None))
    yield from _unlike(f"level of {what} at boot", int(line.facts["boot"]), supply.level)
    on = str(int(supply.enabled or supply.always_on))
    yield from _unlike(f"{what} at boot", line.facts["mode"], on)


def _performance(
    tables: Tables, configuration: runtime.Runtime, domain: runtime.PerformanceDomain
) -> Iterator[str]:
    what = f"performance domain {domain.id}"
    line = tables.one("dvfs", domain.id)
    yield from _name(what, line, domain)
    rows = [tuple(map(int, word.split("/"))) for word in line.values]
    # A level of 0 would end the table, and 32 bits hold the rates of clocks.
    kept = [
        level
        for level in domain.levels
        if level.level and (level.frequency or level.level) * 1000 <= HIGHEST_RATE
    ]
    yield from _unlike(f"levels of {what}", [row[0] for row in rows], [it.level for it in kept])
    taken: set[int] = set()
    for (number, millivolts, kilohertz, milliwatts), level in zip(rows, kept, strict=False):
        where = f"level {number} of {what}"
        # Where the tree has no frequency, dvfs needs one all the same.
        yield from _unlike(f"frequency of {where}", kilohertz, level.frequency or level.level)
        # mV and mW rounded up; a second point of one voltage gets a millivolt more.
        voltage = ASSUMED_MILLIVOLTS if level.voltage is None else -(-level.voltage // 1000) or 1
        while voltage in taken:
            voltage += 1
        taken.add(voltage)
        yield from _unlike(f"voltage of {where}", millivolts, voltage)
        yield from _unlike(f"power of {where}", milliwatts, -(-level.power // 1000))
    # One latency for all levels: the longest.
    latency = max((level.latency for level in kept), default=0)
    yield from _unlike(f"latency of {what}", int(line.facts["latency"]), latency)
    yield from _at_boot(tables, configuration, domain, rows)


def _at_boot(
    tables: Tables,
    configuration: runtime.Runtime,
    domain: runtime.PerformanceDomain,
    rows: list[tuple[int, ...]],
) -> Iterator[str]:
    """The level at boot, and the clock and the supply that have its rate and its voltage."""
    what = f"performance domain {domain.id}"
    line = tables.one("dvfs", domain.id)
    level = domain.levels[domain.sustained]
    now = rows[int(line.facts["boot"])]
    if level.level in [row[0] for row in rows]:
        yield from _unlike(f"level of {what} at boot", now[0], level.level)
    supply = tables.one("supply", line.element("supply"))
    yield from _unlike(f"voltage of {what} at boot", int(supply.facts["boot"]), now[1])
    clock = line.element("clock")
    rates = tables.one("rates", clock)
    yield from _unlike(f"rate of {what} at boot", int(rates.facts["boot"]), now[2] * 1000)
    if domain.clock is not None:
        yield from _unlike(f"clock of {what}", clock, domain.clock)
    elif clock in {item.id for item in configuration.clocks}:
        yield f"{what} sets clock {clock}, which agents know; in runtime.json it sets none"
    if not {row[2] * 1000 for row in rows} <= set(map(int, rates.values)):
        yield f"{what} has frequencies that its clock has not"
    known = {row[0]: row[1] for row in rows}
    wanted = {known[it.level]: it.voltage or 0 for it in domain.levels if it.level in known}
    if domain.supply is not None:
        yield from _unlike(f"supply of {what}", supply.element("is"), domain.supply)
        pairs = dict(tuple(map(int, word.split("/"))) for word in supply.values)
        yield from _unlike(f"voltages of the supply of {what}", pairs, wanted)
    if domain.supply is not None and level.voltage is not None:
        boot = int(tables.one("levels", domain.supply).facts["boot"])
        yield from _unlike(f"supply of {what} at boot", boot, level.voltage)


def _sensor(tables: Tables, sensor: runtime.Sensor) -> Iterator[str]:
    what = f"sensor {sensor.id}"
    line = tables.one("sensor", sensor.id)
    yield from _name(what, line, sensor)
    yield from _unlike(f"type of {what}", int(line.facts["type"]), sensor.type)
    yield from _unlike(f"exponent of {what}", int(line.facts["multiplier"]), sensor.exponent)
    yield from _unlike(f"trip points of {what}", int(line.facts["points"]), sensor.trip_points)
