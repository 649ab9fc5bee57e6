"""Options of the platform and severities of checks, from all sources together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from scmigen.assignment.assignment import Extra, Owner, PlatformOptions, Switch, Target
from scmigen.assignment.findings import OPTION_DIFFERS, PROVIDER_DIFFERS
from scmigen.assignment.said import PlatformSaid, Said
from scmigen.bindings.facts import ProviderClass
from scmigen.diagnostics import Diagnostic, Position, Related

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

    def each(
        self, title: str, get: Callable[[PlatformSaid], Iterable[tuple[str, Said[T]]]]
    ) -> dict[str, T]:
        """A mapping whose entries come from all sources."""
        first: dict[str, Said[T]] = {}
        for source in self._sources:
            for key, said in get(source):
                if first.setdefault(key, said).value != said.value:
                    self.problems.append(_differs(f"{title} {key}", first[key], said))
        return {key: said.value for key, said in first.items()}

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
    trips = settling.one("platform.trip-points", lambda said: said.trip_points)
    channels = settling.one("platform.fast-channels", lambda said: said.fast_channels)
    options = PlatformOptions(
        managed=classes["managed"],
        fixed=classes["fixed"],
        local=classes["local"],
        owners=tuple(settling.owners()),
        drivers=settling.each("platform.drivers", lambda said: said.drivers.items()),
        clock_rate=_or(rate, CLOCK_RATE),
        vendor=_or(settling.one("platform.vendor", lambda said: said.vendor), VENDOR),
        sub_vendor=_or(settling.one("platform.sub-vendor", lambda said: said.sub_vendor), ""),
        target=_or(settling.one("platform.target", lambda said: said.target), Target.HOST),
        extra=None if extra is None else Extra(extra.value, extra.position),
        trip_points=_or(trips, False),
        fast_channels=None if channels is None else channels.value,
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
