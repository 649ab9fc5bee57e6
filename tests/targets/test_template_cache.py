"""Compiled templates are kept between runs; damage never ends one."""

from pathlib import Path

import pytest

from scmigen.targets.common.template_cache import KeptTemplates


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scmigen"


def rendered(text: str) -> str:
    from jinja2 import DictLoader, Environment

    environment = Environment(
        loader=DictLoader({"a": text}), bytecode_cache=KeptTemplates(), autoescape=False
    )
    return environment.get_template("a").render(x=1)


def test_a_compiled_template_is_kept_and_used(home: Path) -> None:
    assert rendered("{{ x }}") == "1"
    (kept,) = home.iterdir()
    before = kept.stat().st_mtime_ns
    assert rendered("{{ x }}") == "1"
    assert kept.stat().st_mtime_ns == before


def test_one_made_from_another_text_is_not_used(home: Path) -> None:
    rendered("{{ x }}")
    assert rendered("{{ x + 1 }}") == "2"
    assert home.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"j2" + bytes(200)])
def test_a_damaged_one_is_made_anew(home: Path, content: bytes) -> None:
    rendered("{{ x }}")
    (kept,) = home.iterdir()
    kept.write_bytes(content)
    assert rendered("{{ x }}") == "1"


def test_no_flipped_byte_ends_a_run(home: Path) -> None:
    """Python reads code without bounds: a damaged file must not get that far."""
    rendered("{{ x }}")
    (kept,) = home.iterdir()
    good = kept.read_bytes()
    for at in range(len(good)):
        kept.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        assert rendered("{{ x }}") == "1"
        assert kept.read_bytes() == good


@pytest.mark.parametrize("end", [0, 1, 4, 5, -1])
def test_a_truncated_one_is_made_anew(home: Path, end: int) -> None:
    rendered("{{ x }}")
    (kept,) = home.iterdir()
    good = kept.read_bytes()
    kept.write_bytes(good[:end])
    assert rendered("{{ x }}") == "1"
    assert kept.read_bytes() == good
