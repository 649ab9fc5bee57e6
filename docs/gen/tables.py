"""Writes the generated tables into the pages of docs/reference: `python docs/gen/tables.py`.

They are committed, for readers of the repository. What takes many screens is in the site only
(`pages.PARTS`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import outputs
import rules
import schemas
import speed

FOLDER = Path(__file__).resolve().parent.parent / "reference"

TABLES: Mapping[str, Callable[[], str]] = {
    "agents-domain": schemas.agents_domain,
    "agents-platform": schemas.agents_platform,
    "faults": schemas.faults,
    "operations": schemas.operations,
    "outputs": outputs.outputs,
    "project-board": schemas.project_board,
    "rule-names": rules.rule_names,
    "speed": speed.speed,
}

_MARKED = re.compile(rf"(<!-- generated: ({'|'.join(TABLES)}) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> Iterator[tuple[Path, str]]:
    """The pages that have tables, with the tables as they are now."""
    for path in sorted(FOLDER.glob("*.md")):
        text, tables = _MARKED.subn(
            lambda part: f"{part[1]}\n{TABLES[part[2]]().strip()}\n\n{part[3]}",
            path.read_text(encoding="utf-8"),
        )
        if tables:
            yield path, text


def main() -> None:
    """Write all of them."""
    for path, text in pages():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
