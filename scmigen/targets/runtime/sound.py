"""Whether a configuration plainly is one that a server reads.

Reading it back tells that, and what is wrong, but has to make the schema for it. What is here is
stricter where that is shorter; all else of `scmigen.runtime.checks` holds as a platform is made.
"""

from collections.abc import Sequence
from itertools import pairwise

from scmigen.hints import Any
from scmigen.targets.runtime.rows import Row

#: The largest number that every structure holds in every field, but for ...
LARGEST = 0x7FFF_FFFF
#: ... those of the fields of all structures, ...
LARGEST_OF = {"id": 0xFFFF, "resource": 0xFFFF, "cells": 0xFFFF_FFFF}
#: ... and of some.
LARGEST_IN = {
    "Agent": {"id": 254},
    "Clock": dict.fromkeys(("rates", "rate", "step"), 0x7FFF_FFFF_FFFF_FFFF),
    "PerformanceLevel": {"latency": 0xFFFF},
    "Runtime": {"system_power_grace": 3_600_000},
    "Sensor": {"trip_points": 0xFF},
    "Transport": {"smc_id": 0xFFFF_FFFF, "channel": 0xFFFF_FFFF},
}
#: The longest text of a field that has bounds; names of devices have none.
LONGEST = {"name": 63, "vendor": 15, "sub_vendor": 15}
UNBOUNDED = "Device"


def is_sound(configuration: Row) -> bool:
    """Whether its numbers and names are within bounds, and in the order that they must have."""
    lists = [rows for rows in configuration.values() if isinstance(rows, tuple)]
    grants = [
        rows for agent in configuration["agents"] for rows in agent.get("grants", {}).values()
    ]
    return (
        _fits(configuration)
        and all(_ascend([row["id"] for row in rows]) for rows in (*lists, *grants))
        and all(map(_in_order, (*configuration.get("clocks", ()), *_levelled(configuration))))
        and all(map(_ends, map(configuration.get, ("power_domains", "voltage_domains"))))
    )


def _levelled(configuration: Row) -> Sequence[Row]:
    return (
        *configuration.get("voltage_domains", ()),
        *configuration.get("performance_domains", ()),
    )


def _fits(row: Row) -> bool:
    """Whether all that a row has is within bounds."""
    within = LARGEST_IN.get(row.struct, {})
    for name, value in row.items():
        largest = within.get(name) or LARGEST_OF.get(name, LARGEST)
        longest = LONGEST.get(name) if row.struct != UNBOUNDED else None
        if not _is_within(value, largest, longest):
            return False
    return True


def _is_within(value: Any, largest: int, longest: int | None) -> bool:
    if isinstance(value, int):
        return 0 <= value <= largest
    if isinstance(value, str):
        return longest is None or 0 < len(value) <= longest
    if isinstance(value, Row):
        return _fits(value)
    parts = value.values() if isinstance(value, dict) else value
    return parts is None or all(_is_within(each, largest, longest) for each in parts)


def _ascend(numbers: Sequence[int]) -> bool:
    return all(first < second for first, second in pairwise(numbers))


def _in_order(row: Row) -> bool:
    """Whether the rates or levels ascend, and the step between them is one."""
    steps = row.get("rates") or row.get("levels", ())
    numbers = [each["level"] if isinstance(each, Row) else each for each in steps]
    return _ascend(numbers) and row.get("step") != 0


def _ends(rows: Sequence[Row] | None) -> bool:
    """Whether none of the rows is below itself."""
    parents = {row["id"]: row.get("parent") for row in rows or ()}
    sound: set[int | None] = {None}
    for number in parents:
        path: set[int | None] = set()
        at: int | None = number
        while at not in sound:
            if at in path:
                return False
            path.add(at)
            at = parents.get(at)
        sound |= path
    return True
