"""Where grammars and templates are, and where what is made from them is kept between runs."""

import os
import stat
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def directory(name: str) -> Path:
    """The folder ``name`` (``"grammars"`` or ``"templates"``).

    A wheel carries it inside the package; a source tree and an editable install have it beside
    the package. Nothing else in scmigen knows this.
    """
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path | None:
    """The folder for what is kept between runs, made if need be.

    None where it is not this user's alone: what is read from it decides what an input means.
    """
    if not hasattr(os, "getuid"):
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(base) if base.startswith("/") else Path.home() / ".cache") / "scmigen"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if is_ours(folder.lstat(), stat.S_IFDIR) else None
    except (OSError, RuntimeError, ValueError):
        return None


def is_ours(status: os.stat_result, kind: int) -> bool:
    """Whether it is of that kind, belongs to this user, and no other may write to it."""
    mode = status.st_mode
    return stat.S_IFMT(mode) == kind and status.st_uid == os.getuid() and not mode & 0o022
