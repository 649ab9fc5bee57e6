"""Hooks of MkDocs: what is generated, and pages and files that are not in docs/.

What stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is for readers of the
repository; the site has what the part of that name in `PARTS` returns. Tables are the same in both.

CONTRIBUTING.md and the like are pages beside index.md. Every other file of the repository that a
page links to is copied to ``files/``. So links are written as GitHub follows them, relative to the
file. A link to a folder is none in the site. The changelog has the fragments of docs/changes.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import checks
import commands
import library
import outputs
import schemas
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from tables import TABLES
from text import paragraphs

ROOT = Path(__file__).parents[2]
TOP = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

PARTS: Mapping[str, Callable[[], str]] = {
    **TABLES,
    "checks": checks.checks,
    "commands": commands.commands,
    "library": library.library,
    "output-files": outputs.files,
    "runtime": schemas.runtime,
}

_GENERATED = re.compile(r"<!-- generated: ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)
_RELEASES = "<!-- releases -->\n"
_FOLDER = re.compile(r"\[([^]]*)\]\([^)\s:]+/\)")
_LINK = re.compile(r"(\]\()([^)\s:#]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the repository's top, and the files that pages link to."""
    for name in TOP:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    linked = {
        target
        for file in files.documentation_pages()
        for target in _linked(_source(file.src_uri), file.content_string)
        if not target.endswith(".md") or _page(target) is None
    }
    for target in sorted(linked):
        if (ROOT / target).is_file():
            files.append(File.generated(config, f"files/{target}", abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Fill in what is generated, and turn links between files into links between pages."""
    here = page.file.src_uri
    source = _source(here)

    def site(link: re.Match[str]) -> str:
        target = _resolve(source, link[2])
        at = _page(target) or f"files/{target}"
        return f"{link[1]}{posixpath.relpath(at, posixpath.dirname(here) or '.')}{link[3] or ''}"

    markdown = _LINK.sub(site, _FOLDER.sub(r"\1", markdown.replace(_RELEASES, _changes())))
    return _GENERATED.sub(lambda part: PARTS[part[1]](), markdown)


def _changes() -> str:
    """The changes since the last release, as towncrier will have them."""
    kinds: dict[str, list[str]] = {}
    for path in sorted((ROOT / "docs" / "changes").glob("*.md")):
        text = path.read_text(encoding="utf-8").strip().replace("\n", "\n    ")
        kinds.setdefault(path.suffixes[-2][1:].capitalize(), []).append(f"- {text}")
    return paragraphs(
        part
        for kind, changes in sorted(kinds.items())
        for part in (f"## {kind} since the last release", "\n".join(changes))
    )


def _linked(source: str, text: str) -> set[str]:
    return {_resolve(source, link[2]) for link in _LINK.finditer(text)}


def _resolve(source: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def _source(page: str) -> str:
    """The file of the repository that a page of the site is."""
    return page if page in TOP else f"docs/{page}"


def _page(target: str) -> str | None:
    """The page of the site that a file of the repository is."""
    if target in TOP:
        return target
    return target.removeprefix("docs/") if target.startswith("docs/") else None
