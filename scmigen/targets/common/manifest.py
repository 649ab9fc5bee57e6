"""The manifest of an output folder: which files scmigen wrote there, with a SHA-256 for each.

``{"format": 2, "files": {PATH: HASH}}``. While a run changes the folder it lists the files before
and after (``"unfinished": true``, up to two hashes for each), so that the next run knows a half
written state as its own. A manifest is only believed as far as the hashes match, and as a whole
or not at all. The one of earlier versions, a plain list, is enough to replace an output that it
names, but not to remove anything.
"""

import json
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from scmigen.data import Data, field
from scmigen.diagnostics import InputError, Position
from scmigen.inputs import read_bytes
from scmigen.patterns import pattern
from scmigen.targets.common.files import OUTPUT_UNWRITABLE

MANIFEST = ".scmigen-manifest.json"
_FORMAT = 2
#: The deepest output; looking for the folders of a hostile manifest takes no longer than that.
_MAX_DEPTH = 32
_HASHES = pattern(r"([0-9a-f]{64}( [0-9a-f]{64})*)?")


class Manifest(Data):
    """``files``: path → hashes of what scmigen wrote there. ``data``: the bytes on disk.

    ``hashed``: false for the list of an earlier version. ``problem``: why it could not be read.
    """

    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    finished: bool = True
    hashed: bool = True
    data: bytes | None = None
    problem: str = ""

    def wrote(self, path: str, digest: str) -> bool:
        """Whether a file with that hash may be replaced as one of scmigen's own."""
        return path in self.files and (not self.hashed or digest in self.files[path])


def read(folder: Path) -> Manifest:
    """The manifest of a folder; one that is damaged lists nothing and has a ``problem``.

    Raises `InputError` where something else has its name.
    """
    path = folder / MANIFEST
    try:
        regular = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return Manifest()
    if not regular:
        raise InputError(
            [
                OUTPUT_UNWRITABLE.error(
                    "the list of the files of the last run is not a regular file",
                    Position(str(path)),
                    hint="remove it",
                )
            ]
        )
    try:
        data = read_bytes(path)
    except InputError as problem:
        return Manifest(problem=problem.diagnostics[0].message)
    return _decoded(data) or Manifest(data=data, problem="it is damaged")


def encode(files: Mapping[str, Collection[str]], finished: bool = True) -> bytes:
    """The bytes of a manifest."""
    told: dict[str, object] = {"format": _FORMAT}
    if not finished:
        told["unfinished"] = True
    told["files"] = {path: " ".join(sorted(files[path])) for path in sorted(files)}
    return json.dumps(told, indent=1).encode() + b"\n"


def _decoded(data: bytes) -> Manifest | None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    files = told.get("files")
    if isinstance(files, list) and "format" not in told:
        if all(_is_inside(path) for path in files):
            return Manifest(dict.fromkeys(files, frozenset()), hashed=False, data=data)
        return None
    if told.get("format") != _FORMAT or not isinstance(files, dict):
        newer = isinstance(told.get("format"), int) and told["format"] > _FORMAT
        return Manifest(data=data, problem="a newer scmigen wrote it") if newer else None
    for path, hashes in files.items():
        if not (_is_inside(path) and isinstance(hashes, str) and _HASHES.fullmatch(hashes)):
            return None
    known = {path: frozenset(hashes.split()) for path, hashes in files.items()}
    return Manifest(known, finished="unfinished" not in told, data=data)


def _is_inside(path: object) -> bool:
    """Whether a path stays in the output folder, and is written as `encode` writes it."""
    if not isinstance(path, str) or "\\" in path or "\0" in path or path == MANIFEST:
        return False
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    parts = path.split("/")
    return len(parts) <= _MAX_DEPTH and not {"", ".", ".."} & set(parts)
