"""The reference of commands, from the options that click parses."""

import inspect
from collections.abc import Iterator

import click
from text import block, code, paragraphs, table, words

from scmigen.cli.main import cli


def commands() -> str:
    """Every command with its usage, its help and its options."""
    return paragraphs(_of(cli, None, "scmigen", 2))


def _of(
    command: click.Command, parent: click.Context | None, name: str, level: int
) -> Iterator[str]:
    context = click.Context(command, parent, name, **command.context_settings)
    options = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
    ]
    yield f"{'#' * level} {context.command_path}"
    yield block("text", " ".join([context.command_path, *command.collect_usage_pieces(context)]))
    yield words(inspect.cleandoc(command.help or "").replace("\b\n", ""))
    yield table(("option", "meaning"), ([code(name), words(text)] for name, text in options))
    if isinstance(command, click.Group):
        for inside in command.list_commands(context):
            child = command.get_command(context, inside)
            if child is not None:
                yield from _of(child, context, inside, level + 1)
