"""Damaged and hostile manifests: no internal error, nothing removed or replaced that is foreign.

A few hundred cases run with the other tests, more with ``SCMIGEN_FUZZ=10000``. The cases are made
of their numbers.
"""

import hashlib
import json
import os
from pathlib import Path
from random import Random

import pytest

from scmigen.diagnostics import InputError
from scmigen.targets.common.files import File
from scmigen.targets.common.manifest import MANIFEST
from scmigen.targets.common.write import write

CASES = int(os.environ.get("SCMIGEN_FUZZ", "300"))

FILES = [File("runtime/a.json", b"a"), File("scp/b.c", b"b")]
FOREIGN = {"precious.txt": b"mine", "sub/precious.txt": b"mine", ".git/HEAD": b"ref", "empty": b""}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def value(chance: Random) -> object:
    """What has no place in a manifest."""
    return chance.choice(
        [None, True, 7, -1, 1e300, "", "x", [], {}, "0" * 64, "0" * 63, "A" * 64, ["0" * 64],
         {"a": 1}, "\0", "\ud800", "\u202e", digest(b"?") * 2, [[]] * 3]
    )  # fmt: skip


def name(chance: Random) -> str:
    """A name that a manifest should not have, or one of somebody else's files."""
    return chance.choice(
        [*FOREIGN, "..", "../victim", "/etc/passwd", "a\0b", "\ud800", "x" * 5000,
         "a/" * 2500 + "a", "a/" * 30 + "x" * 5000,
         "sub", "pipe", "zero", "away/victim", "./precious.txt", "sub//precious.txt", "",
         "a\\b", "sub/../precious.txt", MANIFEST, "runtime", "runtime/a.json/x", "loop/a"]
    )  # fmt: skip


def hostile(chance: Random, good: bytes) -> bytes:
    """A damaged manifest: its bytes, its values, or its names."""
    kind = chance.randrange(4)
    if kind == 0:
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        return bytes(data)
    if kind == 1:
        cut = good[: chance.randrange(len(good))]
        number = b'{"files": ' + b"9" * 5000 + b"}"
        deep = [b"[" * 100_000, b'{"files":' * 50_000]
        return chance.choice([*deep, b"\xff\xfe", b"", b"\xef\xbb\xbf{}", number, cut])
    told = json.loads(good)
    if kind == 2:
        told[chance.choice(["files", "format", "unfinished"])] = value(chance)
    names = [name(chance) for _ in range(chance.randrange(4))]
    if chance.randrange(3) == 0:
        told = {"files": [*names, value(chance)] if chance.randrange(2) else names}
    elif isinstance(told["files"], dict):
        wrong = value(chance)
        told["files"] |= {
            item: wrong if chance.randrange(4) == 0 else digest(b"not that") for item in names
        }
    return json.dumps(told).encode()


def test_hostile_manifests(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "victim").write_bytes(b"mine")
    for path, content in FOREIGN.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    os.mkfifo(out / "pipe")
    (out / "zero").symlink_to("/dev/zero")
    (out / "away").symlink_to("..")
    (out / "loop").symlink_to("loop")
    write(out, FILES)
    good = (out / MANIFEST).read_bytes()
    reported: set[str] = set()
    for case in range(CASES):
        chance = Random(case)
        (out / MANIFEST).write_bytes(hostile(chance, good))
        new = [File(file.path, b"%d" % case) for file in FILES]
        try:
            write(out, new)
        except InputError as problem:
            reported.update(item.id for item in problem.diagnostics)
            write(out, new, force=True)
        found = {path: (out / path).read_bytes() for path in FOREIGN}
        assert found == FOREIGN, case
        assert (tmp_path / "victim").read_bytes() == b"mine", case
        assert json.loads((out / MANIFEST).read_bytes())["files"] == {
            file.path: digest(file.content) for file in new
        }, case
    assert reported == {"output-foreign"}


def test_a_manifest_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """100 MB of it, none of them on the disk."""
    with (tmp_path / MANIFEST).open("wb") as file:
        file.truncate(100 << 20)
    (found,) = write(tmp_path, FILES).diagnostics
    assert found.id == "output-left"
    assert "more than 16 MiB" in found.message


@pytest.mark.parametrize("path", sorted(FOREIGN))
def test_files_that_hashes_fit_to_are_kept_if_hidden(tmp_path: Path, path: str) -> None:
    """Who knows a file's content can name it; what nobody makes may go, git's files may not."""
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_bytes(FOREIGN[path])
    told = {"format": 2, "files": {path: digest(FOREIGN[path])}}
    (tmp_path / MANIFEST).write_text(json.dumps(told))
    write(tmp_path, FILES)
    assert (tmp_path / path).exists() == path.startswith(".")
