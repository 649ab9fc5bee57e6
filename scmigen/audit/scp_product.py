"""The tables of one firmware of SCP-firmware: configuration data and elements of its modules."""

import os
from collections.abc import Iterator
from pathlib import Path

from scmigen.audit.scp_build import Build, identifier, module_header
from scmigen.audit.scp_headers import HEADERS
from scmigen.csource.library import Library
from scmigen.csource.limits import Budget
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit, defined
from scmigen.csource.values import Cells, Choice, FunctionName, Pointer, Unknown, Value
from scmigen.data import Data, field, replace
from scmigen.diagnostics import Position

#: The most elements of a module: an identifier has 12 bits for them.
MAX_ELEMENTS = 1 << 12


class Element(Data):
    """An element of a module: its name as it is written, empty where that cannot be told; ``row``
    is what the table has. ``ways``: its data in each of several tables, of which one is used."""

    name: str
    data: Value
    position: Position | None
    row: Value = 0
    ways: tuple[Value, ...] = ()


class Elements(Data):
    """The elements of a module, in order; ``problem``: why they cannot be told, all or from one
    on. ``endless``: the table that has nothing at its end, where there is no end."""

    rows: tuple[Element, ...] = ()
    problem: Unknown | None = None
    position: Position | None = None
    unit: Unit | None = None
    endless: Token | None = None


class Reference(Data):
    """What an identifier of the framework names."""

    module: int
    element: int


class Product(Data, frozen=False):
    """A firmware whose tables are read as they are asked for."""

    build: Build
    budget: Budget = field(default_factory=Budget)
    _library: Library | None = None

    @property
    def library(self) -> Library:
        """Its sources."""
        if self._library is None:
            header = {**HEADERS, "fwk_module_idx.h": module_header(self.build.modules)}
            sources = Sources(self.build.folders, self.build.below, self.budget, header)
            made = (defined(name, value) for name, value in self.build.definitions.items())
            macros = {macro.name: macro for macro in made if macro is not None}
            self._library = Library(sources, macros, self._candidates)
        return self._library

    @property
    def sources(self) -> Sources:
        """What is read."""
        return self.library.sources

    def module_index(self, name: str) -> int | None:
        """The index of a module of the firmware."""
        return self.build.modules.index(name) if name in self.build.modules else None

    def _candidates(self) -> Iterator[Path]:
        """Sources in which something may be defined: what the build lists, then what is near."""
        build = self.build
        yield from (Path(os.path.normpath(source)) for source in build.sources)
        if not build.sources:
            yield from _sources_in(build.folder)
        yield from _sources_in(build.folder.parent / "src")
        for module in build.settings.list_of("SCP_MODULE_PATHS"):
            yield from _sources_in(Path(os.path.normpath(module)) / "src")
        if build.root is not None:
            for name in build.modules:
                yield from _sources_in(build.root / "module" / name.replace("-", "_") / "src")

    def units(self) -> Iterator[tuple[Path, Unit]]:
        """The sources that were read whole so far."""
        read = frozenset(self.sources.files)
        for path in dict.fromkeys(self._candidates()):
            unit = self.library.unit(path) if str(path) in read else None
            if unit is not None:
                yield path, unit

    # What a module is configured with.

    def config(self, module: str) -> tuple[Unit, Value] | None:
        """The configuration of a module, with the source that defines it."""
        name = f"config_{identifier(module).lower()}"
        unit = self.library.owner(name)
        return None if unit is None else (unit, unit.object(name))

    def data(self, module: str) -> tuple[Unit, Value] | None:
        """The structure with the configuration data of a module."""
        found = self.config(module)
        if found is None:
            return None
        unit, config = found
        return unit, followed(unit, member(unit, config, "data"))

    def elements(self, module: str) -> Elements:
        """The elements of a module."""
        found = self.config(module)
        if found is None:
            return Elements(problem=Unknown(f"no source defines the tables of {module}"))
        unit, config = found
        table = self._table(unit, config)
        at = place_of(config)
        if isinstance(table, Choice):
            return replace(self._common(unit, table, at), unit=unit)
        return replace(self._rows(unit, table, at), unit=unit)

    def _table(self, unit: Unit, config: Value) -> Value:
        elements = member(unit, config, "elements")
        generator = member(unit, elements, "generator")
        if isinstance(generator, FunctionName):
            at = generator.at or Token("", "", "", 0)
            return unit.call(generator.name, (0,), at)
        if isinstance(generator, Unknown):
            return generator
        return member(unit, elements, "table")

    def _common(self, unit: Unit, choice: Choice, at: Position | None) -> Elements:
        """Of tables of which one is used at run time, what they have in common."""
        ways = [self._rows(unit, table, at) for table in choice.values]
        same: list[Element] = []
        for rows in zip(*(way.rows for way in ways), strict=False):
            if len({row.name for row in rows}) > 1:
                break
            same.append(replace(rows[0], ways=tuple(row.data for row in rows)))
        if all(len(way.rows) == len(same) and way.problem is None for way in ways):
            return Elements(tuple(same), None, at)
        sizes = " or ".join(str(len(way.rows)) for way in ways)
        why = f"it is one of {len(ways)} tables, of {sizes} elements, which is known at run time"
        return Elements(tuple(same), Unknown(why, choice.at), at)

    def _rows(self, unit: Unit, table: Value, at: Position | None) -> Elements:
        place = unit.evaluator.target(table, 0, Token("", "", "", 0))
        if isinstance(table, int) and table == 0:
            return Elements((), None, at)
        if isinstance(place, Unknown):
            return Elements((), place, at)
        cells, key = place
        rows: list[Element] = []
        if not isinstance(key, int):
            return Elements((), Unknown("it is no table"), at)
        while len(rows) < MAX_ELEMENTS:
            if cells.length == key + len(rows):
                return Elements(tuple(rows), None, at, endless=cells.at)
            row = unit.evaluator.load(cells, key + len(rows))
            if isinstance(row, Unknown):
                return Elements(tuple(rows), row, at)
            name = text(unit, member(unit, row, "name"))
            if name is None:
                break
            data = followed(unit, member(unit, row, "data"))
            where = cells.places.get(key + len(rows))
            if isinstance(name, Unknown):
                name = ""
            written = where.position if where is not None else None
            rows.append(Element(name, data, written, row))
        return Elements(tuple(rows), None, at)


def _sources_in(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".c"))
    except OSError:
        return
    for name in names:
        yield folder / name


def place_of(value: Value) -> Position | None:
    """Where a value is written."""
    at = value.at if isinstance(value, Cells | Unknown | Choice | FunctionName) else None
    return at.position if at is not None and at.line else None


def followed(unit: Unit, value: Value) -> Value:
    """What a pointer to one structure points to."""
    if isinstance(value, Pointer):
        return unit.evaluator.load(value.to, value.key)
    return value


def member(unit: Unit, value: Value, name: str) -> Value:
    """A member of a structure; 0 of one that is all zero."""
    if isinstance(value, Cells):
        return unit.evaluator.load(value, name)
    if isinstance(value, int) and value == 0:
        return 0
    return value if isinstance(value, Unknown) else Unknown(f"it has no member {name}")


def member_place(value: Value, name: str) -> Position | None:
    """Where a member of a structure is written."""
    if isinstance(value, Cells) and name in value.places:
        return value.places[name].position
    return place_of(value)


def text(unit: Unit, value: Value) -> str | Unknown | None:
    """A text; None for a null pointer."""
    return unit.evaluator.text(value)


def number(value: Value) -> int | Unknown:
    """A number."""
    if isinstance(value, int):
        return value
    return value if isinstance(value, Unknown) else Unknown("it is no number")


def reference(unit: Unit, value: Value) -> Reference | Unknown | None:
    """The element that an identifier names; None for none."""
    if isinstance(value, int) and value == 0:
        return None
    if not isinstance(value, Cells):
        return value if isinstance(value, Unknown) else Unknown("it is no identifier")
    for variant in ("sub_element", "element"):
        if variant in value.values:
            inner = member(unit, value, variant)
            module = member(unit, inner, "module_idx")
            element = member(unit, inner, "element_idx")
            if isinstance(module, int) and isinstance(element, int):
                return Reference(module, element)
            return module if isinstance(module, Unknown) else number(element)  # type: ignore[return-value]
    return None
