"""The keys of a project file: the one place that knows them. Reader, schema and docs follow it.

The keys of a board are the arguments of `scmigen.compile` and `scmigen.load`, and what ``build``
needs besides.
"""

from collections.abc import Callable, Collection
from enum import Enum

from scmigen.data import Data
from scmigen.runtime import Numbering


class Form(Enum):
    """What the value of a key is; its text is what a message calls it."""

    PATH = "a path"
    TEXT = "a string"
    PATHS = "a list of paths"
    TEXTS = "a list of strings"
    NAMED_PATHS = "a table of paths"


class Key(Data):
    """A key of a board.

    ``own``: of one board alone, so it cannot be in ``[defaults]``. ``known`` returns the words that
    its values may be; ``prefix`` may stand before such a word.
    """

    name: str
    form: Form
    about: str
    own: bool = False
    known: Callable[[], Collection[str]] | None = None
    prefix: str = ""

    @property
    def single(self) -> str:
        """What one path or string of the value is called."""
        return "a string" if self.form in (Form.TEXT, Form.TEXTS) else "a path"


def _numberings() -> Collection[str]:
    return [item.value for item in Numbering]


def _outputs() -> Collection[str]:
    from scmigen.targets import registry  # entry points are read only where there are outputs

    return registry.names()


def _checks() -> Collection[str]:
    from scmigen.explain import switchable  # imports every module that reports something

    return switchable()


def _switches() -> Collection[str]:
    return (*_checks(), "error")


#: The keys of a board, in the order of the documentation.
BOARD = (
    Key("source", Form.PATH, "The board: a DTS or DTB file.", own=True),
    Key("overlays", Form.PATHS, "Overlays, applied to the board in this order."),
    Key("include", Form.PATHS, "Directories in which the preprocessor looks for files, as -I."),
    Key("define", Form.TEXTS, "Macros, each NAME or NAME=VALUE, as -D."),
    Key("agents", Form.PATHS, "Agents files, as -a."),
    Key("trees", Form.NAMED_PATHS, "Agents' own trees, by the agent's name, as --tree."),
    Key(
        "topology",
        Form.PATHS,
        "What feeds what in running systems, such as clk_summary, as --topology.",
    ),
    Key("lock", Form.PATH, "The lock file, which keeps numbers once assigned, as --ids.", own=True),
    Key(
        "numbering",
        Form.TEXT,
        "One number per resource (shared, the default), or dense numbers per agent.",
        known=_numberings,
    ),
    Key("output", Form.PATH, "The directory that build writes to, as -o.", own=True),
    Key(
        "emit",
        Form.TEXTS,
        "The outputs that build makes and check looks at, as --emit.",
        known=_outputs,
    ),
    Key("reference", Form.PATH, "What diff compares the board with: its OLD.", own=True),
    Key("baseline", Form.PATH, "File of waivers: the findings in it do not count, as --baseline."),
    Key(
        "switches",
        Form.TEXTS,
        "Checks that are off (no-CHECK) or restored, as -W; error: every warning is an error.",
        known=_switches,
        prefix="no-",
    ),
    Key(
        "errors",
        Form.TEXTS,
        "Checks whose findings are all errors, as -E.",
        known=_checks,
    ),
)

#: The top of a project file.
TOP = {
    "format": "The format of the file; also without it.",
    "defaults": "Settings for every board; a key of a board replaces the one here.",
    "board": "The boards, by name.",
}
