"""What tests of checks share: a table of drivers that does not change with the kernel."""

import pytest
from support import TABLES

from scmigen.bindings import driver_tables


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of `TABLES` are those that come with scmigen."""
    monkeypatch.setattr(driver_tables, "_FOLDER", TABLES)
    driver_tables.shipped_table.cache_clear()
