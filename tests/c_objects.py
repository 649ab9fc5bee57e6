"""Objects of C sources, each compiled once in a run: most tests change one file of many."""

import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from conftest import run_folder


def run(command: Sequence[str | Path], cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


@cache
def _kept() -> Path:
    folder = run_folder() / "objects"
    folder.mkdir(exist_ok=True)
    return folder


def objects_of(
    command: Sequence[str], folder: Path, sources: Iterable[Path]
) -> list[tuple[Path, str]]:
    """The object of each source, compiled once for the same text, headers and options; and errors,
    those of all at the first that was not yet there.

    ``command`` has the compiler and its options, ``folder`` all headers that change. Its own name
    is no part of what is compared.
    """
    same = sha256(" ".join(command).replace(str(folder), "").encode())
    for header in sorted(folder.rglob("*.h")):
        same.update(b"\0" + header.read_bytes())
    objects = {source: _name(same.digest(), source) for source in sources}
    missing = [source for source, made in objects.items() if not made.exists()]
    said = _make(command, {source: objects[source] for source in missing}) if missing else ""
    return [(made, said if source in missing[:1] else "") for source, made in objects.items()]


def _name(same: bytes, source: Path) -> Path:
    return _kept() / f"{source.stem}-{sha256(same + source.read_bytes()).hexdigest()}.o"


def _make(command: Sequence[str], objects: Mapping[Path, Path]) -> str:
    """All in one run, which takes a quarter less than one for each; what it said."""
    assert len({source.stem for source in objects}) == len(objects)
    # Another worker may be at the same ones.
    with tempfile.TemporaryDirectory(dir=_kept()) as place:
        said = run([*command, "-c", *map(str, objects)], cwd=place).stderr
        for source, made in objects.items():
            fresh = Path(place) / f"{source.stem}.o"
            if fresh.exists():
                fresh.replace(made)
    return said
