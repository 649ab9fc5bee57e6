"""The functions of a platform of OP-TEE or TF-A, and what their answers mean.

An operation is allowed where every message of it may be answered with success. What a driver
answers in the end, whose sources are not looked at, may be success; a value of run time that is
returned before that may be a denial.
"""

import re
from collections.abc import Iterator, Mapping

from scmigen.csource.cursor import SyntaxProblemError
from scmigen.csource.statements import body_of
from scmigen.csource.tree import Call, Cast, Conditional, Name, Number, Unary
from scmigen.csource.unit import Unit
from scmigen.csource.values import Choice, Unknown, Value
from scmigen.data import Data, fields
from scmigen.patterns import pattern
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: The place of the id among arguments.
ID = Unknown("the id")
#: A message: the function that answers it, and what that is given after the channel. The id comes
#: first where `ID` says no other place.
Message = tuple[str, tuple[Value, ...]]


class Calls(Data):
    """The functions of a kind: the count and the name, by their names in OP-TEE and TF-A; for each
    operation the ways to have it, each with all messages that it is made of."""

    count: tuple[str, ...]
    name: tuple[str, ...]
    operations: Mapping[Operation, tuple[tuple[Message, ...], ...]]


def _one(name: str, *given: tuple[Value, ...]) -> tuple[Message, ...]:
    return tuple((name, each) for each in given)


CALLS: Mapping[Kind, Calls] = {
    Kind.CLOCK: Calls(
        ("plat_scmi_clock_count",),
        ("plat_scmi_clock_get_name",),
        {
            Operation.STATE: (_one("plat_scmi_clock_set_state", (1,), (0,)),),
            Operation.RATE: (_one("plat_scmi_clock_set_rate", (Unknown("the rate"),)),),
            Operation.READ: (_one("plat_scmi_clock_get_rate", ()),),
        },
    ),
    Kind.RESET: Calls(
        ("plat_scmi_rd_count", "plat_scmi_rstd_count"),
        ("plat_scmi_rd_get_name", "plat_scmi_rstd_get_name"),
        {
            Operation.RESET: (
                _one("plat_scmi_rd_set_state", (1,), (0,)),
                _one("plat_scmi_rstd_set_state", (1,), (0,)),
                _one("plat_scmi_rd_autonomous", (0,)),
                _one("plat_scmi_rstd_autonomous", (0,)),
            ),
        },
    ),
    Kind.VOLTAGE: Calls(
        ("plat_scmi_voltd_count",),
        ("plat_scmi_voltd_get_name",),
        {
            Operation.STATE: (_one("plat_scmi_voltd_set_config", (7,), (0,)),),
            Operation.LEVEL: (_one("plat_scmi_voltd_set_level", (Unknown("the level"),)),),
            Operation.READ: (_one("plat_scmi_voltd_get_level", (Unknown("the place"),)),),
        },
    ),
    Kind.PERFORMANCE: Calls(
        ("plat_scmi_perf_count",),
        ("plat_scmi_perf_domain_name",),
        {
            Operation.LEVEL: (_one("plat_scmi_perf_level_set", (Unknown("the level"),)),),
            Operation.READ: (_one("plat_scmi_perf_level_get", (Unknown("the place"),)),),
        },
    ),
    Kind.POWER: Calls(
        ("plat_scmi_pd_count",),
        ("plat_scmi_pd_get_name",),
        {
            Operation.STATE: (_one("plat_scmi_pd_set_state", (0, ID, 0), (0, ID, 1 << 30)),),
            Operation.READ: (_one("plat_scmi_pd_get_state", ()),),
        },
    ),
}
#: Answers that are no: NOT_SUPPORTED, DENIED, NOT_FOUND. Those that are of the value that is asked
#: for: INVALID_PARAMETERS, OUT_OF_RANGE.
_REFUSALS = frozenset((-1, -3, -4))
_OF_VALUES = frozenset((-2, -5))
#: The least number that is a status.
_LEAST = -255
#: What a driver answers.
_DRIVER = pattern(r"what \w+\(\) gives is known only at run time")
#: What is no fault of the sources: the state of the hardware, or what was asked to be set before.
_RUN_TIME = pattern(r".*\bat run time\b.*|the (?:rate|level|place)", re.DOTALL)
#: Functions that give a value and no status, so that a value of run time is an answer.
_VALUES = frozenset(("plat_scmi_clock_get_rate", "plat_scmi_pd_get_state"))
_MAX_WALKED = 50


def verdict(answer: Value, told: list[Unknown], unit: Unit, function: str) -> bool | None:
    """Whether an answer is yes; None where the sources do not say. ``told`` gets the reasons for
    which that is so, but for those of run time."""
    every = answer.values if isinstance(answer, Choice) else (answer,)
    numbers = [_signed(each) for each in every if isinstance(each, int)]
    driver = False
    for place, each in enumerate(every):
        if not isinstance(each, Unknown):
            continue
        if not _RUN_TIME.fullmatch(each.why):
            told.append(each)
            return None
        ends = place == len(every) - 1 and _DRIVER.fullmatch(each.why) is not None
        if function not in _VALUES and (not ends or _may_refuse(unit, function, each)):
            return None
        driver = True
    others = any(not isinstance(each, int | Unknown) for each in every)
    success = driver or others or any(not _LEAST <= each < 0 for each in numbers)
    if not success:
        return False
    return None if _REFUSALS.intersection(numbers) else True


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 == 1 else value


def _may_refuse(unit: Unit, function: str, asked: Unknown) -> bool:
    """Whether a function, or one that it calls, has ``asked ? … : …`` with a refusal in it."""
    waiting, seen = [function], {function}
    while waiting:
        known = unit.known.functions.get(waiting.pop())
        if known is None:
            continue
        try:
            body = body_of(known, unit.evaluator.parser)
        except (SyntaxProblemError, RecursionError):
            return True
        for node in _nodes(body):
            if isinstance(node, Conditional) and _refuses(unit, node, asked):
                return True
            called = node.of.name if isinstance(node, Call) and isinstance(node.of, Name) else None
            if called is not None and called not in seen and len(seen) < _MAX_WALKED:
                seen.add(called)
                waiting.append(called)
    return False


def _refuses(unit: Unit, node: Conditional, asked: Unknown) -> bool:
    refused = any(
        isinstance(each, Number | Unary | Name | Cast) and unit.evaluator.value(each) in _REFUSALS
        for each in (node.yes, node.no)
    )
    return refused and any(isinstance(p, Call) and p.at == asked.at for p in _nodes(node.condition))


def _nodes(root: object) -> Iterator[object]:
    """All parts of a tree."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif isinstance(node, Data):
            yield node
            waiting.extend(getattr(node, name) for name in fields(node))
