"""The commands as click has them, for help, errors and completion, made of what is declared."""

import math
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from itertools import zip_longest

import click

from scmigen.assignment.words import did_you_mean
from scmigen.cli.declare import Argument, Call, Command, Group, Parameter
from scmigen.cli.problems import BadValueError, CommandError, UsageError
from scmigen.cli.values import OneOf, PathOf, Read, Within
from scmigen.hints import IO, Any, TypeAlias

#: What is done with a command line that click has understood.
Act: TypeAlias = Callable[[Call], None]


def with_click(name: str, declared: Command | Group, act: Act) -> click.Command:
    """The command of click, which has ``act`` run the command that a line names."""
    if isinstance(declared, Group):
        return ClickGroup(name, declared, act)

    def run(**values: Any) -> None:
        context = click.get_current_context()
        above = () if context.obj is None else (context.obj,)
        try:
            act(Call(context.info_name or name, declared, values, above))
        except CommandError as problem:
            raise shown(problem) from None

    return click.Command(
        name,
        callback=run,
        params=list(map(_parameter, declared.parameters)),
        help=declared.help,
        context_settings={"ignore_unknown_options": True} if declared.words_with_dash else None,
    )


class ClickGroup(click.Group):
    """A group whose commands are made when they are needed."""

    def __init__(self, name: str, declared: Group, act: Act) -> None:
        super().__init__(
            name, params=list(map(_parameter, declared.parameters)), help=declared.help
        )
        self.callback = self._pass_on
        self._declared = declared
        self._act = act

    def _pass_on(self, **values: Any) -> None:
        """Give the commands below what the body returns."""
        if self._declared.body is not None:
            click.get_current_context().obj = self._declared.body(**values)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names of the commands."""
        return sorted(self._declared.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of a misspelt one, say which is meant."""
        word = args[0]  # where it may be an option, click takes it out of the list
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            if word.startswith("-"):
                raise
            known = self.list_commands(ctx)
            hint = did_you_mean(word, known) or f"one of: {', '.join(known)}"
            raise click.UsageError(f"{problem.message.rstrip('.')}; {hint}", ctx) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name."""
        found = self._declared.below(cmd_name)
        return None if found is None else with_click(cmd_name, found, self._act)


def shown(problem: CommandError) -> click.ClickException:
    """An error as click prints it: wrong usage below the usage of the command."""
    if isinstance(problem, BadValueError):
        return click.BadParameter(problem.message, param_hint=problem.of)
    if isinstance(problem, UsageError):
        return click.UsageError(problem.message)
    return _Failure(problem)


class _Failure(click.ClickException):
    """An error that prints its own lines."""

    def __init__(self, problem: CommandError) -> None:
        super().__init__(problem.message)
        self._problem = problem

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002
        """Print the lines."""
        self._problem.show()


def _parameter(declared: Parameter) -> click.Parameter:
    if isinstance(declared, Argument):
        return click.Argument(
            [declared.name],
            type=_type(declared.read),
            metavar=declared.metavar,
            required=declared.required,
            nargs=-1 if declared.many else 1,
            shell_complete=_complete(declared),
        )
    pairs = [
        f"{word}/{off}" if off else word
        for word, off in zip_longest(declared.words, declared.off, fillvalue="")
    ]
    return click.Option(
        [*pairs, declared.name],
        type=None if declared.flag else _type(declared.read),
        help=declared.help or None,
        metavar=declared.metavar,
        default=declared.default,
        show_default=declared.shown or None,
        is_flag=declared.flag or None,
        multiple=declared.multiple,
        required=declared.required,
        callback=partial(_checked, declared.check) if declared.check else None,
        shell_complete=_complete(declared),
    )


def _checked(
    check: Callable[[Any], Any], context: click.Context, parameter: click.Parameter, value: Any
) -> Any:
    try:
        return check(value)
    except UsageError as problem:
        raise click.BadParameter(problem.message, context, parameter) from None


def _complete(
    declared: Parameter,
) -> Callable[[click.Context, click.Parameter, str], list[str]] | None:
    complete = declared.complete
    if complete is None:
        return None
    return lambda context, _, begun: complete(context.params, declared.name, begun)


def _type(read: Read) -> Any:
    """The type of click that takes the same, and says what is wrong with what it does not take."""
    if isinstance(read, PathOf):
        return click.Path(file_okay=read.file, dir_okay=read.folder, path_type=read.made)
    if isinstance(read, OneOf):
        return _Choice(read.words, case_sensitive=not read.any_case)
    if isinstance(read, Within):
        kind: Any = click.IntRange if read.kind is int else _FloatRange
        return kind(read.least, read.most)
    if isinstance(read, type):
        return read

    def value(text: str) -> Any:
        try:
            return read(text)
        except UsageError as problem:
            raise click.BadParameter(problem.message) from None

    return click.types.FuncParamType(value)


class _FloatRange(click.FloatRange):
    """A number within two others, which NaN is not."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises `click.BadParameter`."""
        found: float = super().convert(value, param, ctx)
        if math.isnan(found):
            raise click.BadParameter(f"{value!r} is not a number", ctx, param)
        return found


class _Choice(click.Choice[str]):
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
