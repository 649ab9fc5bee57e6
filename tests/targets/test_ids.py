"""The pages of ids, read back by what renders them: every form has what the board gives."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from support import TWO_AGENTS, model_of, soc
from targets.test_header_forms import BOARDS

from scmigen.devicetree.load import load
from scmigen.diagnostics import Severity
from scmigen.model.platform import Model
from scmigen.scmi.operations import OPERATIONS
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make, option_problems

BODY = """
osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>, <&cc 4>; clock-names = "baud", "bus";
    resets = <&rc 1>; vdd-supply = <&vdd>; };
spi: spi@6000 { compatible = "acme,spi"; clocks = <&cc 4>, <&cc 9>; clock-names = "bus", "core";
    assigned-clocks = <&cc 9>; assigned-clock-rates = <1500000>; power-domains = <&pc 2>; };
"""
B_HAS_SPI = '    access: [{dev: "&spi"}]\n'
FORMS = "outputs: {ids: {forms: [rst, markdown, html]}}\n"
#: Titles of sections and tables, then cells: from the board above, by hand.
EXPECTED = {
    ("Agent 1, a", "Clock, protocol 0x14"): [
        ["id", "name", "devices", "operations", "resource"],
        ["0", "uart-5000-baud", "uart@5000", "state read", "/clock-controller@1000 <3>"],
        ["1", "spi-6000-bus", "uart@5000", "state read", "/clock-controller@1000 <4>"],
    ],
    ("Agent 1, a", "Reset, protocol 0x16"): [
        ["id", "name", "devices", "operations", "resource"],
        ["0", "uart-5000", "uart@5000", "reset", "/reset-controller@2000 <1>"],
    ],
    ("Agent 1, a", "Voltage, protocol 0x17"): [
        ["id", "name", "devices", "operations", "voltages", "resource"],
        ["0", "vdd", "uart@5000", "state read", "700 mV to 900 mV", "/rails/vdd"],
    ],
    ("Agent 2, b", "Power, protocol 0x11"): [
        ["id", "name", "devices", "operations", "resource"],
        ["0", "spi-6000", "spi@6000", "state read", "/power-controller@3000 <2>"],
    ],
    ("Agent 2, b", "Clock, protocol 0x14"): [
        ["id", "name", "devices", "operations", "rates", "resource"],
        ["1", "spi-6000-bus", "spi@6000", "state read", "", "/clock-controller@1000 <4>"],
        ["2", "spi-6000-core", "spi@6000", "state rate read", "1.5 MHz",
         "/clock-controller@1000 <9>"],
    ],
}  # fmt: skip
Tables = dict[tuple[str, str], list[list[str]]]


class _Page(HTMLParser):
    """The tables of an HTML page below their titles, whoever wrote it."""

    def __init__(self, levels: tuple[str, str]) -> None:
        super().__init__()
        self._levels = levels
        self._titles = ["", ""]
        self._text: list[str] = []
        self.tables: Tables = {}
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.tables.setdefault((self._titles[0], self._titles[1]), []).append([])
        if tag in ("td", "th", *self._levels):
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        said = " ".join("".join(self._text).split())
        if tag in self._levels:
            self._titles[self._levels.index(tag)] = said
        elif tag in ("td", "th"):
            self.tables[self._titles[0], self._titles[1]][-1].append(said)


def by_docutils(text: str) -> _Page:
    """What docutils makes of reStructuredText, any warning being an error."""
    core = pytest.importorskip("docutils.core")
    settings = {"halt_level": 2, "report_level": 2, "_disable_config": True}
    html = core.publish_string(text, writer="html5", settings_overrides=settings).decode()
    page = _Page(("h2", "h3"))
    page.feed(html.partition("<body")[2])
    return page


def by_markdown_it(text: str) -> _Page:
    page = _Page(("h2", "h3"))
    page.feed(MarkdownIt("gfm-like", {"html": False}).render(text))
    return page


def by_browser(text: str) -> _Page:
    page = _Page(("h2", "h3"))
    page.feed(text.partition("<body>")[2])
    return page


READERS = {"rst": by_docutils, "md": by_markdown_it, "html": by_browser}


def files(model: Model) -> dict[str, str]:
    (platform,) = model.platforms
    made = make(platform, "ids")
    assert made.diagnostics == ()
    return {file.path.rpartition(".")[2]: file.content.decode() for file in made.files}


@pytest.mark.parametrize("form", READERS)
def test_every_form_has_the_rows_of_the_board(form: str) -> None:
    page = READERS[form](files(model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI + FORMS))[form])
    assert page.tables == EXPECTED


def test_one_form_without_options() -> None:
    assert files(model_of(soc(BODY), TWO_AGENTS)).keys() == {"rst"}


def test_no_form_is_an_error() -> None:
    agents = TWO_AGENTS + "outputs: {ids: {forms: []}}\n"
    assert [d.severity for d in option_problems(model_of(soc(BODY), agents))] == [Severity.ERROR]


PARENTS = """
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>; assigned-clocks = <&cc 3>;
    assigned-clock-parents = <&cc 8>; };
"""


def test_a_parent_has_the_id_of_the_agent() -> None:
    page = by_browser(files(model_of(soc(PARENTS), TWO_AGENTS + FORMS))["html"])
    header, first, second = page.tables["Agent 1, a", "Clock, protocol 0x14"]
    rows = [dict(zip(header, row, strict=True)) for row in (first, second)]
    assert [(row["id"], row["parents"]) for row in rows] == [
        ("0", f"1 {rows[1]['name']}"),
        ("1", ""),
    ]


def test_what_nobody_may_use_is_in_a_section_of_its_own() -> None:
    agents = (
        "domains: {a: {id: 1, default: true, scmi: {role: ospm}}}\n"
        "platform: {elements: {clock: {7: {name: spare, rates: [5000000]}}}}\n"
    )
    page = by_docutils(files(model_of(soc(BODY), agents))["rst"])
    assert page.tables["No agent", "Clock, protocol 0x14"] == [
        ["id", "name", "rates", "resource"],
        ["7", "spare", "5 MHz", "declared, agents.yaml:2:31"],
    ]


def test_pages_are_the_same_every_time() -> None:
    one, two = (files(model_of(soc(BODY), TWO_AGENTS + FORMS)) for _ in range(2))
    assert one == two


#: Names that end cells, lines, literals, code, tables and elements, or are links.
NAMES = [
    "<b>bold</b><script>x</script>",
    "``two``",
    "a|b",
    "`one",
    'quote\\"d, \\"x',
    "back\\\\slash_",
    "*star* **stars**",
    "http://example.org/x",
    "a@example.org",
    ".. raw:: html",
    "1. list",
    "=====",
    "&amp;&lt;",
    "|sub|_ name__",
    "ünïcödé 中文",
]


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_tree_are_text(name: str, form: str) -> None:
    body = (
        f'x: x@8000 {{ #clock-cells = <1>; reg = <0x8000>; clock-output-names = "{name}"; }};'
        'd { compatible = "acme,d"; clocks = <&x 0>; };'
    )
    model = model_of(soc(body), TWO_AGENTS + FORMS)
    (clock,) = (r for found in model.platforms[0].resources.values() for r in found)
    page = READERS[form](files(model)[form])
    table = page.tables["Agent 1, a", "Clock, protocol 0x14"]
    assert table[1][1] == " ".join(clock.name.split())
    assert not page.tags & {"b", "script", "em", "strong", "a"}


@pytest.mark.parametrize("form", READERS)
def test_names_of_agents_are_text(form: str) -> None:
    """Where a title is, too."""
    agents = 'domains: {"<b>*a*</b> `x` _y_": {id: 1, default: true, scmi: {role: ospm}}}\n'
    page = READERS[form](files(model_of(soc(BODY), agents + FORMS))[form])
    assert {title for title, _ in page.tables} == {"Agent 1, <b>*a*</b> `x` _y_"}
    assert not page.tags & {"b", "em", "strong", "a", "cite"}


#: The columns that the grants of a board fill, and what an agent is granted.
GRANTED = ("id", "name", "operations")


@pytest.mark.parametrize("board", BOARDS)
def test_real_boards_have_every_grant(board: str, corpus: Path) -> None:
    """Of every platform, in Markdown; names are compared as one line."""
    agents = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
    model = model_of(load(corpus / f"{board}.dtb"), agents + FORMS)
    for platform in model.platforms:
        made = {file.path: file.content.decode() for file in make(platform, "ids").files}
        tables = by_markdown_it(made["scmi-ids.md"]).tables
        found = {
            title: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
            for (section, title), rows in tables.items()
            if section == "Agent 1, linux"
        }
        assert {
            title: [tuple(row[word] for word in GRANTED) for row in rows]
            for title, rows in found.items()
        } == {
            f"{kind.capitalize()}, protocol 0x{kind.protocol:X}": [
                (
                    str(grant.id),
                    " ".join(grant.name.split()),
                    " ".join(o for o in OPERATIONS[kind] if o in grant.operations),
                )
                for grant in grants
            ]
            for kind in Kind
            if (grants := platform.grants_of(platform.agents[0], kind))
        }


def damage(name: str) -> Callable[[list[str]], None]:
    def swap(rows: list[str]) -> None:
        rows[0], rows[1] = rows[1].replace("1, ", "0, ", 1), rows[0].replace("0, ", "1, ", 1)

    def drop(rows: list[str]) -> None:
        del rows[0]

    def off_by_one(rows: list[str]) -> None:
        rows[0] = rows[0].replace("0, ", "1, ", 1)

    def flip(rows: list[str]) -> None:
        rows[0] = rows[0].replace("state read", "state rate read")

    return {f.__name__: f for f in (swap, drop, off_by_one, flip)}[name]


@pytest.mark.parametrize("name", ["swap", "drop", "off_by_one", "flip"])
def test_damage_is_seen(name: str) -> None:
    text = files(model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI))["rst"]
    first = text.index("   0, ")
    end = text.index("\n\n", first)
    rows = text[first:end].split("\n")
    assert len(rows) == 2
    damage(name)(rows)
    damaged = text[:first] + "\n".join(rows) + text[end:]
    assert by_docutils(text).tables == EXPECTED
    assert by_docutils(damaged).tables != EXPECTED


def test_anchors_name_agents_and_ids() -> None:
    text = files(model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI + FORMS))["html"]
    assert re.findall(r'id="(agent-2[^"]*)"', text) == [
        "agent-2", "agent-2-power", "agent-2-power-0", "agent-2-clock", "agent-2-clock-1",
        "agent-2-clock-2",
    ]  # fmt: skip
