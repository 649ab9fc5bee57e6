"""Each single change of C tables, as people write them, changes what is read or what is told of
them, or is on a list that says why not.

By default one of a few is made, since each takes a good part of a second; ``-m slow`` makes all.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import scmi_msg_sources
import scp_sources
from mutations import text_mutations

from scmigen.audit.registry import find
from scmigen.diagnostics import InputError
from scmigen.runtime import encode_served

#: Names of what is not compared, by form, and why. docs/reference/audit.md says the same in words.
NOT_COMPARED: Mapping[str, Mapping[str, str]] = {
    "scp": {
        r"type|element_id|name|\[\w+.*|data|starts_enabled": "the order of rows that have an index",
        r"protocol_count(_max)?": "more room than there are protocols",
        r"pd_type": "a type that is no core, as before",
        r"\{ FWK_ID_\w*|device_(id|count)|domain_devices": "lists of devices",
    },
    "scmi-msg": {
        r"CELL\(.*|\[0\].*": "the order of rows that have an index; a row of another build",
        r"secure|id": "which hardware it is; a row of another build",
        r"clock_count|": "what is behind a table's end, and lengths of names",
        r"shm_size": "the size of the memory of a channel",
    },
}


def read(form: str, folder: Path) -> Any:
    """What a reader makes of a folder, without places and numbers of lines."""
    try:
        audit = find(form).read(folder)
    except InputError as problem:
        return [item.message for item in problem.diagnostics]
    told = sorted(re.sub(r"\d+", "N", item.message) for item in audit.diagnostics)
    return _unplaced(json.loads(encode_served(audit.served))), told


def _unplaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unplaced(each) for key, each in value.items() if key != "source"}
    return [_unplaced(each) for each in value] if isinstance(value, list) else value


def check(form: str, folder: Path, files: list[Path], step: int) -> int:
    """Makes every so many changes of the files; how many were made."""
    before = read(form, folder)
    assert isinstance(before, tuple)
    silent: dict[str, list[str]] = defaultdict(list)
    count = 0
    for file in files:
        text = file.read_text()
        for number, each in enumerate(text_mutations(text)):
            if number % step:
                continue
            count += 1
            file.write_text(each.text)
            if read(form, folder) == before:
                silent[each.field].append(f"{file.name}:{each.what}")
        file.write_text(text)
    unlisted = {
        field: whats
        for field, whats in silent.items()
        if not any(re.fullmatch(each, field) for each in NOT_COMPARED[form])
    }
    assert unlisted == {}
    return count


def product(folder: Path) -> tuple[Path, list[Path]]:
    firmware = scp_sources.write(folder)
    tables = [name for name in scp_sources.FILES if name.startswith("fw/config")]
    return firmware, [firmware.parent / name for name in tables]


def test_some_changes_of_a_product_of_scp_firmware(tmp_path: Path) -> None:
    assert check("scp", *product(tmp_path), 7) > 15


@pytest.mark.slow
def test_all_changes_of_a_product_of_scp_firmware(tmp_path: Path) -> None:
    assert check("scp", *product(tmp_path), 1) > 140


def test_all_changes_of_tables_of_scmi_msg(tmp_path: Path) -> None:
    folder = scmi_msg_sources.write(tmp_path)
    files = [folder / "scmi_server.c", folder / "scmi_resets.c"]
    assert check("scmi-msg", folder, files, 1) > 25
