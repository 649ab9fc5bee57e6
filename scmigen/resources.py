"""Where grammars and templates are: inside an installed package, or beside it in a source tree."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def directory(name: str) -> Path:
    """The folder ``name`` (``"grammars"`` or ``"templates"``).

    A wheel carries it inside the package; a source tree and an editable install have it beside
    the package. Nothing else in scmigen knows this.
    """
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
