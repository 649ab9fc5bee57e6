"""What a program prints that lets an `InputError` end it."""

from pathlib import Path

import pytest

import scmigen
from scmigen.diagnostics import InputError


def test_the_text_has_the_file_and_the_hint(tmp_path: Path) -> None:
    (tmp_path / "board.dts").touch()
    missing = tmp_path / "bord.dts"
    with pytest.raises(InputError) as raised:
        scmigen.load(missing)
    (found,) = raised.value.diagnostics
    assert str(raised.value).startswith(f"{missing}: No such file or directory")
    assert found.hint is not None
    assert str(raised.value).endswith(f" ({found.hint})")
    assert "board.dts" in found.hint
