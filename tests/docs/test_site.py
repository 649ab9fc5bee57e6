"""The site, built as users build it: strict, without the network, and complete."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from conftest import REPOSITORY
from markdown_it import MarkdownIt

import scmigen
from scmigen.cli.main import cli
from scmigen.explain import findings
from scmigen.project.keys import BOARD
from scmigen.runtime import json_schema
from scmigen.targets.registry import BUILT_IN

pytest.importorskip("mkdocs", reason="the extra docs is not installed")

#: What takes an address, and loads what is there.
LOADS = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}
#: Blocks that Markdown of GitHub and of the site must agree on.
BLOCKS = ("table", "li", "pre", "h1", "h2", "h3", "tr")


@dataclass
class Page(HTMLParser):
    """Ids, links, addresses that are loaded, and blocks of the article."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    article: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attributes}
        self.article |= tag == "article"
        if "id" in known:
            self.ids.add(known["id"])
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        if tag in BLOCKS and self.article:
            self.blocks.append(tag)
        self.loaded += [value for name, value in known.items() if (tag, name) in LOADS]

    def handle_endtag(self, tag: str) -> None:
        self.article &= tag != "article"

    def handle_data(self, data: str) -> None:
        if self.article:
            self.text += data


#: Building it takes as long as a hundred other tests.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    # Proxies that do not exist: whatever wants the network fails.
    environment = {"NO_MKDOCS_2_WARNING": "1", "https_proxy": "http://127.0.0.1:9", "PATH": "/"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_file_and_an_anchor(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for link in page.links:
            if ":" in link.partition("#")[0] or name == "404.html":
                continue
            path, _, anchor = link.partition("#")
            target = (page.path.parent / unquote(path)).resolve() if path else page.path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), (name, link)
            if anchor and target.suffix == ".html":
                at = pages[target.relative_to(site).as_posix()]
                assert unquote(anchor) in at.ids, (name, link)


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Page]) -> None:
    assert len(pages) > 20
    assert [address for page in pages.values() for address in page.loaded if "//" in address] == []


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted((REPOSITORY / "docs").rglob("*.md"))
        if "<!-- generated:" not in path.read_text() and path.parent.name != "changes"
    ],
    ids=lambda path: path.relative_to(REPOSITORY / "docs").as_posix(),
)
def test_github_and_the_site_see_the_same_blocks(path: Path, pages: dict[str, Page]) -> None:
    """The two parse lists, tables and code in slightly different ways."""
    parser = MarkdownIt("commonmark").enable(["table"])
    kinds = {"fence": "pre", "code_block": "pre"}
    tokens = parser.parse(path.read_text())
    expected = [kinds.get(token.type, token.tag) for token in tokens if token.nesting >= 0]
    name = path.relative_to(REPOSITORY / "docs").with_suffix(".html").as_posix()
    assert pages[name].blocks == [tag for tag in expected if tag in BLOCKS]


def test_the_changelog_has_the_changes_since_the_last_release(pages: dict[str, Page]) -> None:
    page = pages["CHANGELOG.html"].text
    for path in (REPOSITORY / "docs" / "changes").glob("*.md"):
        assert path.read_text().split("`")[-1].splitlines()[-1] in page


def test_every_finding_has_a_section(pages: dict[str, Page]) -> None:
    page = pages["reference/checks.html"]
    text = " ".join(page.text.split())
    for name, finding in findings().items():
        assert name in page.ids
        assert " ".join(finding.about.replace("`", "").split()) in text
    assert text.count("right:") > 60


def commands(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, click.Context(child, context, name))


def test_every_command_and_option_is_there(pages: dict[str, Page]) -> None:
    page = pages["reference/commands.html"]
    found = list(commands(cli, click.Context(cli, info_name="scmigen")))
    assert len(found) > 15
    for context in found:
        assert context.command_path.lower().replace(" ", "-") in page.ids
        for option in context.command.params:
            if isinstance(option, click.Option):
                assert all(name in page.text for name in option.opts), option.name


def test_what_the_reference_is_made_of_is_all_there(pages: dict[str, Page]) -> None:
    types = json.loads(json_schema())["$defs"]
    assert {name.lower() for name in types} <= pages["reference/runtime.html"].ids
    exported = {name.lower() for name in scmigen.__all__} - {"__version__"}
    assert exported <= pages["reference/api.html"].ids
    assert all(key.about in pages["reference/project.html"].text for key in BOARD)
    assert all(f"{name}\n" in pages["reference/targets.html"].text for name in BUILT_IN)
    assert "runtime/runtime.schema.json" in pages["reference/targets.html"].text
    assert "state rate parent read" in pages["reference/agents.html"].text
    assert "scmi.transport.smc-id" in pages["reference/agents.html"].text
