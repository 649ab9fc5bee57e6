"""Hashes of outputs are those of `hashlib`, and lines of a notice those of `textwrap`."""

import hashlib
import io
import random
import sys
import textwrap

import pytest

from scmigen.targets.common import digest
from scmigen.targets.common.ctext import WIDTH, notice


@pytest.fixture
def afresh() -> None:
    """The module for hashes is looked for anew."""
    digest._sha256.cache_clear()


@pytest.mark.usefixtures("afresh")
@pytest.mark.parametrize("missing", [(), ("_sha2", "_sha256")], ids=["usual", "without-its-own"])
def test_hashes_are_sha_256(missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    long = random.Random(1).randbytes(digest._PART * 2 + 5)
    for content in (b"", b"abc", long):
        expected = hashlib.sha256(content).digest()
        assert digest.digest_of(content) == expected
        assert digest.file_digest(io.BytesIO(content)) == expected


def test_a_notice_is_wrapped_as_by_the_library() -> None:
    chance = random.Random(1)
    for _ in range(300):
        text = "".join(chance.choices("ab.  ", k=chance.choice((0, 5, 70, 77, 78, 200))))
        lines = textwrap.wrap(text, WIDTH - 3, break_long_words=False, break_on_hyphens=False)
        assert notice(text, " * ") == "\n".join(f" * {line}" for line in lines)
