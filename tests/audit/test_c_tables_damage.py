"""Damaged C tables: rows that moved are seen, and nothing but a diagnostic comes of rubbish."""

import random
import re
from pathlib import Path

import pytest
from scp_sources import FILES, write

from scmigen.audit.base import Audit
from scmigen.audit.registry import find
from scmigen.diagnostics import InputError

_TABLES = "fw/config_scmi_tables.c"
_PERMISSIONS = "fw/config_resource_perms.c"
_RUBBISH = ("", "{", "}", "(", ")", '"', "#", "\n#if 1\n", "\\\n", "/*", ",", "0x", "\0", "é", "*")


def audit_of(folder: Path) -> Audit:
    return find("scp").read(folder)


@pytest.mark.parametrize(
    "change",
    [
        {_TABLES: ("CLK_CPU),\n    DEVICE(CLK_GPU)", "CLK_GPU),\n    DEVICE(CLK_CPU)")},
        {_TABLES: ("    DEVICE(CLK_GPU),\n", "")},
        {_TABLES: ("device_count = FWK_ARRAY_SIZE(vm_clocks)", "device_count = 0")},
        {_TABLES: ("[RST_GPU] = {", "[RST_GPU + 1] = {")},
        {_PERMISSIONS: ("(1 << 0) | (1 << 2)", "(1 << 0)")},
        {_PERMISSIONS: ("CONFIG_SET_IDX][0] = 1 << 1", "CONFIG_SET_IDX][0] = 1 << 2")},
        {_PERMISSIONS: ("MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED | ", "")},
        {_PERMISSIONS: ("[ROW(AGENT_VM)] = { .messages", "[ROW(AGENT_OSPM)] = { .messages")},
        {"fw/config_scmi.c": ("[AGENT_PSCI] = { SCMI_AGENT_TYPE_PSCI", "[AGENT_PSCI] = { 3")},
        {"include/acme.h": ("CLK_UART, CLK_GPU", "CLK_GPU, CLK_UART")},
    ],
)  # fmt: skip
def test_each_slip_changes_what_is_read(tmp_path: Path, change: dict[str, tuple[str, str]]) -> None:
    whole = audit_of(write(tmp_path / "whole"))
    damaged = audit_of(write(tmp_path / "damaged", change))

    def said(audit: Audit) -> object:
        text = re.sub(r"/\S+/(whole|damaged)/", "", repr(audit.served))
        return re.sub(r":\d+'", "'", text)

    assert said(whole) != said(damaged)


def test_rubbish_ends_in_a_description_or_a_diagnostic(tmp_path: Path) -> None:
    dice = random.Random(7)
    read = 0
    for turn in range(24):
        name = dice.choice(sorted(FILES))
        text = list(FILES[name])
        for _ in range(dice.randint(1, 5)):
            place = dice.randrange(len(text))
            text[place : place + dice.randint(0, 12)] = dice.choice(_RUBBISH)
        folder = write(tmp_path / str(turn))
        (folder.parent / name).write_text("".join(text))
        try:
            read += bool(audit_of(folder).served.agents)
        except InputError:
            continue
    assert read > 8
