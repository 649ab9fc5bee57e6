"""Targets: values that state how they differ from other targets.

Everything that a target needs to be usable by name is in its `Target`: options, limits, checks,
findings and files. ``docs/reference/targets.md`` shows how to add one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from scmigen.data import Data, field
from scmigen.diagnostics import Diagnostic, Finding, Position
from scmigen.hints import Any, Generic, TypeVar
from scmigen.model.platform import Platform
from scmigen.targets.common.files import File
from scmigen.targets.limits import NO_LIMITS, Limits

#: The keys and indices that lead to a value of the options.
Path = tuple[str | int, ...]


class Meta(Data):
    """What is said of a number or a text in ``Annotated``: the least and the largest; the pattern
    of the whole, the shortest and the longest. ``description``: what a right value is like, for
    people."""

    ge: int | None = None
    le: int | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    description: str | None = None


class Group(Data):
    """Base of a mapping inside the options of a target: each field is a key of the agents file,
    with hyphens for underscores, or that in ``KEYS``.

    Field types are ``bool``, ``int``, ``str``, ``Literal``, enumerations, tuples, mappings with
    string keys, groups, unions of scalars and at most one mapping, and ``None``; `Meta` adds
    bounds, and patterns that a whole string must match. A field without a default must be given.
    """

    KEYS = MappingProxyType[str, str]({})


class Options(Group):
    """Base of the options of a target. Each field needs a default: a user may give none of them."""

    #: Where the options were written; not an option itself.
    positions: Mapping[Path, Position] = field(default_factory=dict)

    def at(self, *path: str | int) -> Position | None:
        """The position of an option, or of the nearest one above it that has a position."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path)


class NoOptions(Options):
    """The options of a target that has none."""


OptionsT = TypeVar("OptionsT", bound=Options)


def _nothing(*_: Any) -> Iterable[Any]:
    return ()


class Many(Enum):
    """How an output has a board of many SCMI instances (`scmigen.model.joint.MANY`)."""

    #: A folder for each instance, and only where the output is named. Files that are alike whatever
    #: the instance (`File.alike`) are in the output's own folder.
    EACH = "each"
    #: The files of all instances in one folder; a folder for each where two have one path.
    TOGETHER = "together"
    #: One platform that has all instances, with an agent for each that one serves
    #: (`scmigen.model.joint.joint`).
    APART = "apart"
    #: One platform that has all instances, with the agents as they are.
    JOINT = "joint"


class Target(Data, Generic[OptionsT]):
    """An output of a platform.

    ``about`` completes the sentence "NAME: …" for people. ``files`` makes the files, with paths
    relative to the target's folder; it may rely on `limits` and ``check`` having found no error.
    ``check`` yields what the target cannot hold or leaves out. ``check_options`` yields what is
    wrong with the options that the user gave, for the platforms of a board; it runs in
    ``scmigen check``, too, whether or not the output is asked for. ``findings`` are those that the
    target raises, besides those of its limits. ``inherits``: the target whose options apply where
    those of this target are not given. ``reads``: the files that these options have it read, which
    a build depends on. ``many``: how it has a board of many SCMI instances. ``values``: whether its
    files have rates, levels or voltages, so that assumed ones matter.
    """

    name: str
    about: str
    files: Callable[[Platform, OptionsT], Iterable[File]]
    options: type[OptionsT]
    limits: Limits = NO_LIMITS
    check: Callable[[Platform, OptionsT], Iterable[Diagnostic]] = _nothing
    check_options: Callable[[Sequence[Platform], OptionsT], Iterable[Diagnostic]] = _nothing
    findings: tuple[Finding, ...] = ()
    inherits: str | None = None
    reads: Callable[[OptionsT], Iterable[str]] = _nothing
    many: Many = Many.EACH
    values: bool = True

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding the target can raise."""
        return (*self.limits.findings, *self.findings)
