"""Objects of C sources, each compiled once in a run: most tests change one file of many."""

import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from conftest import run_folder


def run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@cache
def _kept() -> Path:
    folder = run_folder() / "objects"
    folder.mkdir(exist_ok=True)
    return folder


def objects_of(
    command: Sequence[str], folder: Path, sources: Iterable[Path]
) -> list[tuple[Path, str]]:
    """The object of each source, compiled once for the same text, headers and options; and errors.

    ``command`` has the compiler and its options, ``folder`` all headers that change. Its own name
    is no part of what is compared.
    """
    same = sha256(" ".join(command).replace(str(folder), "").encode())
    for header in sorted(folder.rglob("*.h")):
        same.update(b"\0" + header.read_bytes())
    return [_object(command, same.digest(), source) for source in sources]


def _object(command: Sequence[str], same: bytes, source: Path) -> tuple[Path, str]:
    digest = sha256(same + source.read_bytes()).hexdigest()
    made = _kept() / f"{source.stem}-{digest}.o"
    if made.exists():
        return made, ""
    # Another worker may be at the same one.
    with tempfile.TemporaryDirectory(dir=_kept()) as place:
        fresh = Path(place) / made.name
        said = run([*command, "-c", str(source), "-o", str(fresh)]).stderr
        if fresh.exists():
            fresh.replace(made)
    return made, said
