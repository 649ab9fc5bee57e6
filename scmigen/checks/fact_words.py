"""How facts of resources are said: what they are called, and their values in units for people."""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from scmigen.diagnostics import counted
from scmigen.hints import Any, Final
from scmigen.runtime.facts import REFERENCES
from scmigen.scmi.protocols import Kind
from scmigen.scmi.units import unit as unit_of_sensor
from scmigen.tuples import NamedTuple

#: What resources are called, by kind and number of a build.
Called = Mapping[tuple[Kind, int], str]


class Fact(NamedTuple):
    """What a fact is called, and what its value counts: a key of `_TEXTS`, or a unit. A fact that
    holds or not has a sentence that begins with one of `_VERBS`, and no unit."""

    called: str
    unit: str = ""


#: By kind, where fields of the same name mean different things.
_OF_KIND: Final[Mapping[tuple[Kind | None, str], Fact]] = {
    (Kind.CLOCK, "latency"): Fact("latency of a change of the rate", "µs"),
    (Kind.POWER, "latency"): Fact("latency of switching", "µs"),
    (Kind.RESET, "latency"): Fact("latency of a reset", "µs"),
    (Kind.VOLTAGE, "latency"): Fact("latency of a change of the level", "µs"),
    (Kind.SENSOR, "latency"): Fact("latency of a reading", "µs"),
    (Kind.POWERCAP, "latency"): Fact("latency of a change of the cap", "µs"),
    (Kind.CLOCK, "asynchronous"): Fact("can change its rate asynchronously"),
    (Kind.POWER, "asynchronous"): Fact("can be switched asynchronously"),
    (Kind.RESET, "asynchronous"): Fact("can be reset asynchronously"),
    (Kind.VOLTAGE, "asynchronous"): Fact("can change its level asynchronously"),
    (Kind.SENSOR, "asynchronous"): Fact("can be read asynchronously"),
    (Kind.POWERCAP, "asynchronous"): Fact("can change its cap asynchronously"),
    (Kind.SENSOR, "type"): Fact("type", "sensor"),
    (Kind.SENSOR, "power"): Fact("power", "µW"),
    (Kind.VOLTAGE, "step"): Fact("step", "V"),
    (Kind.TELEMETRY, "unit"): Fact("unit"),
    (Kind.TELEMETRY, "rate"): Fact("rate of timestamps", "kHz"),
    (Kind.TELEMETRY, "size"): Fact("size", "bytes"),
}
_FACTS: Final[Mapping[str, Fact]] = {
    "rates": Fact("rates", "Hz"),
    "rate": Fact("rate at boot", "Hz"),
    "step": Fact("step", "Hz"),
    "levels": Fact("levels", "V"),
    "level": Fact("level at boot", "V"),
    "power": Fact("power domain"),
    "enable_delay": Fact("delay of turning on", "µs"),
    "rate_limit": Fact("shortest time between two changes", "µs"),
    "intervals": Fact("update intervals", "s"),
    "telemetry_intervals": Fact("telemetry intervals", "s"),
    "resolution": Fact("resolution", "scaled"),
    "minimum_cap": Fact("lowest cap", "cap"),
    "maximum_cap": Fact("highest cap", "cap"),
    "cap_step": Fact("step of caps", "cap"),
    "cap": Fact("cap at boot", "cap"),
    "sustainable_power": Fact("sustainable power", "cap"),
    "minimum_pai": Fact("shortest interval of measurements", "µs"),
    "maximum_pai": Fact("longest interval of measurements", "µs"),
    "pai_step": Fact("step of intervals of measurements", "µs"),
    "pai": Fact("interval of measurements at boot", "µs"),
    "minimum_cai": Fact("shortest interval of the cap", "µs"),
    "maximum_cai": Fact("longest interval of the cap", "µs"),
    "cai_step": Fact("step of intervals of the cap", "µs"),
    "cai": Fact("interval of the cap at boot", "µs"),
    "unit": Fact("unit", "unit"),
    "performance_power": Fact("unit of the power of levels", "unit"),
    "system_power_grace": Fact("time before a graceful shutdown", "ms"),
    "always_on": Fact("is held on by the platform itself"),
    "notifications": Fact("can tell agents of its changes"),
    "settable": Fact("can be switched"),
    "fastchannels": Fact("has FastChannels"),
    "indexed": Fact("is set by the index of a level"),
    "updates": Fact("can tell agents of each reading"),
    "segmented": Fact("can be set to a range of update intervals"),
    "timestamps": Fact("has timestamps"),
    "monitoring": Fact("can be measured"),
    "persistent": Fact("is kept over a reset"),
}
#: The verbs of what holds or not, denied; and what is said of a build then.
_VERBS: Final[Mapping[str, tuple[str, str, str]]] = {
    "is": ("is not", "it is", "it is not"),
    "can": ("cannot", "it can", "it cannot"),
    "has": ("has no", "it has them", "it has none"),
}
_POWER_UNITS: Final = MappingProxyType({"uW": "µW", "mW": "mW", "abstract": "of an abstract scale"})


def fact_of(kind: Kind | None, name: str) -> Fact:
    """How a fact of such a resource, or of the platform, is said."""
    known = _OF_KIND.get((kind, name)) or _FACTS.get(name)
    return known or Fact(name.replace("_", " "))


def difference_word(
    kind: Kind,
    name: str,
    there: tuple[Any, Mapping[str, Any]],
    here: tuple[Any, Mapping[str, Any]],
    called: Called,
) -> str:
    """``has rate at boot 24 MHz; in a build, 48 MHz``, or ``cannot be switched; in a build, it
    can``: a fact of both sides, each with all facts of its resource."""
    fact = fact_of(kind, name)
    verb, _, rest = fact.called.partition(" ")
    if isinstance(there[0], bool) and verb in _VERBS:
        denied, does, does_not = _VERBS[verb]
        said = fact.called if there[0] else f"{denied} {rest}"
        return f"{said}; in a build, {does if here[0] else does_not}"
    theirs, mine = (value_word(kind, name, value, facts, called) for value, facts in (there, here))
    return f"has {fact.called} {theirs}; in a build, {mine}"


def value_word(
    kind: Kind | None, name: str, value: Any, facts: Mapping[str, Any], called: Called
) -> str:
    """The value of a fact with its unit; ``facts`` are all that the resource has."""
    other = None if kind is None else REFERENCES.get((kind, name))
    if value is None or value == []:
        return "none"
    if other is not None:
        numbers = value if isinstance(value, list) else [value]
        return _cut(", ".join(called.get((other, n), f"{other} {n}") for n in numbers))
    unit = fact_of(kind, name).unit
    if unit == "cap":
        unit = _POWER_UNITS.get(facts.get("unit", "uW"), "")
    if unit in _TEXTS:
        return _TEXTS[unit](value)
    return f"{plain_text(value)} {unit}".rstrip()


def plain_text(value: Any) -> str:
    """A value for people, as short as it can be."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 100


def hertz(rates: Sequence[int]) -> str:
    """``487.5 MHz, 600 MHz``; those in the middle are counted where there are many."""
    return _several(rates, 1_000_000, "MHz", "rate") or "no frequencies"


def millivolts(levels: Sequence[int]) -> str:
    """``712.5 mV, 900 mV`` of µV, as `hertz` has it."""
    return _several(levels, 1000, "mV", "level")


def _several(values: Sequence[int], factor: int, unit: str, what: str) -> str:
    if len(values) > _MANY:
        first, last = (_several(some, factor, unit, what) for some in (values[:2], values[-1:]))
        return f"{first}, … {last} ({counted(len(values), what)})"
    return ", ".join(f"{_decimal(Decimal(value) / factor)} {unit}" for value in values)


_MANY = 24


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: Mapping[str, int], exponent: int = 0) -> str:
    """A value with its power of ten; ``exponent`` is the usual one, which is left out."""
    return _decimal(Decimal(value["value"]).scaleb(value.get("exponent", exponent)))


def _seconds(intervals: Sequence[Mapping[str, int]]) -> str:
    said = [f"{_scaled(each, _INTERVAL_EXPONENT)} s" for each in intervals[: _MANY + 1]]
    return ", ".join(said[:_MANY]) + (", …" if len(said) > _MANY else "")


#: What an interval has that says no exponent: ms.
_INTERVAL_EXPONENT = -3

_TEXTS: Final[Mapping[str, Callable[[Any], str]]] = {
    "Hz": lambda value: hertz(value if isinstance(value, list) else [value]),
    "V": lambda value: millivolts(value if isinstance(value, list) else [value]),
    "s": _seconds,
    "scaled": _scaled,
    "unit": lambda value: _POWER_UNITS.get(value, value),
    "sensor": lambda value: unit_of_sensor(value, 0),
}
