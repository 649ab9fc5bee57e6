"""Resources by names of scmigen that are cut: 15 characters, the beginning of a longer name and
``~`` and the number that the resource had in that build."""

import sys
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from scmigen.model.platform import Model, Resource
from scmigen.runtime import Served, ServedResource
from scmigen.scmi.protocols import SHORT_NAME_SIZE, Kind

#: The board's resource of each number of a server, for one kind.
_Found = dict[int, Resource]
#: How often what is known decides more.
_ROUNDS = 4


def by_cut_names(served: Served, model: Model) -> Mapping[tuple[Kind, int], Resource]:
    """The resources of a board with the cut names of a server, by the server's numbers.

    Where several names begin so, the order tells which it is, if the server has all others in that
    of the board: between the neighbours that are known, one resource must be left.
    """
    found: dict[tuple[Kind, int], Resource] = {}
    for kind, theirs in served.resources.items():
        here = [item for each in model.platforms for item in each.resources.get(kind, ())]
        cut = [one for one in theirs if _stem(one)]
        if cut:
            found |= {(kind, number): one for number, one in _of_kind(theirs, cut, here).items()}
    return found


def _stem(one: ServedResource) -> str:
    """The beginning of a name that is cut; nothing for any other."""
    stem, mark, number = one.name.rpartition("~")
    return stem if mark and number == str(one.id) and len(one.name) == SHORT_NAME_SIZE - 1 else ""


def _of_kind(
    theirs: Sequence[ServedResource], cut: Sequence[ServedResource], here: Sequence[Resource]
) -> _Found:
    names = {item.name: item for item in here}
    whole = {one.id: names[one.name] for one in theirs if one.name in names}
    long = [item for item in here if len(item.name) >= SHORT_NAME_SIZE]
    stems = {
        stem: [item for item in long if item.name.startswith(stem)] for stem in map(_stem, cut)
    }
    beginning = {one.id: stems[_stem(one)] for one in cut}
    found: _Found = {}
    for _ in range(_ROUNDS):
        found |= dict(_decided({**whole, **found}, beginning))
        beginning = {number: each for number, each in beginning.items() if number not in found}
    return found


def _decided(
    known: Mapping[int, Resource], beginning: Mapping[int, Sequence[Resource]]
) -> Iterator[tuple[int, Resource]]:
    """What is certain now: one resource for one number, and no other number may be that one."""
    numbers = sorted(known)
    order = [known[number].number for number in numbers]
    ordered = order == sorted(order)
    taken = {item.key for item in known.values()}
    may_be: dict[int, list[Resource]] = {}
    for number, found in beginning.items():
        place = bisect(numbers, number)
        low = order[place - 1] if ordered and place else -1
        high = order[place] if ordered and place < len(order) else sys.maxsize
        between = (one for one in found if low < one.number < high and one.key not in taken)
        may_be[number] = list(islice(between, 2))
    wanted = Counter(found[0].key for found in may_be.values() if len(found) == 1)
    for number, found in may_be.items():
        if len(found) == 1 and wanted[found[0].key] == 1:
            yield number, found[0]
