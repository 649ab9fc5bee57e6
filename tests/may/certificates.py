"""Certificates as facts: read, changed at random, and put to clingo or to the definition."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from scmigen.scmi.may import Configuration, Device, Need, settle
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

_FACT = re.compile(r"^([a-z_]+)\((.*?)\)\.(?: %.*)?$", re.MULTILINE)
_RESOURCE = re.compile(r"^% ([a-z]+\(\d+\)|base|system): .*?(?:, (/.*))?$", re.MULTILINE)
_ARGUMENT = re.compile(r'("(?:[^"\\]|\\.)*"|[^,"(]+\((?:"(?:[^"\\]|\\.)*"|[^)"])*\)|[^,]+)(?:, |$)')
_DECIDES = ("rate", "parent", "level", "reset", "config")
#: What is not one of the facts that are counted.
_COUNTS = {"board": 0, "agent": 0, "has": 2}
#: The form of facts that the rules are for.
FORM = "3"


class Fact(NamedTuple):
    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})."


Facts = frozenset[Fact]


def read(text: str) -> Facts:
    """The facts, a need and a grant for each `has`, with the resources that comments tell."""
    resources = {Fact("resource", (term, f'"{at}"')) for term, at in _RESOURCE.findall(text)}
    found = {Fact(m[1], tuple(_ARGUMENT.findall(m[2]))) for m in _FACT.finditer(text)}
    return frozenset(resources.union(*map(_apart, found)))


def _apart(fact: Fact) -> set[Fact]:
    if fact.name != "has":
        return {fact}
    *place, joined = fact.arguments
    operations = joined.split("_")
    needs = {Fact("need", ("0", *place, each)) for each in operations}
    return needs | {Fact("grant", (*place, each)) for each in operations}


def _together(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts as they are written: what is needed, by no entry, and allowed is one line."""
    found = {fact for fact in facts if fact.name != "resource"}
    needs = [fact.arguments for fact in found if fact.name == "need"]
    numbered = {need[1:] for need in needs if need[0] != "0"}
    both = {
        place
        for entry, *rest in needs
        if entry == "0" and (place := tuple(rest)) not in numbered
        if place[3] in ("state", "read")
        and place[0] != "0"
        and "(" in place[2]
        and Fact("grant", place) in found
    }
    for name, arguments in sorted(found):
        if (arguments if name == "grant" else arguments[1:] if name == "need" else ()) not in both:
            yield Fact(name, arguments)
    for *place, operation in sorted(both):
        votes = {(*place, "state"), (*place, "read")} <= both
        if not votes or operation not in ("state", "read"):
            yield Fact("has", (*place, operation))
        elif operation == "state":
            yield Fact("has", (*place, "state_read"))


def of(facts: Iterable[Fact], name: str) -> list[tuple[str, ...]]:
    return sorted(fact.arguments for fact in facts if fact.name == name)


def refused(facts: Iterable[Fact], rules: str) -> list[str]:
    """What clingo says is refused, of facts that are all there: as their number says."""
    counted = [fact for fact in _together(facts) if fact.name != "whole"]
    number = sum(_COUNTS.get(fact.name, 1) for fact in counted)
    text = "\n".join(map(str, (*counted, Fact("whole", (str(number), FORM))))) + "\n" + rules
    return [each for each in shown(text) if each.startswith("refused")]


def shown(text: str) -> list[str]:
    """What clingo shows of a certificate and its rules, whether it is refused or not."""
    import clingo

    control = clingo.Control(["-c", "why=1"], logger=lambda *_: None)
    control.add("base", [], text)
    control.ground([("base", [])])
    with control.solve(yield_=True) as models:
        return sorted(str(each) for model in models for each in model.symbols(shown=True))


Row = tuple[str, str, str, str]


def granted(facts: Iterable[Fact]) -> frozenset[tuple[str, ...]]:
    """Agent, device, resource, operation of all that the certificate says is allowed."""
    return frozenset(of(facts, "grant"))


def defined(facts: Facts) -> frozenset[tuple[str, ...]]:
    """The same, by the definition (`scmigen.scmi.may`), for all agents but the platform."""
    boot, later = (
        {(device, agent) for device, agent, when in of(facts, "device") if when == wanted}
        for wanted in ("boot", "later")
    )
    devices = {
        device: Device(
            frozenset(int(agent) for name, agent in boot if name == device),
            frozenset(int(agent) for name, agent in later if name == device),
        )
        for device, _ in boot | later
    }
    owners = {_resource(term): int(agent) for term, agent in of(facts, "owner")}
    known = settle(devices, _needs(facts, boot | later), owners)
    rights = {
        (agent, device, term, operation)
        for _, agent, device, term, operation in of(facts, "need")
        if term in ("base", "system") and (device, agent) in boot
    }
    return frozenset({*_rows(known), *rights})


def _resource(term: str) -> tuple[Kind, int]:
    """Its kind and number; what is not served has one below 0, made of its name."""
    kind, _, number = term.partition("(")
    if kind == "other":
        kind, _, name = number.strip('")').partition(" ")
        return Kind(kind), -1 - sum(256**i * byte for i, byte in enumerate(name.encode()))
    return Kind(kind), int(number.rstrip(")"))


def _needs(facts: Facts, has: set[tuple[str, str]]) -> Iterator[Need]:
    after = dict(of(facts, "after"))
    wholes: dict[tuple[str, str, str], dict[tuple[Kind, int], set[Operation]]] = {}
    for entry, agent, device, term, operation in of(facts, "need"):
        if agent == "0" or term in ("base", "system") or (device, agent) not in has:
            continue
        resource, wanted = _resource(term), Operation(operation)
        if entry == "0":
            yield Need(int(agent), device, ((resource, frozenset({wanted})),))
        else:
            whole = wholes.setdefault((after.get(entry, entry), agent, device), {})
            whole.setdefault(resource, set()).add(wanted)
    for (_, agent, device), wants in wholes.items():
        parts = tuple((resource, frozenset(each)) for resource, each in wants.items())
        yield Need(int(agent), device, parts, whole=True)


def _rows(known: Configuration) -> Iterator[Row]:
    for (agent, (kind, number)), openings in known.openings.items():
        for device, operations in openings if number >= 0 else ():
            for operation in operations:
                yield str(agent), str(device), f"{kind}({number})", str(operation)


def _swap(facts: Facts, name: str, old: tuple[str, ...], *new: tuple[str, ...]) -> Facts:
    return facts - {Fact(name, old)} | {Fact(name, each) for each in new}


def _other(random: Random, facts: Facts, agent: str) -> str:
    every = [number for number, _ in of(facts, "agent") if number not in ("0", agent)]
    return random.choice(every or [agent])


def _terms(facts: Facts, like: str) -> list[str]:
    """The resources of the kind of another one."""
    kind = like.partition("(")[0]
    return [term for term, _ in of(facts, "resource") if term.partition("(")[0] == kind]


def _operations(term: str) -> list[str]:
    if term in ("base", "system"):
        return ["change"] if term == "base" else ["state", "read"]
    return [str(each) for each in OPERATIONS[Kind(term.partition("(")[0])]]


def _a_grant(random: Random, facts: Facts) -> tuple[str, ...]:
    return random.choice(sorted(granted(facts)))


def bit_set(random: Random, facts: Facts) -> Facts:
    agent, device, term, _ = _a_grant(random, facts)
    to = random.choice(_terms(facts, term))
    return facts | {Fact("grant", (agent, device, to, random.choice(_operations(to))))}


def bit_cleared(random: Random, facts: Facts) -> Facts:
    return _swap(facts, "grant", _a_grant(random, facts))


def other_agent(random: Random, facts: Facts) -> Facts:
    old = agent, device, term, operation = _a_grant(random, facts)
    return _swap(facts, "grant", old, (_other(random, facts, agent), device, term, operation))


def other_number(random: Random, facts: Facts) -> Facts:
    old = agent, device, term, operation = _a_grant(random, facts)
    to = random.choice(_terms(facts, term))
    return _swap(facts, "grant", old, (agent, device, to, operation))


def other_device(random: Random, facts: Facts) -> Facts:
    old = agent, _, term, operation = _a_grant(random, facts)
    device = random.choice(of(facts, "device"))[0]
    return _swap(facts, "grant", old, (agent, device, term, operation))


def raised(random: Random, facts: Facts) -> Facts:
    """A right that only reads or votes becomes one that decides."""
    old = agent, device, term, operation = _a_grant(random, facts)
    above = [each for each in _operations(term) if each in _DECIDES] or [operation]
    return _swap(facts, "grant", old, old, (agent, device, term, random.choice(above)))


def ancestor(random: Random, facts: Facts) -> Facts:
    """What feeds a resource is allowed along with it."""
    edges = [edge for edge in of(facts, "feeds") if not edge[0].startswith("other")]
    if not edges:
        return facts
    above, below = random.choice(edges)
    having = [row for row in granted(facts) if row[2] == below and row[0] != "0"]
    if not having:
        return facts
    agent, device, *_ = random.choice(sorted(having))
    new = {Fact("grant", (agent, device, above, each)) for each in _operations(above)}
    return facts | new


def union_of_guests(random: Random, facts: Facts) -> Facts:
    """An agent has what another one has, too."""
    agent = _a_grant(random, facts)[0]
    to = _other(random, facts, agent)
    return facts | {Fact("grant", (to, *row[1:])) for row in granted(facts) if row[0] == agent}


def right_given(random: Random, facts: Facts) -> Facts:
    agent, name = random.choice(of(facts, "agent"))
    term = random.choice(("base", "system"))
    said = f'"said of {name[1:]}'
    return facts | {Fact("grant", (agent, said, term, random.choice(_operations(term))))}


def kept_changed(random: Random, facts: Facts) -> Facts:
    """The platform keeps on what it does not, or not what it does."""
    kept = [row for row in granted(facts) if row[0] == "0" and row[3] == "state"]
    if kept and random.random() < 0.5:
        return _swap(facts, "grant", random.choice(sorted(kept)))
    every = [term for term, _ in of(facts, "resource") if "state" in _operations(term)]
    row = "0", '"the platform"', random.choice(every), "state"
    return facts | {Fact("grant", row)}


def owner_changed(random: Random, facts: Facts) -> Facts:
    owners = of(facts, "owner")
    if not owners:
        return facts
    old = term, agent = random.choice(owners)
    return _swap(facts, "owner", old, (term, _other(random, facts, agent)))


def owner_removed(random: Random, facts: Facts) -> Facts:
    owners = of(facts, "owner")
    return _swap(facts, "owner", random.choice(owners)) if owners else facts


def owner_added(random: Random, facts: Facts) -> Facts:
    _, _, term, _ = _a_grant(random, facts)
    owned = {each for each, *_ in of(facts, "owner")}
    if term in ("base", "system", *owned):
        return facts
    return facts | {Fact("owner", (term, _other(random, facts, "0")))}


def _a_device(random: Random, facts: Facts) -> tuple[str, ...]:
    return random.choice([row for row in of(facts, "device") if row[1] != "0"])


def device_shared(random: Random, facts: Facts) -> Facts:
    device, agent, _ = _a_device(random, facts)
    return facts | {Fact("device", (device, _other(random, facts, agent), "boot"))}


def device_moved(random: Random, facts: Facts) -> Facts:
    old = device, agent, when = _a_device(random, facts)
    return _swap(facts, "device", old, (device, _other(random, facts, agent), when))


def device_assignable(random: Random, facts: Facts) -> Facts:
    device, agent, _ = _a_device(random, facts)
    return facts | {Fact("device", (device, _other(random, facts, agent), "later"))}


def device_removed(random: Random, facts: Facts) -> Facts:
    return _swap(facts, "device", _a_device(random, facts))


#: The kinds of mutants: a permission is changed, or what permissions follow from.
MUTANTS: Mapping[str, Callable[[Random, Facts], Facts]] = {
    each.__name__: each
    for each in (
        *(bit_set, bit_cleared, other_agent, other_number, other_device, raised, ancestor),
        *(union_of_guests, right_given, kept_changed, owner_changed, owner_removed, owner_added),
        *(device_shared, device_moved, device_assignable, device_removed),
    )
}
