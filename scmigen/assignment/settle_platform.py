"""Options of the platform and severities of checks, from all sources together."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from scmigen.assignment.assignment import (
    AlwaysOn,
    Assumption,
    Extra,
    Owner,
    PlatformOptions,
    Switch,
)
from scmigen.assignment.findings import OPTION_DIFFERS, PROVIDER_DIFFERS
from scmigen.assignment.given import NO_OUTPUTS
from scmigen.assignment.said import PlatformSaid, Said
from scmigen.bindings.facts import ProviderClass, ResourceKey
from scmigen.bindings.opp_bins import OppBin
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.hints import Any, TypeVar

T = TypeVar("T")

#: Rate in Hz of a clock that the tree has no rate for.
CLOCK_RATE = 100_000_000
VENDOR = "scmigen"


class _Settling:
    """Settles one option after the other; the first source that states one wins."""

    def __init__(self, sources: Sequence[PlatformSaid]) -> None:
        self._sources = sources
        self.problems: list[Diagnostic] = []

    def one(self, title: str, get: Callable[[PlatformSaid], Said[T] | None]) -> Said[T] | None:
        """An option, if any source states it."""
        said = [value for source in self._sources if (value := get(source)) is not None]
        for other in said[1:]:
            if other.value != said[0].value:
                self.problems.append(_differs(title, said[0], other))
        return said[0] if said else None

    def classes(self) -> dict[str, dict[str, Position | None]]:
        """Class → provider path → position."""
        first: dict[str, Said[str]] = {}
        for source in self._sources:
            for path, said in source.classes.items():
                other = first.setdefault(path, said)
                if other.value != said.value:
                    self.problems.append(
                        PROVIDER_DIFFERS.error(
                            f"{path} is {said.value} here and {other.value} elsewhere",
                            said.position,
                            [Related(f"platform.{other.value}", other.position)],
                            "say one of the two",
                        )
                    )
        found: dict[str, dict[str, Position | None]] = {word.value: {} for word in ProviderClass}
        for path, said in first.items():
            found[said.value][path] = said.position
        return found

    def owners(self) -> Iterator[Owner]:
        """The owner of each resource."""
        first: dict[object, Owner] = {}
        for source in self._sources:
            for owner in source.owners:
                other = first.setdefault(owner.key, owner)
                if other is owner:
                    yield owner
                elif other.agent != owner.agent:
                    self.problems.append(
                        OPTION_DIFFERS.error(
                            f"the owner of {owner.key.kind} {owner.key} is {owner.agent} here and "
                            f"{other.agent} elsewhere",
                            owner.position,
                            [Related(f"owner {other.agent}", other.position)],
                            "name one owner",
                        )
                    )

    def always_on(self) -> Iterator[AlwaysOn]:
        """What the platform keeps on; each resource once."""
        first: dict[ResourceKey, AlwaysOn] = {}
        for item in (item for source in self._sources for item in source.always_on):
            if first.setdefault(item.key, item) is item:
                yield item

    def bins(self) -> dict[str, OppBin]:
        """The chip of each OPP table."""
        first: dict[str, Said[OppBin]] = {}
        for path, said in (item for source in self._sources for item in source.bins.items()):
            other = first.setdefault(path, said)
            if other.value != said.value:
                self.problems.append(_differs(f"platform.opp of {path}", other, said))
        return {path: said.value for path, said in first.items()}

    def assumptions(self) -> Iterator[Assumption]:
        """What is assumed; that of one resource once."""
        first: dict[frozenset[ResourceKey], Assumption] = {}
        for item in (item for source in self._sources for item in source.assumptions):
            other = first.setdefault(item.keys, item) if item.exact else item
            if other is item:
                yield item
            elif replace(other, position=item.position) != item:
                title = f"platform.assume of {item.kind} {next(iter(item.keys))}"
                self.problems.append(
                    _differs(title, Said(other, other.position), Said(item, item.position))
                )


def _differs(title: str, first: Said[Any], second: Said[Any]) -> Diagnostic:
    return OPTION_DIFFERS.error(
        f"{title} is given twice with different values",
        second.position,
        [Related("the first", first.position)],
        "say it once, or the same in both",
    )


def _or(said: Said[T] | None, default: T) -> T:
    return default if said is None else said.value


def settle_platform(
    sources: Sequence[PlatformSaid],
) -> tuple[PlatformOptions, tuple[Diagnostic, ...]]:
    """The options of the platform, and an error for each that two sources state differently."""
    settling = _Settling(sources)
    classes = settling.classes()
    extra = settling.one("platform.extra", lambda said: said.extra)
    rate = settling.one("platform.assume.clock-rate", lambda said: said.clock_rate)
    options = PlatformOptions(
        managed=classes["managed"],
        fixed=classes["fixed"],
        local=classes["local"],
        owners=tuple(settling.owners()),
        always_on=tuple(settling.always_on()),
        clock_rate=_or(rate, CLOCK_RATE),
        assumptions=tuple(settling.assumptions()),
        bins=settling.bins(),
        vendor=_or(settling.one("platform.vendor", lambda said: said.vendor), VENDOR),
        sub_vendor=_or(settling.one("platform.sub-vendor", lambda said: said.sub_vendor), ""),
        grace=_or(settling.one("platform.system-power.grace", lambda said: said.grace), 0),
        extra=None if extra is None else Extra(extra.value, extra.position),
        outputs=sum((source.outputs for source in sources), NO_OUTPUTS),
    )
    return options, tuple(settling.problems)


def settle_switches(
    switches: Iterable[Switch],
) -> tuple[tuple[Switch, ...], tuple[Diagnostic, ...]]:
    """The severity of each check, and an error for each that is given two, or two reasons."""
    first: dict[str, Switch] = {}
    problems = []
    for switch in switches:
        other = first.setdefault(switch.word, switch)
        if (other.severity, other.reason) != (switch.severity, switch.reason):
            problems.append(
                OPTION_DIFFERS.error(
                    f"check {switch.word} is {switch.severity} here and {other.severity} elsewhere"
                    if switch.severity != other.severity
                    else f"check {switch.word} has two reasons",
                    switch.position,
                    [Related("the first", other.position)],
                    "say it once, or the same in both",
                )
            )
    return tuple(first.values()), tuple(problems)
