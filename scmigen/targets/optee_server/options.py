"""Whose node it is, and what its entries refer to: options of the output ``optee-server``."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePath
from typing import Annotated, Literal

from scmigen.data import field
from scmigen.diagnostics import Diagnostic, Position
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import Meta
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.optee_server.described import Described, dangling, read_described
from scmigen.targets.options import OPTION_UNUSED, OUTPUT_OPTION

#: Who reads the node: OP-TEE, or ST's fork of it.
Firmware = Literal["upstream", "st"]

#: A cell has 32 bits.
_MAX_CELL = 0xFFFF_FFFF
_LABEL = r"&[A-Za-z_][A-Za-z0-9_]*|&\{(?:/[A-Za-z0-9,._+@-]+)+\}"
#: A number that begins with 0 is octal in a tree.
_CELL = r"0x[0-9A-Fa-f]{1,8}|0|[1-9][0-9]{0,9}|[A-Za-z_][A-Za-z0-9_]*"
_Reference = Annotated[
    str,
    Meta(
        pattern=rf"(?:{_LABEL})(?: (?:{_CELL})){{0,8}}",
        description='a node of OP-TEE\'s tree and the cells: "&rcc CK_ICN_DISPLAY"',
    ),
]


class OpteeServerOptions(NoticeOptions, slots=False):
    """Options of the output ``optee-server``.

    ``firmware``: whose parser takes the node. ``references``: kind → number of the platform → what
    that is in OP-TEE's tree. ``tree``: OP-TEE's tree with the node that is there so far, from the
    directory of the file that says so.
    """

    firmware: Firmware = "upstream"
    references: Mapping[str, Mapping[str, _Reference]] = field(default_factory=dict)
    tree: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that the parser takes, in the order of their protocols."""
        return (Kind.CLOCK, Kind.RESET, *((Kind.VOLTAGE,) if self.firmware == "st" else ()))

    @cached_property
    def described(self) -> Described | None:
        """What ``tree`` has. It is read once, for checks, files and what was read alike."""
        if self.tree is None:
            return None
        said_at = self.at("tree")
        here = Path(said_at.file).parent if said_at is not None else Path()
        return read_described(here / PurePath(self.tree))


def check_options(
    platforms: Sequence[Platform], options: OpteeServerOptions
) -> Iterator[Diagnostic]:
    """References of what no platform has, and whatever is wrong in OP-TEE's tree."""
    if options.described is not None:
        yield from options.described.problems
    for kind, references in options.references.items():
        if kind not in options.kinds:
            at = options.at("references", kind)
            message = f"{kind!r} is no kind that the node has"
            yield OUTPUT_OPTION.error(message, at, hint=f"write {' or '.join(options.kinds)}")
            continue
        known = {
            str(resource.number)
            for platform in platforms
            for resource in platform.resources.get(Kind(kind), ())
        }
        for number, reference in references.items():
            at = options.at("references", kind, number)
            if not (number.isascii() and number.isdecimal()):
                yield OUTPUT_OPTION.error(
                    f"{number!r} is not the number of a {kind}",
                    at,
                    hint=f'write 3: "&rcc 27" for {kind} 3 of the platform',
                )
            elif number not in known:
                yield OPTION_UNUSED.warning(f"the platform has no {kind} {number}", at)
            yield from _cells(reference, at)
            wrong = dangling(options.described, Kind(kind), reference)
            if wrong is not None:
                yield OUTPUT_OPTION.error(f"{reference}: {wrong.problem}", at, hint=wrong.hint)


def _cells(reference: str, at: Position | None) -> Iterator[Diagnostic]:
    """Cells that have more than 32 bits."""
    for cell in reference.split()[1:]:
        if cell.isdecimal() and int(cell) > _MAX_CELL:
            message = f"{reference}: {cell} does not fit into a cell, which has 32 bits"
            yield OUTPUT_OPTION.error(message, at)
