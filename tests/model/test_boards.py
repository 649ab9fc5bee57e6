"""Three real boards with an assignment: what their ``platform:`` part settles, and what is left
without it."""

from pathlib import Path

import pytest

import scmigen
from scmigen.diagnostics import Diagnostic, Severity

BOTH = {"linux", "media"}
OTHERS = {"vm1", "secure"}

# Board → the errors without the platform: part: check, beginning of the message, agents named.
LEFT = {
    # The DSI of linux sets rate and parent of this clock, the CSI of media its parent.
    "imx8mp-evk": [
        ("rate-shared", "clock <&clk 171>: its rate is set by linux while media depends", BOTH),
        ("parent-shared", "clock <&clk 171>: its parent is set by linux and media", BOTH),
    ],
    # One CPU of the cluster is vm1's.
    "juno-scmi": [
        (
            "level-shared",
            "performance <&scmi_dvfs 1>: its level is set by linux and vm1",
            {"linux", "vm1"},
        )
    ],
    # One error a provider: 34 uses.
    "rk3588-rock-5b": [
        ("local-foreign", "&cru belongs to linux, but 29 uses by other agents need it", OTHERS),
        ("local-foreign", "&power belongs to linux, but 4 uses by other agents need it", OTHERS),
        (
            "local-foreign",
            "&vdd_gpu_s0 belongs to linux, but 1 use by other agents needs it",
            {"vm1"},
        ),
    ],
}


def errors(found: scmigen.Result) -> list[Diagnostic]:
    return [item for item in found.diagnostics if item.severity is Severity.ERROR]


def agents_in(item: Diagnostic) -> set[str]:
    """The related places begin with the agent's name."""
    return {r.message.partition(":")[0] for r in item.related if ":" in r.message}


@pytest.mark.parametrize("name", LEFT)
def test_with_its_agents_file(name: str, corpus: Path) -> None:
    agents = corpus / "agents" / f"{name}.yaml"
    assert errors(scmigen.compile(corpus / f"{name}.dts", agents=agents)) == []


def test_a_blob_has_no_lines(corpus: Path) -> None:
    """Where the board is a DTB, diagnostics name the file; those of the agents file the line."""
    agents = corpus / "agents" / "rk3588-rock-5b.yaml"
    board = corpus / "rk3588-rock-5b.symbols.dtb"
    found = scmigen.compile(board, agents=agents).diagnostics
    assert {(d.position.file, bool(d.position.line)) for d in found if d.position} <= {
        (str(board), False),
        (str(agents), True),
    }


@pytest.mark.parametrize("name", LEFT)
def test_without_the_platform_part(name: str, corpus: Path, tmp_path: Path) -> None:
    text = (corpus / "agents" / f"{name}.yaml").read_text().partition("platform:")[0]
    agents = tmp_path / "agents.yaml"
    agents.write_text(text)
    found = errors(scmigen.compile(corpus / f"{name}.dts", agents=agents))
    assert [item.id for item in found] == [identifier for identifier, _, _ in LEFT[name]]
    for item, (_, message, users) in zip(found, LEFT[name], strict=True):
        assert item.message.startswith(message)
        assert agents_in(item) == users
        assert item.position is not None
        assert item.position.line
