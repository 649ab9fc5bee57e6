"""Text of the program → Markdown."""

import re
from collections.abc import Iterable, Sequence


def words(text: str) -> str:
    """A text of the program as Markdown: nothing in it is markup, but for ``code``."""
    parts = re.split(r"``?([^`]+)``?", text)
    return "".join(_plain(part) if at % 2 == 0 else code(part) for at, part in enumerate(parts))


def _plain(text: str) -> str:
    return re.sub(r"([\\*_<>\[\]|])", r"\\\1", text)


def code(text: str) -> str:
    """Code inside a line, also inside a table."""
    return f"`{text}`".replace("|", r"\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |" for line in lines)


def block(language: str, text: str) -> str:
    """A code block."""
    return f"```{language}\n{text.rstrip()}\n```"


def paragraphs(parts: Iterable[str]) -> str:
    """Blocks with an empty line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)
