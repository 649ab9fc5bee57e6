"""Bits of SCP-firmware's permissions that are alone, in tables that scmigen writes."""

from collections.abc import Callable

import pytest
from mutated_board import AGENTS_OF_TREE, BOARD

import scmigen
from scmigen.audit.registry import find


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """Writes the tables once; what is uneven once one text in them is another."""
    folder = tmp_path_factory.mktemp("scp")
    (folder / "board.dts").write_text(BOARD)
    (folder / "agents.yaml").write_text(AGENTS_OF_TREE)
    result = scmigen.compile(folder / "board.dts", agents=folder / "agents.yaml")
    scmigen.emit(result, "scp").write(folder / "out")
    table = folder / "out/scp/config_resource_perms.c"
    text = table.read_text()

    def change(old: str, new: str) -> list[str]:
        assert old in text
        table.write_text(text.replace(old, new, 1))
        found = find("scp").read(table.parent).diagnostics
        return [item.message for item in found if item.id == "permissions-uneven"]

    return change


def test_what_scmigen_writes_is_even(uneven: Callable[[str, str], list[str]]) -> None:
    assert uneven("AGENT_ROW(SCMI_AGENT_IDX_LINUX)", "AGENT_ROW(SCMI_AGENT_IDX_LINUX)") == []


@pytest.mark.parametrize(
    ("message", "old", "new", "told"),
    [
        (
            "CLOCK_ATTRIBUTES",
            "0xFFE1",
            "0xFFE3",
            "linux may not send CLOCK_ATTRIBUTES, without which nothing is found, about clock 1",
        ),
        (
            "CLOCK_DESCRIBE_RATE",
            "0xFFF1",
            "0xFFE1",
            "linux may send CLOCK_DESCRIBE_RATES, and not CLOCK_RATE_GET, about clock 4",
        ),
        (
            "POWER_DOMAIN_STATE_NOTIFY",
            "0xFFFE",
            "0xFFFF",
            "linux may not send POWER_STATE_NOTIFY, unlike the rest of read, about power domain 0",
        ),
    ],
)
def test_a_bit_that_is_flipped_is_told(
    uneven: Callable[[str, str], list[str]], message: str, old: str, new: str, told: str
) -> None:
    row = f"[MOD_RES_PERMS_SCMI_{message}_IDX] = {{ %s }}"
    assert uneven(row % old, row % new) == [told]
