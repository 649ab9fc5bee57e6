"""A choice of words for click."""

from difflib import get_close_matches
from typing import Any

import click


class OneOf(click.Choice[str]):
    """One of some words; of a misspelt one, the message says which may be meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word. Raises `click.BadParameter`."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as problem:
            close = get_close_matches(str(value), list(self.choices), 1)
            if not close:
                raise
            message = f"{problem.message.rstrip('.')}; did you mean {close[0]}?"
        raise click.BadParameter(message, ctx, param)
