"""Hostile text at every place that text comes from, in everything that scmigen writes: each output
is read by the parser of its format, which must find nothing but text in it."""

import ast
import csv
import json
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import Done, scmigen

markdown_it = pytest.importorskip("markdown_it", reason="no markdown-it-py")
pytest.importorskip("linkify_it", reason="no linkify-it-py")
pyte = pytest.importorskip("pyte", reason="no pyte")

HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[H\x1b[31m",
    "\x9b2J",
    "a\nboard.dts:1:1: warning[forged]: line",
    "a\n::error::forged",
    "::add-mask::forged",
    "  ::stop-commands::x",
    "##[error]forged",
    "a ##vso[task.setvariable variable=PATH]/forged",
    "##teamcity[buildStop]",
    "a\rforged",
    "\b\b\bforged",
    "x\n\n</code><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1))",
    "![image](http://example.org/x.png)",
    "https://example.org www.example.org someone@example.org",
    "a | b | c |\n# heading",
    "`` ` ```",
    "*bold* _em_ ~~gone~~ $x$ &amp; #1",
    "*/ int owned; /*",
    "??/\n int owned;",
    "\\\nint owned;",
    '"; system("true"); //',
    "$(shell true) ${CMAKE_COMMAND} {{ 7 * 7 }} %s%n",
    "=cmd|' /C calc'!A0",
    "＝1+1",  # noqa: RUF001
    "\u202eright to left\u2066",
    "\u2028line\u2029paragraph\u0085next",
    "' + str(__import__('os')) + '",
)


def dts(text: str) -> str:
    """The same as a string of a source."""
    plain = ((c if c.isprintable() and c not in '\\"' else None) for c in text)
    return "".join(
        c if c else "".join(f"\\x{b:02x}" for b in given.encode())
        for c, given in zip(plain, text, strict=True)
    )


def board(text: str) -> str:
    said = dts(text)
    return f"""# 1 "{said.replace("?", "")}.dts"
/dts-v1/;
/ {{
    model = "{said}"; compatible = "{said}", "acme,board"; #address-cells = <1>; #size-cells = <0>;
    cc: clock-controller@1000 {{
        compatible = "acme,cc", "{said}"; reg = <0x1000>; #clock-cells = <1>; label = "{said}";
        clock-output-names = "{said}", "two"; clock-indices = <0 1>;
    }};
    osc: osc {{ compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1000>;
               clock-output-names = "{said}"; }};
    rails {{
        compatible = "acme,rails";
        vdd: vdd {{ regulator-name = "{said}"; regulator-min-microvolt = <700000>;
                   regulator-max-microvolt = <900000>; }};
    }};
    d: dev@2000 {{ compatible = "{said}", "x"; reg = <0x2000>; clocks = <&cc 0>, <&cc 1>, <&osc>;
                  clock-names = "{said}", "b", "c"; vdd-supply = <&vdd>; label = "{said}"; }};
    e: dev@3000 {{ compatible = "y"; reg = <0x3000>; clocks = <&cc 0>;
                  clock-names = "{said}"; }};
}};
"""


#: The agents of the board; entries of ``b`` are appended.
AGENTS = """
domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b:
    id: 2
    scmi: {role: vm}
    access: [{dev: "&e"}]
"""


def wrong(text: str) -> str:
    """An agents file that names what does not exist."""
    quoted = json.dumps(text)
    return f"""{AGENTS}    grant: [{{clock: {quoted}, operations: [read]}}]
  {quoted}: {quoted}
"""


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a board and its agents whose every text is hostile."""
    (tmp_path / "board.dts").write_text(board(request.param))
    (tmp_path / "agents.yaml").write_text(AGENTS)
    (tmp_path / "wrong.yaml").write_text(wrong(request.param))
    return tmp_path


def on_terminal(text: str) -> list[str]:
    """What a terminal shows of ``text``; fails where it does more than show it."""
    lines = text.split("\n")
    widest = 2 * max(map(len, lines))  # a letter may take two columns
    screen = pyte.Screen(widest + 2, len(lines) + 1)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    assert screen.title == ""
    assert not any(c.fg != "default" for row in screen.buffer.values() for c in row.values())
    shown = [line.rstrip() for line in screen.display]
    assert shown[: len(lines)] == [line.rstrip() for line in lines]
    return lines


def runner_commands(text: str) -> list[str]:
    """Lines that GitHub's runner takes for commands."""
    return [line for line in text.splitlines() if re.match(r"\s*::|.*##\w*\[", line)]


@pytest.mark.parametrize("file", ["agents.yaml", "wrong.yaml"])
def test_diagnostics(given: Path, file: str) -> None:
    def check(style: str) -> Done:
        return scmigen("check", "board.dts", "-a", file, "--format", style, cwd=given)

    lines = on_terminal(check("text").stdout)
    assert not any(line.startswith("board.dts:1:1: warning[forged]") for line in lines)
    assert not runner_commands(check("text").stdout)
    for style in ("json", "sarif"):
        text = check(style).stdout
        json.loads(text)
        assert not runner_commands(text)
    count = len(json.loads(check("json").stdout))
    commands = check("github").stdout.splitlines()
    assert len(commands) == count
    assert all(re.match(r"::(?:error|warning|notice) [a-z]+=", line) for line in commands)
    on_terminal(check("github").stdout)


def test_views(given: Path) -> None:
    for view in ("providers", "devices", "resources", "agents", "permissions"):
        done = scmigen("show", view, "board.dts", "-a", "agents.yaml", cwd=given)
        assert done.returncode == 0
        on_terminal(done.stdout)
        assert not runner_commands(done.stdout + done.stderr)
    on_terminal(scmigen("why", "a", "clock:0", "board.dts", "-a", "agents.yaml", cwd=given).stdout)


def test_wrong_usage(given: Path, request: pytest.FixtureRequest) -> None:
    text = request.node.callspec.params["given"]
    for arguments in (
        (text,),
        ("check", text),
        ("why", text, text, "board.dts"),
        ("explain", text),
    ):
        done = scmigen(*arguments, cwd=given)
        assert done.returncode
        assert not runner_commands(done.stderr)
        on_terminal(done.stderr)


def test_outputs(given: Path, tool: Callable[[str], str]) -> None:
    outputs = "runtime,permissions,headers,scp,trees"
    options = ("-a", "agents.yaml", "-o", "out", "--emit", outputs)
    done = scmigen("build", "board.dts", *options, cwd=given)
    assert done.returncode == 0, done.stderr
    on_terminal(done.stderr + done.stdout)
    folder = given / "out"
    for path in folder.rglob("*.json"):
        json.loads(path.read_bytes())
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text())
        assert all(c.isprintable() or c == "\n" for c in path.read_text())
    check_csv((folder / "permissions/permissions.csv").read_text())
    check_markdown((folder / "permissions/permissions.md").read_text())
    for kind in ("clocks", "power-domains", "regulators"):
        check_tree(folder / "trees" / kind)
    for path in folder.rglob("*.h"):
        command = [tool("gcc"), "-fsyntax-only", "-xc", "-trigraphs", "-Wall", "-Wextra", "-Werror"]
        if "scp" not in path.parts:
            subprocess.run([*command, "-Wbidi-chars=any", str(path)], check=True)


def check_tree(path: Path) -> None:
    """A tree in its three formats; what Graphviz and Mermaid make of them: test_trees.py."""
    svg = path.with_suffix(".svg").read_text()
    tags = {"svg", "title", "style", "rect", "text", "tspan", "g", "path"}
    picture = list(ElementTree.fromstring(svg).iter())
    assert {element.tag.rpartition("}")[2] for element in picture} <= tags
    assert not any(name.startswith("on") or "href" in name for e in picture for name in e.attrib)
    graph = r'\s*(?:graph|node|edge|n\d+(?: -> n\d+)?)(?: \[(?:[\w=.,# -]|"(?:[^"\\]|\\.)*")*\])?;'
    lines = path.with_suffix(".dot").read_text().split("\n")
    assert lines[0] == "digraph tree {"
    assert lines[-2:] == ["}", ""]
    assert all(re.fullmatch(graph, line) for line in lines[1:-2])
    flow = r'n\d+\["(?:[\w ,/.-]|#\d+;)*"\]|n\d+(?:-->|-\.->)n\d+'
    lines = path.with_suffix(".mmd").read_text().split("\n")
    assert all(re.fullmatch(flow, line) for line in lines[1:-1])
    for form in ("svg", "dot", "mmd"):
        text = path.with_suffix(f".{form}").read_text()
        assert all(c.isprintable() or c in "\n\t" for c in text)


def check_csv(text: str) -> None:
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {8}
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(tuple("=+-@＝＋－＠"))  # noqa: RUF001
        assert cell.isprintable()


def check_markdown(text: str) -> None:
    reader = markdown_it.MarkdownIt("gfm-like")
    found = reader.parse(text)
    kinds = [part for token in found for part in (token, *(token.children or ()))]
    harmful = {
        "html_block",
        "html_inline",
        "image",
        "link_open",
        "em_open",
        "strong_open",
        "s_open",
    }
    assert not harmful & {token.type for token in kinds}
    headings = [after.content for token, after in pairwise(found) if token.type == "heading_open"]
    assert headings[1:] == ["Agents", "Clock", "Voltage", "Shared between agents", "Devices"]
    columns = {"thead_open": 0}
    for token in found:
        if token.type in ("thead_open", "tr_open"):
            cells = 0
            if token.type == "thead_open":
                columns["thead_open"] = 0
        elif token.type == "th_close":
            columns["thead_open"] += 1
        elif token.type == "td_close":
            cells += 1
        elif token.type == "tr_close" and cells:
            assert cells == columns["thead_open"]
