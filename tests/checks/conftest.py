"""What tests of checks share: a table of drivers that does not change with the kernel."""

import pytest
from support import TABLES

from scmigen.bindings import driver_files


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of `TABLES` are those that come with scmigen."""
    monkeypatch.setattr(driver_files, "_FOLDER", TABLES)
    driver_files.shipped_table.cache_clear()
