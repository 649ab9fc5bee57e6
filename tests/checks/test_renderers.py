"""Every finding can be printed in every form; data keeps every related place, text counts them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import model_of, soc

from scmigen.checks.registry import run_checks
from scmigen.cli.formats import WRITERS
from scmigen.cli.main import cli
from scmigen.diagnostics import LISTED, Diagnostic, Finding, Position, Related, format_text
from scmigen.explain import findings

FORMS = {"text": lambda items: "\n".join(map(format_text, items)), **WRITERS}
PLACE = Position("board.dts", 3, 5)
MANY = 76


def instance(finding: Finding, related: int = 0) -> Diagnostic:
    places = [Related(f"place {number}", PLACE) for number in range(related)]
    return finding.warning("something", PLACE, places, "do {this}: 100 %")


@pytest.mark.parametrize("form", FORMS)
def test_every_finding_in_every_form(form: str) -> None:
    for name, finding in findings().items():
        text = FORMS[form]([instance(finding, 2)])
        assert name in text
        assert "something" in text, name


@pytest.mark.parametrize("form", FORMS)
def test_a_finding_that_no_registry_has(form: str) -> None:
    """A check of somebody else's, or one made in a test: its texts come with the diagnostic."""
    own = Finding("acme-no-uart", "A UART is on.", "Switch it off.")
    text = FORMS[form]([instance(own)])
    assert "acme-no-uart" in text
    if form == "sarif":
        (run,) = json.loads(text)["runs"]
        rule = run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]
        assert (rule["id"], rule["help"]["text"]) == ("acme-no-uart", "Switch it off.")


def test_data_has_every_place_and_text_counts_them() -> None:
    item = instance(findings()["grant-unused"], MANY)
    (listed,) = json.loads(FORMS["json"]([item]))
    assert len(listed["related"]) == MANY
    (run,) = json.loads(FORMS["sarif"]([item]))["runs"]
    assert len(run["results"][0]["relatedLocations"]) == MANY
    assert f"  and {MANY - LISTED} more\n" in FORMS["text"]([item])
    assert f"and {MANY - LISTED} more" in FORMS["github"]([item])


def test_as_many_places_as_text_lists_are_not_counted() -> None:
    assert "more" not in format_text(instance(findings()["grant-unused"], LISTED))


def test_every_grant_that_nobody_needs_is_in_the_data() -> None:
    grants = ", ".join(f"{{clock: '&cc {n}', operations: [rate]}}" for n in range(MANY + 1))
    agents = f"domains: {{linux: {{id: 1, default: true, grant: [{grants}]}}}}"
    (found,) = [
        item
        for item in run_checks(model_of(soc("d: d { clocks = <&cc 1>; };"), agents))
        if item.id == "grant-unused"
    ]
    assert len(found.related) == MANY


@pytest.mark.parametrize("form", FORMS)
def test_a_misspelt_label_in_access(form: str, tmp_path: Path) -> None:
    """The commonest mistake in an agents file, in every form that ``--format`` takes."""
    board, agents = tmp_path / "board.dts", tmp_path / "agents.yaml"
    board.write_text("/dts-v1/; / { gpu: gpu { }; };\n")
    agents.write_text('domains: {linux: {id: 1, access: [{dev: "&gqu"}]}}\n')
    done = CliRunner().invoke(cli, ["check", str(board), "-a", str(agents), "--format", form])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "device-unknown" in done.output
