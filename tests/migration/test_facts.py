"""What a description has besides permissions, as the files of an import have it."""

import json
from pathlib import Path
from typing import Any

from support import Done, scmigen, written

from scmigen.runtime import decode

BOARD = """/dts-v1/;
/ { compatible = "acme,board"; #address-cells = <1>; #size-cells = <1>;
	scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
		perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
	};
	gpu@1000 { compatible = "acme,gpu"; reg = <0x1000 0x100>;
		power-domains = <&perf 0>; power-domain-names = "perf"; };
};
"""
POINTS = [
    {"level": 5, "frequency": 450_000_000, "voltage": 820_000, "power": 42_000},
    {"level": 9, "frequency": 600_000_000},
]
SERVER: dict[str, Any] = {
    "format": "scmigen-grants-1",
    "name": "acme",
    "vendor": {"vendor": "acme", "sub_vendor": "soc", "version": 7},
    "agents": [
        {
            "id": 1,
            "name": "linux",
            "role": "ospm",
            "system_power": "told",
            "grants": {
                "performance": [
                    {"id": 0, "resource": 0, "operations": ["level", "limits", "read"]},
                    {"id": 1, "resource": 1, "operations": ["level", "limits", "read"]},
                ]
            },
        }
    ],
    "resources": {
        "performance": [
            {"id": 0, "name": "gpu", "levels": [{"levels": POINTS}]},
            {"id": 1, "name": "npu", "levels": [{"levels": POINTS}, {"levels": POINTS[:1]}]},
        ]
    },
    "services": [
        {"agent": 1, "name": "LINUX", "by": 1},
        {"agent": 1, "name": "LINUX-P2A", "notifies": True},
    ],
}


def imported(folder: Path, server: dict[str, Any]) -> Done:
    written(folder / "board.dts", BOARD)
    written(folder / "server.json", json.dumps(server))
    return scmigen("import", "server.json", "board.dts", "-o", "got", cwd=folder)


def test_what_has_a_key_is_what_a_build_has(tmp_path: Path) -> None:
    done = imported(tmp_path, SERVER)
    left = done.stderr
    assert "implementation version is 7; in a build, 1" in left
    assert "the levels of performance 1 (npu): one of 2 tables is used" in left
    assert "services" not in left
    text = (tmp_path / "got/agents.yaml").read_text()
    assert 'channels:\n      linux:\n        a2p:\n          index: "0"\n' in text
    words = ("build", "board.dts", "-a", "got/agents.yaml", "--ids", "got/scmigen.ids")
    built = scmigen(*words, "--emit", "runtime", "-o", "out", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    runtime = decode((tmp_path / "out/runtime/runtime.json").read_bytes())
    assert (runtime.vendor, runtime.sub_vendor) == ("acme", "soc")
    (agent,) = runtime.agents
    assert (agent.system_power, agent.system_power_told) == (False, True)
    domain = next(one for one in runtime.performance_domains if one.name == "gpu")
    assert [(one.level, one.frequency) for one in domain.levels] == [(5, 450_000), (9, 600_000)]
    assert domain.assumed == ("levels",)  # not those of a tree


def test_channels_of_which_an_agent_has_two_are_left(tmp_path: Path) -> None:
    more = {**SERVER, "services": [*SERVER["services"], {"agent": 1, "name": "FAST"}]}
    done = imported(tmp_path, more)
    assert "services 0 LINUX, 1 LINUX-P2A, 2 FAST: which channel of the tree each is" in done.stderr
    assert "channels" not in (tmp_path / "got/agents.yaml").read_text()


def test_a_vendor_that_no_file_can_have_is_left(tmp_path: Path) -> None:
    done = imported(tmp_path, {**SERVER, "vendor": {"vendor": "à la mode"}})
    assert "cannot be written" in done.stderr
    assert "vendor:" not in (tmp_path / "got/agents.yaml").read_text()


CLOCKED = """/dts-v1/;
/ { compatible = "acme,board"; #address-cells = <1>; #size-cells = <1>;
	scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	};
	uart@1000 { compatible = "acme,uart"; reg = <0x1000 0x100>; clocks = <&clk 3>; };
};
"""


def kept(folder: Path, clocks: list[dict[str, Any]]) -> tuple[Done, Done]:
    """An import of a server with these clocks, and a check with its files against that server."""
    grants = [{"id": one["id"], "resource": one["id"], "operations": ["read"]} for one in clocks]
    agent = {"id": 1, "name": "linux", "role": "ospm", "grants": {"clock": grants}}
    server = {"format": "scmigen-grants-1", "name": "acme", "agents": [agent]}
    written(folder / "board.dts", CLOCKED)
    written(folder / "server.json", json.dumps({**server, "resources": {"clock": clocks}}))
    done = scmigen("import", "server.json", "board.dts", "-o", "got", cwd=folder)
    files = ("-a", "got/agents.yaml", "--ids", "got/scmigen.ids", "--against", "server.json")
    return done, scmigen("check", "board.dts", *files, cwd=folder)


def test_what_the_platform_keeps_on_is_always_on(tmp_path: Path) -> None:
    always = {"always_on": True}
    clocks = [
        {"id": 3, "name": "uart", "on": True, "facts": always},
        {"id": 4, "name": "spare", "on": True, "facts": always},
        {"id": 5, "name": "free", "on": False, "facts": {"always_on": False}},
    ]
    done, check = kept(tmp_path, clocks)
    assert "import-left" not in done.stderr
    assert "boot-differs" not in check.stdout
    text = (tmp_path / "got/agents.yaml").read_text()
    assert '  always-on:\n    - {clock: "&clk 3"}\n    - {clock: "&clk 4"}\n  elements:' in text


def test_only_what_a_build_starts_otherwise_is_left(tmp_path: Path) -> None:
    clocks = [
        {"id": 3, "name": "uart", "on": True},
        {"id": 4, "name": "spare", "on": True, "facts": {"always_on": True}},
    ]
    done, check = kept(tmp_path, clocks)
    told = "clock 3 on at the start: a build turns on what the tree says"
    assert told in done.stderr
    assert done.stderr.count("import-left") == 1
    assert check.stdout.count("boot-differs") == 1
