"""imx-sm, NXP's System Manager: the levels of its agents, as its configuration and as C.

Only what is SCMI's: firewalls, boot order and what the System Manager itself needs stay in the
configuration that includes these files.
"""

from collections.abc import Iterator

from scmigen.model.platform import Platform
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import Target
from scmigen.targets.common.ctext import notice, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name, by_drivers, origin_of
from scmigen.targets.common.templates import render
from scmigen.targets.imx_sm.cells import Cell, Section, files_read, tables
from scmigen.targets.imx_sm.checks import FINDINGS, check
from scmigen.targets.imx_sm.options import ImxSmOptions, check_options
from scmigen.targets.limits import IdSpace, Limits

_KINDS = frozenset(Kind) - {Kind.POWERCAP, Kind.TELEMETRY}

LIMITS = Limits(
    prefix="imx-sm",
    holder="imx-sm",
    nonempty=True,
    kinds=_KINDS,
    without={
        Kind.POWERCAP: "it does not serve the protocol 0x18",
        Kind.TELEMETRY: "it does not serve the protocol 0x1B",
    },
    spaces=dict.fromkeys(_KINDS, IdSpace.PHYSICAL),
)


def _files(platform: Platform, options: ImxSmOptions) -> Iterator[File]:
    made = tables(platform, options)
    sections = sorted(made.sections, key=lambda section: section.number)
    common = {
        "board": plain(board_name(platform)),
        "license": options.license,
        "what": lambda cell: _what(platform, cell),
        "plain": plain,
    }
    for section in sections:
        text = render(
            "imx-sm/agent.cfg.j2",
            section=section,
            copyright=options.copyright and notice(options.copyright, "# "),
            own=bool(made.own),
            **common,
        )
        yield File(f"{_file_name(section)}.cfg", text)
    copyright_ = options.copyright and notice(options.copyright, " * ")
    yield File(
        "scmi_agents.h",
        render(
            "imx-sm/scmi_agents.h.j2",
            sections=sections,
            own=made.own,
            whole=[section.number for section in sections] == list(range(len(sections))),
            copyright=copyright_,
            **common,
        ),
    )


def _file_name(section: Section) -> str:
    """The number, as the name may be anything: ``agent-2``."""
    return f"agent-{section.number}"


def _what(platform: Platform, cell: Cell) -> str:
    """What a level is for, in a comment."""
    if cell.pin is not None:
        return plain(f"{cell.number}: {cell.pin.node.path}")
    if cell.asked is not None:
        return plain(f"{cell.number}: {cell.asked.node.path}")
    if cell.grant is None:
        return plain(cell.why)
    words = " ".join(ordered(cell.grant.kind, cell.grant.boot))
    return plain(
        f"{cell.number}: {cell.grant.name}, {words} ({origin_of(platform, cell.grant.resource)})"
        f"{by_drivers(cell.grant)}"
    )


TARGET = Target(
    name="imx-sm",
    values=False,
    about="what the agents of NXP's System Manager (imx-sm) may do, as its configuration and in C",
    options=ImxSmOptions,
    limits=LIMITS,
    check=check,
    check_options=check_options,
    files=_files,
    findings=FINDINGS,
    reads=files_read,
)
