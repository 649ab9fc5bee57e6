"""``scmigen telemetry``: the description of data elements."""

import json
from pathlib import Path

from click.testing import CliRunner

from scmigen.cli.main import cli

FULL = Path(__file__).parents[1] / "server" / "full.json"
#: The UUID 00010203-0405-0607-0809-0a0b0c0d0e0f, in the byte order of a UUID that is read as words.
GRANT = {"id": 0, "resource": 3, "operations": ["read"]}
FACTS = {
    "telemetry_revision": [0x00010203, 0x06070405, 0x0B0A0908, 0x0F0E0D0C],
    "telemetry_intervals": [{"value": 20}, {"value": 1, "exponent": 0}],
    "telemetry": {
        "cpu-energy": {"id": 0, "node": "/cpus", "element": 0x1001, "unit": 8, "exponent": -6}
        | {"rate": 1000, "group": 1, "component": 3, "component_instance": 258},
        "boots": {"id": 3, "node": "", "element": 0xCAFE0001, "size": 4, "persistent": True},
    },
    "agents": {"linux": {"grants": {"telemetry": [GRANT]}}},
}


def test_what_elements_mean(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    arguments = ["telemetry", str(FULL), "--extra", str(tmp_path / "facts.json")]
    found = CliRunner().invoke(cli, arguments)
    assert (found.exit_code, found.stderr) == (0, "")
    said = json.loads(found.stdout)
    assert said["format"] == "scmigen-telemetry-beta"
    assert said["revision"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert said["intervals"] == [0.02, 1.0]
    energy, boots = said["elements"]
    assert energy == {
        "id": "0x00001001",
        "name": "cpu-energy",
        "node": "/cpus",
        "group": 1,
        "size": 8,
        "type": 0,
        "unit": "1e-06 J",
        "component": {"type": 3, "instance": 258},
        "instance": 0,
        "persistent": False,
        "timestamp_khz": 1000,
        "agents": [],
    }
    assert (boots["id"], boots["size"], boots["agents"]) == ("0xCAFE0001", 4, ["linux"])


def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[")
    found = CliRunner().invoke(cli, ["telemetry", str(tmp_path / "x.json")])
    assert found.exit_code == 1
    assert "x.json" in found.stderr
