"""Writes the man pages in docs/man from the help of the commands: `python docs/gen/man.py`.

One page for `scmigen` and one per command; `client` has its commands in its own page. They are
committed, so that a wheel is built without the packages that scmigen runs with.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from scmigen.cli.commands import COMMANDS
from scmigen.cli.main import cli
from scmigen.version import __version__

FOLDER = Path(__file__).resolve().parent.parent / "man"

#: The day of the version: a page of the same sources is the same on each day.
DATE = "2026-11-29"

SECTIONS = {
    "EXIT STATUS": {
        "0": "Success; warnings and notes do not count, unless -W error or -E makes them errors.",
        "1": "Errors in the input, or a question or request that is refused. Nothing is written.",
        "2": "Wrong usage.",
        "3": "A number moved, or the lock file would change (--locked). Nothing is written.",
        "4": "What diff --fail-on names.",
    },
    "ENVIRONMENT": {
        "NO_COLOR, FORCE_COLOR": "No colours, or colours also without a terminal. The first wins.",
        "SOURCE_DATE_EPOCH": "The day, in seconds since 1970, for the dates of waivers.",
        "SCMIGEN_DEBUG": "Show the traceback of an internal error.",
    },
    "FILES": {
        "scmigen.toml": "The project file of the working folder: boards and their options.",
    },
}


def escaped(text: str) -> str:
    """Text for roff: no line is a request, and a hyphen is the character that is typed."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def filled(text: str) -> str:
    """One paragraph, in lines that can be compared."""
    return escaped(textwrap.fill(text, 78, break_on_hyphens=False, break_long_words=False))


def paragraphs(text: str) -> str:
    """Paragraphs between empty lines."""
    return "\n.PP\n".join(filled(part) for part in text.strip().split("\n\n"))


def bold(text: str) -> str:
    """What is typed as it stands."""
    return rf"\fB{escaped(text)}\fR"


def items(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A list of names with what they mean; values of options are not bold."""
    for names, text in pairs:
        parts = re.split(r"(?<=[\w@])([ =].*)$", names, maxsplit=1) if names[0] == "-" else [names]
        yield f".TP\n{bold(parts[0])}{escaped(''.join(parts[1:]))}\n{filled(text)}"


def options(context: click.Context) -> list[tuple[str, str]]:
    """The options of a command, except the help that each has. Click 8.5 lists arguments, too."""
    records = [
        parameter.get_help_record(context)
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
    ]
    return [record for record in records if record is not None]


def usage(context: click.Context) -> str:
    """The line of usage."""
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f"{bold(context.command_path)} {escaped(pieces)}"


def children(context: click.Context) -> Iterator[click.Context]:
    """The commands of a command."""
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield click.Context(command, parent=context, info_name=name)


def nested(context: click.Context) -> Iterator[str]:
    """The commands of a command, and theirs, each with usage, help and options."""
    for child in children(context):
        if not isinstance(child.command, click.Group):
            yield f'.SS "{escaped(child.command_path)}"\n{usage(child)}'
            yield f".PP\n{paragraphs(child.command.help or '')}"
            yield from items(options(child))
        yield from nested(child)


def page(context: click.Context, about: str, rest: Iterable[str], others: list[str]) -> str:
    """A page: what all have, and the rest between options and references."""
    name = context.command_path.replace(" ", "-")
    lines = [
        '.\\" Written by docs/gen/man.py from the help of the command.',
        f'.TH {escaped(name.upper())} 1 {DATE} "scmigen {__version__}" "User Commands"',
        f".SH NAME\n{escaped(name)} \\- {escaped(about)}",
        f".SH SYNOPSIS\n{usage(context)}",
        f".SH DESCRIPTION\n{paragraphs(context.command.help or '')}",
        ".SH OPTIONS",
        *items(options(context)),
        *rest,
        ".SH SEE ALSO",
        ",\n".join(rf"{bold(other)}(1)" for other in others if other != name),
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """The text of each page, by file name."""
    top = click.Context(cli, info_name="scmigen")
    names = ["scmigen", *(f"scmigen-{name}" for name in COMMANDS)]
    shared = [
        line
        for title, table in SECTIONS.items()
        for line in (f".SH {title}", *items(table.items()))
    ]
    listed = items((f"scmigen-{name}(1)", text) for name, (_, text) in COMMANDS.items())
    made = {
        "scmigen.1": page(
            top,
            "compile device trees into SCMI platforms",
            [".SH COMMANDS", *listed, *shared],
            ["dtc", "fdtoverlay"],
        )
    }
    for child in children(top):
        about = COMMANDS[child.info_name or ""][1]
        inner = list(nested(child))
        rest = [".SH COMMANDS", *inner] if inner else []
        made[f"scmigen-{child.info_name}.1"] = page(
            child, about[0].lower() + about[1:].rstrip("."), rest, names
        )
    return made


def main() -> None:
    """Write all pages, and remove those of commands that are no more."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for old in FOLDER.iterdir():
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
