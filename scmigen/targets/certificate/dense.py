"""The facts of a certificate in few lines: clingo takes longer to read them than to check them."""

from collections.abc import Iterable
from itertools import count

from scmigen.data import Data
from scmigen.scmi.operations import Operation
from scmigen.targets.certificate.grants import GrantRow
from scmigen.targets.certificate.uses import PLATFORM, UseRow

#: Agent, device, resource, and an operation or `VOTES`; the last is what the tree says of it.
HasRow = tuple[int, str, str, str, str]
#: Entry, agent, device, resource, operation, and what the tree says of it.
NeedRow = tuple[int, int, str, str, str, str]
#: Agent, device, resource.
Place = tuple[int, str, str]

#: The two operations that most uses have, and what stands for both. A line for what is needed and
#: allowed has nothing else: what decides has an entry, and of limits the checker shows more.
_BOTH, VOTES = frozenset({Operation.STATE, Operation.READ}), "state_read"
#: What decides for everybody.
_DECIDES = frozenset(
    {
        *(Operation.RATE, Operation.PARENT, Operation.LEVEL),
        *(Operation.RESET, Operation.CONFIG),
    }
)


class Lines(Data):
    """What is needed and allowed, what is needed only by some entry, and what is allowed alone."""

    has: tuple[HasRow, ...]
    needs: tuple[NeedRow, ...]
    grants: tuple[tuple[int, str, str, str], ...]

    def count(self) -> int:
        """How many needs and grants these are: two where both are one line."""
        return 2 * len(self.has) + len(self.needs) + len(self.grants)


def lines_of(uses: Iterable[UseRow], grants: Iterable[GrantRow]) -> Lines:
    """A line for what a device needs and is allowed, another one for each need or grant alone.

    An entry with a number, and what the platform needs, stay needs: they are no reason for
    themselves. What decides for everybody is an entry of its own, as it is nothing if it is not
    allowed.
    """
    allowed: dict[Place, dict[str, None]] = {}
    for agent, device, term, operations in grants:
        allowed.setdefault((agent, device, term), {}).update(dict.fromkeys(operations))
    uses = tuple(uses)
    plain, needs = _needs(uses)
    entries = count(len(uses) + 1)
    numbered = {row[1:5] for row in needs}
    has: list[HasRow] = []
    for place, wanted in plain.items():
        granted = allowed.get(place, {})
        both = [
            each
            for each in wanted
            if each in _BOTH
            and each in granted
            and (*place, each) not in numbered
            and _is_device_of_agent(place)
        ]
        for each in both:
            del granted[each]
        has += ((*place, each, wanted[both[0]]) for each in _joined(both))
        alone = ((each, said) for each, said in wanted.items() if each not in both)
        needs.update(
            ((next(entries) if each in _DECIDES else 0, *place, each, said), None)
            for each, said in alone
        )
    rest = ((*place, each) for place, granted in allowed.items() for each in granted)
    return Lines(has=tuple(has), needs=tuple(needs), grants=tuple(rest))


def _needs(uses: Iterable[UseRow]) -> tuple[dict[Place, dict[str, str]], dict[NeedRow, None]]:
    """What is needed whatever else is, each with what the tree says of it; and the other needs."""
    plain: dict[Place, dict[str, str]] = {}
    numbered: dict[NeedRow, None] = {}
    for use in uses:
        said = f"{use.entry}, {use.at}" if use.at else use.entry
        place = use.agent, use.device, use.term
        for operation in use.operations:
            if use.entry_number:
                numbered[use.entry_number, *place, operation, said] = None
            else:
                plain.setdefault(place, {}).setdefault(operation, said)
    return plain, numbered


def _is_device_of_agent(place: Place) -> bool:
    """Whether a need is that of an agent on a single resource, not on a protocol as a whole."""
    return place[0] != PLATFORM and "(" in place[2]


def _joined(operations: list[str]) -> list[str]:
    if not set(operations) >= _BOTH:
        return operations
    return [VOTES, *(each for each in operations if each not in _BOTH)]
