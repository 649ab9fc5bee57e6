"""Commands as data: options and arguments are declared here, once.

`scmigen.cli.parse` makes values of a right command line from it, and `scmigen.cli.with_click` the
command of click that prints help, says what is wrong, and completes words.
"""

import gc
from collections.abc import Callable, Mapping
from importlib import import_module
from time import time

from scmigen.cli.values import Read
from scmigen.data import Data
from scmigen.hints import Any, TypeAlias

#: The values typed so far, the name of the option or argument, and the begin of a word → the words
#: that may be meant.
Complete: TypeAlias = Callable[[Mapping[str, Any], str, str], list[str]]


class Option(Data):
    """An option. ``name`` is that of the value, ``words`` are what is typed, and ``off`` what is
    typed to switch a flag off.

    ``check`` gets the value, and returns what the command gets; it raises `UsageError`.
    """

    name: str
    words: tuple[str, ...]
    off: tuple[str, ...]
    read: Read
    help: str
    metavar: str | None
    default: Any
    shown: bool
    flag: bool
    multiple: bool
    required: bool
    check: Callable[[Any], Any] | None
    complete: Complete | None


class Argument(Data):
    """An argument; ``many``: all that follow, which only the last one of a command takes."""

    name: str
    read: Read
    metavar: str | None
    required: bool
    many: bool
    complete: Complete | None


Parameter: TypeAlias = Option | Argument


def option(
    *words: str,
    read: Read = str,
    help: str | None = None,  # noqa: A002 - as click has it
    metavar: str | None = None,
    default: Any = None,
    shown: bool = False,
    usual: str | None = None,
    flag: bool = False,
    multiple: bool = False,
    required: bool = False,
    check: Callable[[Any], Any] | None = None,
    complete: Complete | None = None,
) -> Option:
    """An option: ``-o``, ``--output``, ``--sweep/--no-sweep``, and the name of its value, if that
    is not the longest of them.

    The help shows ``default`` if that is ``shown``, or else ``usual``, which the command does not
    get: its value is `None` where the option is not given.
    """
    named = [word for word in words if not word.startswith("-")]
    pairs = [word.partition("/") for word in words if word.startswith("-")]
    on = tuple(word for word, _, _ in pairs)
    longest = max(on, key=len).lstrip("-").replace("-", "_")
    text = f"{help}  [default: {usual}]" if usual else help
    return Option(
        named[0] if named else longest,
        on,
        tuple(word for _, _, word in pairs if word),
        read,
        text or "",
        metavar,
        default if not flag or default is not None else False,
        shown,
        flag,
        multiple,
        required,
        check,
        complete,
    )


def argument(
    name: str,
    metavar: str | None = None,
    *,
    read: Read = str,
    required: bool = True,
    many: bool = False,
    complete: Complete | None = None,
) -> Argument:
    """An argument: ``name`` is that of its value, and ``metavar`` what the usage calls it."""
    return Argument(name, read, metavar, required and not many, many, complete)


class Command(Data):
    """A command: what it is for, what it takes, and what it does with the values.

    ``words_with_dash``: words that begin with ``-`` and are no option are arguments.
    """

    help: str
    parameters: tuple[Parameter, ...]
    body: Callable[..., Any]
    words_with_dash: bool = False


class Group(Data):
    """Commands below a command, each as it is, or as ``module:name`` until it is needed.

    The first argument of what is below is what ``body`` returns, where there is one.
    """

    help: str
    commands: Mapping[str, "Command | Group | str"]
    parameters: tuple[Parameter, ...] = ()
    body: Callable[..., Any] | None = None

    def below(self, word: str) -> "Command | Group | None":
        """The command of that name."""
        found = self.commands.get(word)
        return _imported(found) if isinstance(found, str) else found


def _imported(place: str) -> Command | Group:
    """What is declared at ``module:name``."""
    module, _, name = place.partition(":")
    found: Command | Group = getattr(import_module(module), name)
    return found


#: From the body of a command to the command.
Declares: TypeAlias = Callable[[Callable[..., Any]], Command]


def command(
    *parameters: Parameter,
    help: str,  # noqa: A002 - as click has it
    words_with_dash: bool = False,
) -> Declares:
    """Make a command of its body, which gets a keyword argument for each of ``parameters``."""
    return lambda body: Command(help, parameters, body, words_with_dash)


class Call(Data):
    """A command that is to run: its name, its values, and what the groups above it returned."""

    name: str
    command: Command
    values: Mapping[str, Any]
    above: tuple[Any, ...] = ()

    def run(self) -> None:
        """Run the body. Raises `CommandError`."""
        if not gc.isenabled():
            gc.freeze()  # what is imported stays, and is not looked at again
            gc.enable()
        _RUNNING.append(Running(self.name, self.values, time()))
        try:
            self.command.body(*self.above, **self.values)
        finally:
            _RUNNING.pop()


class Running(Data):
    """The command that runs, for what is printed far from it: its name, values, and begin."""

    name: str
    values: Mapping[str, Any]
    begun: float


#: Those that run, the innermost last: tests run commands, too.
_RUNNING: list[Running] = []


def running() -> Running | None:
    """The command that runs, if the program is one."""
    return _RUNNING[-1] if _RUNNING else None
