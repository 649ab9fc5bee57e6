"""The boards of these tests are made up, and what their drivers do is not what the tests are about:
no table of drivers is there, so that none tells that it does not know them."""

from pathlib import Path

import pytest

from scmigen.bindings import driver_files


@pytest.fixture(autouse=True)
def no_drivers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tables come with scmigen."""
    monkeypatch.setattr(driver_files, "_FOLDER", _empty(tmp_path_factory))


def _empty(factory: pytest.TempPathFactory) -> Path:
    folder = factory.getbasetemp() / "no-tables"
    folder.mkdir(exist_ok=True)
    return folder
