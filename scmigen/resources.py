"""Where grammars and templates are, and what is made from them, kept between runs."""

import contextlib
import os
import stat
import time
from functools import cache
from pathlib import Path
from zlib import crc32

from scmigen.hints import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

#: The most bytes of one file that is kept.
MAX_KEPT = 1 << 20

_DAY = 24 * 60 * 60
#: What has not been used for so long, in seconds, is removed: of other versions, mostly.
UNUSED = 30 * _DAY

#: Bytes of the checksum that each such file begins with.
_CHECKSUM = 4

_PACKAGE = Path(__file__).resolve().parent


def directory(name: str) -> Path:
    """The folder ``name``: ``"templates"``, ``"cmake"`` or, in a source tree, ``"grammars"``.

    A wheel carries all inside the package; a source tree and an editable install have it beside
    the package. Nothing else in scmigen knows this.
    """
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def shipped(name: str) -> "Traversable":
    """The folder ``name`` as `directory` has it; where scmigen is in a zip file, what is there."""
    folder = directory(name)
    return folder if folder.is_dir() else in_zip(name)


def in_zip(name: str) -> "Traversable":
    """The folder ``name`` of the package, which is no folder of the file system."""
    # This takes as long to import as a tenth of a check.
    from importlib.resources import files

    return files("scmigen") / name


def keep(name: str, content: bytes) -> None:
    """Keep ``content`` for later runs; does nothing where that is impossible or not safe."""
    import tempfile

    folder = _cache_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder)
        with open(handle, "wb") as file:  # noqa: PTH123 - it is a handle
            file.write(_checksum(content) + content)
        Path(temporary).replace(folder / name)
    _sweep(folder)


@cache
def _sweep(folder: Path) -> None:
    """Remove what has not been used for long, once in a run that keeps something. A run that wants
    one of these files just now has it open, or makes it anew."""
    oldest = time.time() - UNUSED
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < oldest:
                    path.unlink()


def kept(name: str) -> bytes | None:
    """What `keep` stored under ``name``, unless it is damaged or another user can write to it.

    What is kept decides what an input means, or is code. Only a folder and a file of this user are
    trusted; the checksum is against damage.
    """
    folder = _cache_folder()
    if folder is None:
        return None
    try:
        with (folder / name).open("rb") as file:
            status = os.fstat(file.fileno())
            if not _is_ours(status, stat.S_IFREG):
                return None
            stored = file.read(MAX_KEPT)
    except OSError:
        return None
    if time.time() - status.st_mtime > _DAY:
        with contextlib.suppress(OSError):
            os.utime(folder / name)  # it is in use
    content = stored[_CHECKSUM:]
    return content if stored[:_CHECKSUM] == _checksum(content) else None


def _checksum(content: bytes) -> bytes:
    return crc32(content).to_bytes(_CHECKSUM, "big")


def _cache_folder() -> Path | None:
    """The folder for what is kept, made if need be; None unless it is this user's alone."""
    if not hasattr(os, "getuid"):
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(base) if base.startswith("/") else Path.home() / ".cache") / "scmigen"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder.lstat(), stat.S_IFDIR) else None
    except (OSError, RuntimeError, ValueError):
        return None


def _is_ours(status: os.stat_result, kind: int) -> bool:
    """Whether it is of that kind and belongs to this user, who alone may write to it."""
    mode = status.st_mode
    return stat.S_IFMT(mode) == kind and status.st_uid == os.getuid() and not mode & 0o022
