"""`scmigen audit` prints what its readers found besides the table."""

import json
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
