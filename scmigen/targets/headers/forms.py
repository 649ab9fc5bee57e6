"""The forms of a header: a row for each, and how the names of its language are made."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from enum import Enum, StrEnum

from scmigen.assignment.assignment import Agent
from scmigen.data import Data
from scmigen.model.platform import Platform
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import numbered
from scmigen.targets.common.names import INFIX
from scmigen.targets.headers.numbers import Numbered, numbers_of, stem, stems


class FormName(StrEnum):
    """What the option ``forms`` has for a form."""

    DT_BINDINGS = "dt-bindings"
    C = "c"
    PYTHON = "python"


class Reader(Data):
    """Whom a file is for: an agent, or (``None``) everybody.

    ``words``: the platform and that agent as one upper-case identifier, but for a digit that it may
    begin with.
    """

    agent: Agent | None
    words: str

    @property
    def prefix(self) -> str:
        """``words`` as an identifier of C and Python."""
        return f"SCMI_{self.words}" if self.words[0].isdigit() else self.words


class Scope(Enum):
    """Where names must differ: in all files of a form, in each, in each kind of a file."""

    FORM = "form"
    FILE = "file"
    KIND = "kind"

    def of(self, reader: Reader, kind: Kind) -> Hashable:
        """What is the same for all names that must differ."""
        match self:
            case Scope.FORM:
                return None
            case Scope.FILE:
                return reader
            case Scope.KIND:
                return reader, kind


class Form(Data):
    """A way to write numbers down.

    ``path``: of the file for a reader. ``every_agent``: each agent has a file of what it may use,
    even where all have the same numbers. ``name``: of a resource, by reader, kind, and what all
    forms make their name of. ``scope``: where names must differ. ``table``: the name of a kind's
    table, which must differ from them. ``beside``: the form from whose names they must differ, as
    both can be included. ``remark`` begins each line of the notice.
    """

    template: str
    path: Callable[[Reader], str]
    every_agent: bool
    name: Callable[[Reader, Kind, str], str]
    scope: Scope
    remark: str
    table: Callable[[Reader, Kind], str] | None = None
    beside: FormName | None = None


def _define(_: Reader, kind: Kind, name: str) -> str:
    return f"SCMI_{INFIX[kind]}_{name}"


def _enumerator(reader: Reader, kind: Kind, name: str) -> str:
    """Enumerators are everywhere where they are included, so that they have the agent's name."""
    return f"{reader.prefix}_{INFIX[kind]}_{name}"


def _member(_: Reader, kind: Kind, name: str) -> str:
    """Upper case has no keywords; no name begins with an underscore, which enumerations take for
    something else, nor with a digit."""
    return f"{INFIX[kind]}_{name}" if name[0].isdigit() else name


FORMS = {
    FormName.DT_BINDINGS: Form(
        template="headers/dt-bindings.h.j2",
        path=lambda reader: f"dt-bindings/scmi/{reader.words.lower().replace('_', '-')}.h",
        every_agent=False,
        name=_define,
        scope=Scope.FILE,
        remark=" * ",
    ),
    FormName.C: Form(
        template="headers/enums.h.j2",
        path=lambda reader: f"c/{reader.prefix.lower()}.h",
        every_agent=True,
        name=_enumerator,
        scope=Scope.FORM,
        remark=" * ",
        table=lambda reader, kind: f"{reader.prefix}_{kind.name}_LIST",
        beside=FormName.DT_BINDINGS,
    ),
    FormName.PYTHON: Form(
        template="headers/enums.py.j2",
        path=lambda reader: f"python/{reader.prefix.lower()}.py",
        every_agent=True,
        name=_member,
        scope=Scope.KIND,
        remark="# ",
    ),
}


class Section(Data):
    """The numbers of one kind in a file: (name, what it is of); ``others``: (macro's name, number).

    ``table`` is the name of the kind's table, if the form has such.
    """

    kind: Kind
    rows: tuple[tuple[str, Numbered], ...]
    others: tuple[tuple[str, int], ...]
    table: str | None


def readers(form: Form, platform: Platform) -> Iterator[Reader]:
    """Whom the files of a form are for: one for everybody where it is the same."""
    if not form.every_agent and platform.numbering is Numbering.SHARED:
        yield Reader(None, stem(platform))
    else:
        names = stems(platform)
        for agent in platform.agents:
            yield Reader(agent, f"{stem(platform)}_{names[agent.id]}")


def sections_of(form: Form, platform: Platform) -> Iterator[tuple[Reader, tuple[Section, ...]]]:
    """The files of a form: whom each is for, and what it has, under names that do not meet."""
    names = _Names(form, frozenset(_names_beside(form, platform)))
    found = [(each, numbers_of(platform, each.agent)) for each in readers(form, platform)]
    tables = {
        (reader, kind): form.table and names.free(reader, kind, form.table(reader, kind))
        for reader, numbers in found
        for kind in numbers
    }
    for reader, numbers in found:
        yield (
            reader,
            tuple(
                names.section(reader, kind, every, tables[reader, kind])
                for kind, every in numbers.items()
            ),
        )


def _names_beside(form: Form, platform: Platform) -> Iterator[str]:
    if form.beside is not None:
        for _, sections in sections_of(FORMS[form.beside], platform):
            for section in sections:
                yield from (name for name, _ in (*section.rows, *section.others))


class _Names:
    """The names of a form that are taken, by scope; ``beside`` are those of another one."""

    def __init__(self, form: Form, beside: frozenset[str]) -> None:
        self._form = form
        self._beside = beside
        self._taken: dict[Hashable, set[str]] = {}

    def _scope(self, reader: Reader, kind: Kind) -> set[str]:
        return self._taken.setdefault(self._form.scope.of(reader, kind), set(self._beside))

    def free(self, reader: Reader, kind: Kind, name: str, number: int | None = None) -> str:
        """``name``, with its number or ``_`` behind it where it is taken; it is so from now on."""
        taken = self._scope(reader, kind)
        if name in taken:
            name = numbered(name, number, taken)
        taken.add(name)
        return name

    def section(
        self, reader: Reader, kind: Kind, numbers: Sequence[Numbered], table: str | None
    ) -> Section:
        """One kind of a file; a macro whose name something has already is left out."""
        name_of, taken = self._form.name, self._scope(reader, kind)
        rows = tuple(
            (self.free(reader, kind, name_of(reader, kind, found.name), found.number), found)
            for found in numbers
        )
        others = tuple(
            (name, found.number)
            for found in numbers
            if found.macro is not None and (name := name_of(reader, kind, found.macro)) not in taken
        )
        taken.update(name for name, _ in others)
        return Section(kind, rows, others, table)
