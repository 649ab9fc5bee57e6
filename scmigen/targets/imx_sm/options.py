"""Options of the configuration of imx-sm: what neither a board nor its agents tell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from scmigen.assignment.words import did_you_mean
from scmigen.data import field
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Group, Meta
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.options import OUTPUT_OPTION

#: What the tool of imx-sm takes within quotes; the firmware has 15 characters for it.
NAME = r"[A-Za-z0-9_.-]{1,15}"
_SETTINGS = r"[a-z0-9]+=[A-Za-z0-9_.-]+(?:, *[a-z0-9]+=[A-Za-z0-9_.-]+)*"
#: A resource by the name that configurations have for it.
_ROW = r"[A-Z][A-Z0-9_]{1,63}"

LevelWord = Literal["none", "get", "notify", "set", "priv", "exclusive", "all"]
_Small = Annotated[int, Meta(ge=0, le=255)]
_Folder = Annotated[str, Meta(pattern=r"\w+", description="a folder: MIMX95")]
_Settings = Annotated[
    str, Meta(pattern=_SETTINGS, max_length=200, description="as in a .cfg: mu=3, test=2")
]
_Row = Annotated[str, Meta(pattern=_ROW, description="a resource: LMM_1, PIN_UART1_RXD")]


class ImxSmAgent(Group):
    """An agent in imx-sm: ``name`` and ``number`` of its section, whether it is ``secure``.

    ``instance`` and ``did``: the number of its SCMI instance and of its domain, for the header.
    ``mailbox``, ``channels``: settings of those lines. ``rows``: levels of resources by name, which
    the board does not tell, or in place of the lowest level. ``form``: a whole ``section``, or the
    ``rows`` alone, which stand last in the section kept by hand and close what it opened.
    """

    name: Annotated[str, Meta(pattern=NAME, description="1 to 15 characters: AP-NS")] | None = None
    number: _Small | None = None
    secure: bool = False
    instance: _Small | None = None
    did: _Small | None = None
    mailbox: _Settings | None = None
    channels: tuple[_Settings, ...] = ()
    rows: Mapping[_Row, LevelWord] = field(default_factory=dict)
    form: Literal["section", "rows"] = "section"


class ImxSmOptions(NoticeOptions):
    """Options of the output ``imx-sm``.

    ``tree``: the sources of imx-sm, whose headers name the resources of ``soc`` and ``board``, as
    its folders are called. ``full``: the level of grants that have all there is to grant: the
    lowest that opens it, or ``all``, as configurations written by hand have it.
    """

    tree: str | None = None
    soc: _Folder | None = None
    board: _Folder | None = None
    full: Literal["least", "all"] = "least"
    agents: Mapping[str, ImxSmAgent] = field(default_factory=dict)


def check_options(platforms: Sequence[Platform], options: ImxSmOptions) -> Iterator[Diagnostic]:
    """Agents that do not exist, and a tree without a device."""
    known = sorted({agent.name for platform in platforms for agent in platform.agents})
    for name in options.agents:
        if name not in known:
            hint = did_you_mean(name, known)
            yield OUTPUT_OPTION.error(f"no agent {name!r}", options.at("agents", name), hint=hint)
    if options.tree is not None and options.soc is None:
        yield OUTPUT_OPTION.error(
            "tree needs soc: whose headers they are", options.at("tree"), hint="soc: MIMX95"
        )
    for name, said in options.agents.items():
        if said.form == "rows" and options.tree is None:
            yield OUTPUT_OPTION.error(
                "form: rows needs tree: what the rows close is what its headers name",
                options.at("agents", name, "form"),
                hint="tree: ../imx-sm, soc: MIMX95, board: mcimx95evk",
            )
