"""Links between files of the repository, as GitHub follows them. The site has a test of its own."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import REPOSITORY
from markdown_it import MarkdownIt
from markdown_it.token import Token

PAGES = [
    path
    for path in sorted(REPOSITORY.rglob("*.md"))
    if not {"build", ".venv", "node_modules"} & set(path.relative_to(REPOSITORY).parts)
    and not path.relative_to(REPOSITORY).parts[0].startswith((".", "out"))
]


@cache
def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table"]).parse(page.read_text())


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"])


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of headings as GitHub makes them."""
    found = tokens(page)
    headings = [found[at + 1] for at, token in enumerate(found) if token.type == "heading_open"]
    texts = ["".join(child.content for child in each.children or ()) for each in headings]
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in texts}


def test_the_start_page_leads_to_every_guide() -> None:
    index = REPOSITORY / "docs/index.md"
    guides = {f"howto/{path.name}" for path in (REPOSITORY / "docs/howto").glob("*.md")}
    assert guides <= {link.partition("#")[0] for link in links(index)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
