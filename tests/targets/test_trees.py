"""Trees as SVG, DOT and Mermaid, read by an XML parser, a browser, Graphviz and Mermaid itself."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from browser import Browser
from support import tree_of

import scmigen
from scmigen.model.platform import Platform
from scmigen.targets.common.forest import TreeNode
from scmigen.targets.trees import TARGET
from scmigen.targets.trees.layout import HEIGHT, lay_out

NAMES = ("clocks", "power-domains", "regulators")

#: A crystal feeds a PLL, which has two clocks; one has a second input besides.
BOARD = """
    model = "A & B";
    xtal: xtal { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>;
                 clock-output-names = "x\\"t\\\\al"; };
    rtc: rtc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <32768>; };
    pll: pll@1000 { compatible = "acme,pll"; reg = <0x1000>; #clock-cells = <1>;
                    clocks = <&xtal>, <&rtc>; clock-output-names = "one", "two"; };
    dev@3000 { compatible = "acme,dev"; reg = <0x3000>; clocks = <&pll 0>, <&pll 1>; };
"""
#: (above, below, whether it is a further parent), by hand from the board.
EDGES = {
    ('x"t\\al', "&pll", False),
    ("rtc", "&pll", True),
    ("&pll", "one", False),
    ("&pll", "two", False),
}


def platform(body: str) -> Platform:
    (found,) = scmigen.compile(tree_of(body)).model.platforms
    return found


def made(body: str) -> Mapping[str, bytes]:
    options = TARGET.options()
    return {file.path: file.content for file in TARGET.files(platform(body), options)}


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return made(BOARD)


def test_the_files_are_the_same_for_every_board(files: Mapping[str, bytes]) -> None:
    wanted = {f"{name}.{form}" for name in NAMES for form in ("svg", "dot", "mmd")}
    assert set(files) == wanted
    assert set(made('dev@1 { compatible = "x"; };')) == wanted
    assert made(BOARD) == files


def drawn(text: bytes, tool: Callable[[str], str]) -> ET.Element:
    """A DOT file as Graphviz draws it; it must not complain."""
    command = [tool("dot"), "-Tsvg"]
    done = subprocess.run(command, input=text, capture_output=True, check=True)
    assert done.stderr == b""
    return ET.fromstring(done.stdout)


def parts(picture: ET.Element, kind: str) -> list[list[str]]:
    """The lines of text of each node or edge that Graphviz drew."""
    svg = "{http://www.w3.org/2000/svg}"
    return [
        ["".join(text.itertext()).replace("\u00a0", " ") for text in group.iter(f"{svg}text")]
        for group in picture.iter(f"{svg}g")
        if group.get("class") == kind
    ]


def test_graphviz_draws_what_the_board_says(
    files: Mapping[str, bytes], tool: Callable[[str], str]
) -> None:
    picture = drawn(files["clocks.dot"], tool)
    assert sorted(parts(picture, "node")) == sorted(
        [["&pll"], ["one", "ospm"], ["two", "ospm"], ["rtc", "32.768 kHz"], ['x"t\\al', "24 MHz"]]
    )
    text = files["clocks.dot"].decode()
    assert edges(text, r"n(\d+) -> n(\d+)( \[style=dashed.*)?;", labels_of_dot(text)) == EDGES
    assert len(parts(picture, "edge")) == 4
    for name in NAMES:
        drawn(files[f"{name}.dot"], tool)


def labels_of_dot(text: str) -> list[str]:
    return [
        found.replace('\\"', '"').replace("\\\\", "\\").replace("&amp;", "&")
        for found in re.findall(r'^\tn\d+ \[label="((?:[^"\\]|\\["\\])*)', text, re.MULTILINE)
    ]


def edges(text: str, form: str, labels: list[str]) -> set[tuple[str, str, bool]]:
    return {
        (labels[int(above)], labels[int(below)], bool(further))
        for above, below, further in re.findall(form, text)
    }


def labels_of_mermaid(text: str) -> list[str]:
    """The labels, with the codes of Mermaid decoded."""
    found = re.findall(r'^n\d+\["([^"]*)"\]$', text, re.MULTILINE)
    return [re.sub(r"#(\d+);", lambda c: chr(int(c[1])), label) for label in found]


def test_mermaid_has_what_the_board_says(files: Mapping[str, bytes]) -> None:
    text = files["clocks.mmd"].decode()
    lines = text.splitlines()
    assert lines[0] == "flowchart LR"
    statement = re.compile(r'n\d+(\["[\w#; /,.-]+"\]|(-->|-\.->)n\d+)')
    assert all(statement.fullmatch(line) for line in lines[1:])
    labels = [label.partition(",")[0] for label in labels_of_mermaid(text)]
    found = {
        (labels[int(above)], labels[int(below)], arrow == "-.->")
        for above, arrow, below in re.findall(r"n(\d+)(-->|-\.->)n(\d+)", text)
    }
    assert found == EDGES


def test_a_picture_is_xml_with_the_names_as_text(files: Mapping[str, bytes]) -> None:
    for name in NAMES:
        ET.fromstring(files[f"{name}.svg"])
    picture = ET.fromstring(files["clocks.svg"])
    texts = [
        " ".join("".join(t.itertext()).split()) for t in picture.iter() if t.tag[-4:] == "text"
    ]
    assert texts[:2] == ["Clocks of A & B", "ospm"]
    assert sorted(texts[2:]) == sorted(["&pll", "one", "two", "rtc 32.768 kHz", 'x"t\\al 24 MHz'])


def test_an_empty_tree_says_so(files: Mapping[str, bytes]) -> None:
    assert b"The board has none." in files["regulators.svg"]
    assert files["regulators.mmd"] == b"flowchart LR\n"


def node(name: str, parent: int | None) -> TreeNode:
    return TreeNode(name, "", None, (), parent, (), is_provider=False)


def test_boxes_do_not_touch_and_children_are_to_the_right() -> None:
    parents = [None, 0, 0, 1, 1, None, 2, None, None, 5]
    nodes = [node(str(at), parent) for at, parent in enumerate(parents)]
    layout = lay_out(nodes, [40 + 37 * at for at in range(len(nodes))])
    boxes = layout.boxes
    assert len(boxes) == len(nodes)
    for one, other in combinations(boxes.values(), 2):
        apart = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart or abs(one.y - other.y) > HEIGHT
    for at, parent in enumerate(parents):
        assert 0 <= boxes[at].x <= layout.width - boxes[at].width
        assert 0 <= boxes[at].y <= layout.height - HEIGHT
        if parent is not None:
            assert boxes[at].x > boxes[parent].x + boxes[parent].width
    assert boxes[1].y == boxes[0].y  # beside the first child


def test_a_chain_of_any_length_has_a_picture() -> None:
    nodes = [node(str(at), at - 1 if at else None) for at in range(5000)]
    assert lay_out(nodes, [10] * len(nodes)).height == 26


@pytest.fixture
def browser(tool: Callable[[str], str], tmp_path: Path) -> Browser:
    return Browser(tool("chromium"), tmp_path / "profile")


def test_a_browser_draws_the_names_within_their_boxes(
    browser: Browser, files: Mapping[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "clocks.svg"
    path.write_bytes(files["clocks.svg"])
    with browser:
        browser.open(path)
        outside = (
            "[...document.querySelectorAll('g:has(> rect.box)')].filter(g => "
            "g.querySelector('text').getBoundingClientRect().right > "
            "g.querySelector('.box').getBoundingClientRect().right).length"
        )
        assert browser.ask("document.querySelectorAll('rect.box').length") == 5
        assert browser.ask(outside) == 0
        light = browser.ask("getComputedStyle(document.querySelector('.paper')).fill")
        feature = {"name": "prefers-color-scheme", "value": "dark"}
        browser.send("Emulation.setEmulatedMedia", features=[feature])
        assert browser.ask("getComputedStyle(document.querySelector('.paper')).fill") != light
        assert browser.problems() == []
        assert len(browser.requests()) == 1


def mermaid_texts(browser: Browser, script: str, text: str, folder: Path) -> list[str]:
    """The labels that Mermaid itself draws; nothing else may come of them."""
    path = folder / "mermaid.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><script src="{script}"></script>')
    browser.open(path)
    browser.ask("mermaid.initialize({startOnLoad: false})")
    drawn = f"mermaid.render('tree', {json.dumps(text)}).then(({{svg}}) => svg)"
    browser.ask(f"{drawn}.then(svg => {{ document.body.innerHTML = svg; }})")
    assert browser.ask("document.querySelectorAll('img, script:not([src]), a').length") == 0
    labels: list[str] = browser.ask(
        "[...document.querySelectorAll('.nodeLabel')].map(e => e.innerText)"
    )
    return labels


@pytest.fixture(scope="session")
def mermaid() -> str:
    """The address of Mermaid's own script (``npm install mermaid``: dist/mermaid.min.js)."""
    path = os.environ.get("SCMIGEN_MERMAID")
    if not path:
        pytest.skip("SCMIGEN_MERMAID names no mermaid.min.js")
    return Path(path).resolve().as_uri()


HARD = (
    "plain", "IMX_SC_R_SPI_0", "_em_", "__strong__", "*em*", "1. list", "1) list", "- list", "+ a",
    "# head", "`code`", "a@b.org", "www.example.org", "https://example.org", "<img src=x>", "&amp;",
    "&#35;", "#35;", "#quot;", 'a"]', "end", "a --> b", "%% c", "x;y", "[l](u)", "~~s~~", "$$x$$",
    "a\\nb", "> q", "| a |", "{a}", "\u4e2d\u6587", "click n0 call f()", "a  b", "fa:fa-car",
)  # fmt: skip


def board_of(names: tuple[str, ...]) -> str:
    """A board of oscillators with these names, which reach a tree as they are."""
    clocks = "".join(
        f"""
        c{at}: c{at} {{ compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1000>;
                        clock-output-names = {json.dumps(name, ensure_ascii=False)}; }};
        """
        for at, name in enumerate(names)
    )
    uses = ", ".join(f"<&c{at}>" for at in range(len(names)))
    return f"""{clocks}
        cc: cc@1000 {{ compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; }};
        dev@3000 {{ compatible = "acme,dev"; reg = <0x3000>; clocks = <&cc 1>, {uses}; }};
    """


def oscillators(labels: list[str]) -> list[str]:
    """The names of the nodes with a rate; white space is not kept by all formats."""
    rate = ", 1 kHz"
    return sorted(" ".join(text[: -len(rate)].split()) for text in labels if text.endswith(rate))


HARD_NAMES = sorted(" ".join(name.split()) for name in HARD)


@pytest.mark.slow
def test_mermaid_shows_hard_names_as_they_are(
    browser: Browser, mermaid: str, tmp_path: Path
) -> None:
    text = made(board_of(HARD))["clocks.mmd"].decode()
    with browser:
        found = mermaid_texts(browser, mermaid, text, tmp_path)
        assert browser.problems() == []
    assert oscillators(found) == HARD_NAMES
    assert oscillators(labels_of_mermaid(text)) == HARD_NAMES


def test_graphviz_shows_hard_names_as_they_are(tool: Callable[[str], str]) -> None:
    found = parts(drawn(made(board_of(HARD))["clocks.dot"], tool), "node")
    assert oscillators([", ".join(lines) for lines in found]) == HARD_NAMES


def test_mermaid_escapes_what_its_labels_take_for_markup() -> None:
    text = made(board_of(HARD))["clocks.mmd"].decode()
    assert oscillators(labels_of_mermaid(text)) == HARD_NAMES
    plain = re.compile(r"n\d+\[\"(?:[\w ,/.-]|#\d+;)*\"\]|n\d+(?:-->|-\.->)n\d+|flowchart LR")
    assert all(plain.fullmatch(line) for line in text.splitlines())
