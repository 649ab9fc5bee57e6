"""`scmigen audit` prints what its readers found besides the table."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from scp_sources import write
from support import scmigen as run

UNREAD = {
    "src/acme_core.c": ("return 1", "return *(volatile unsigned int *)0x1000"),
}
NAMELESS = {"fw/config_dvfs.c": ('"CPUS"', "0")}


def test_what_a_reader_cannot_tell_is_printed_and_kinds_are_named(tmp_path: Path) -> None:
    done = run("audit", write(tmp_path, UNREAD))
    assert done.returncode == 0
    assert "warning[tables-unread]: the elements of power-domain" in done.stderr
    assert done.stderr.endswith("0 errors, 1 warning, 0 notes\n")
    assert done.stdout.splitlines()[-1] == "not told: power"


def test_quiet_hides_warnings_and_the_table(tmp_path: Path) -> None:
    done = run("audit", "-q", write(tmp_path, UNREAD))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_json_of_a_server_is_whole_and_its_findings_are_json_too(tmp_path: Path) -> None:
    done = run("audit", write(tmp_path, UNREAD), "--format", "json")
    assert json.loads(done.stdout)["format"] == "scmigen-grants-1"
    assert "tables-unread" in done.stderr


def test_an_error_of_a_table_is_printed_below_it_with_status_1(tmp_path: Path) -> None:
    folder = write(tmp_path, NAMELESS)
    done = run("audit", folder)
    assert done.returncode == 1
    assert "OSPM" in done.stdout
    assert "error[tables-invalid]: the table of dvfs ends at index 0" in done.stderr
    assert run("audit", folder, "--format", "json").stdout == ""


#: A description with all that one can have.
WHOLE = {
    "format": "scmigen-grants-1",
    "name": "pebble",
    "numbering": "per-agent",
    "kinds": ["power", "performance", "clock"],
    "momentary": True,
    "complete": False,
    "agents": [
        {
            "id": 1,
            "name": "OSPM",
            "role": "ospm",
            "profile": "2.0",
            "transport": {"type": "smc", "smc_id": 0x82000010, "shmem": "0x47ff0000"},
            "permissions": True,
            "system_power": "told",
            "kinds": ["power", "clock"],
            "grants": {
                "clock": [
                    {
                        "id": 4,
                        "resource": 9,
                        "operations": ["state"],
                        "unchecked": ["read"],
                        "unknown": ["rate"],
                        "by_hand": ["state"],
                        "source": "clock.c:31",
                    }
                ]
            },
            "source": "scmi.c:12",
        },
        {"id": 2, "name": "PSCI", "role": "psci"},
    ],
    "resources": {
        "clock": [
            {
                "id": 9,
                "name": "uart",
                "node": "/cru",
                "cells": [17],
                "on": False,
                "facts": {"rates": [24000001, 48000002], "enable_delay": 77, "latency": 0},
            },
            {"id": 8, "name": "bus", "own": True, "on": True, "source": "clock.c:8"},
        ],
        "power": [{"id": 6, "name": "SYSTOP"}, {"id": 5, "name": "GPUTOP", "parent": 6}],
        "performance": [
            {
                "id": 3,
                "name": "BIG",
                "levels": [
                    {
                        "levels": [
                            {
                                "level": 81,
                                "frequency": 450000000,
                                "voltage": 820000,
                                "power": 71,
                                "latency": 53,
                            },
                            {"level": 82, "frequency": 625000000},
                        ],
                        "sustained": 1,
                        "latency": 1200,
                        "source": "dvfs.c:22",
                    },
                    {"levels": [{"level": 99}]},
                ],
            }
        ],
    },
    "devices": [
        {
            "id": 14,
            "name": "mmc",
            "node": "/mmc@5000",
            "agents": [1],
            "assignable": [2],
            "resources": [{"kind": "clock", "id": 9}],
        }
    ],
    "outputs": {"imx-sm": {"logical-machine": "LM2"}},
    "vendor": {"vendor": "acme", "sub_vendor": "fw", "version": 66051, "source": "scmi.c:40"},
    "services": [
        {"agent": 1, "name": "A2P", "by": 1, "source": "scmi.c:50"},
        {"agent": 1, "name": "P2A", "notifies": True},
    ],
    "votes": {"clock": "counted", "power": "last"},
    "facts": {"system_power_grace": 4321},
}
#: What text writes otherwise: a format of JSON, numbers that are shown by name or place, in other
#: bases or by a mark.
OTHERWISE = (
    "format",
    "smc_id",
    "version",
    "sustained",
    "resource",
    "index",
    "agents",
    "assignable",
)


def leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, key)
    else:
        yield key, value


def test_text_has_every_fact_of_json(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text(json.dumps(WHOLE))
    text = run("audit", tmp_path / "all.json").stdout
    told = [(key, value) for key, value in leaves(WHOLE) if key not in OTHERWISE]
    missing = [(key, value) for key, value in told if str(value) not in text and value is not True]
    assert missing == [("complete", False), ("on", False)]
    # Where nothing is said of a place, it is that in the file.
    lines = [re.sub(r" \S+/all.json:[\d:]+$", "", " ".join(x.split())) for x in text.splitlines()]
    assert (
        lines[1]
        == "OSPM clock 4 uart state (for all: read; unknown: rate; by hand: state) clock.c:31"
    )
    for line in (
        "OSPM 1 ospm 2.0 smc, smc-id 0x82000010, shmem 0x47ff0000 yes told scmi.c:12",
        "PSCI 2 psci",
        "power 5 GPUTOP 6 SYSTOP",
        "clock 9 uart /cru 17 off",
        "clock 8 bus yes on clock.c:8",
        "performance 3 0 81 450000000 820000 71 53 1200 us dvfs.c:22",
        "clock 9 rates [24000001, 48000002], enable_delay 77",
        "server system_power_grace 4321",
        "performance 3 0 82 625000000 yes",
        "performance 3 1 99",
        "0 OSPM A2P channel 1 scmi.c:50",
        "1 OSPM P2A yes",
        "14 /mmc@5000 OSPM PSCI clock 9",
        "it calls itself: vendor acme, sub-vendor fw, version 0x10203 (scmi.c:40)",
        "requests of several agents: clock counted, power last",
        "momentary: what agents may do at one time, not what they may be given later",
        "not complete: there may be more of OSPM, PSCI",
        "not told of OSPM: performance",
        'options of the output imx-sm: {"logical-machine": "LM2"}',
    ):
        assert line in lines
