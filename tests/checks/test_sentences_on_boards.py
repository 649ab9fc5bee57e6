"""What the model says of real boards: each test is one sentence, and its figure was counted in the
text of the board."""

from pathlib import Path

import pytest
from real_boards import BOARDS
from support import classes, diagnostics, grants, model_of, numbers

from scmigen.bindings.facts import Use
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.diagnostics import Severity
from scmigen.model.platform import Model

TWO = """
domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b: {id: 2, scmi: {role: vm}, access: [%s]}
"""


def board(corpus: Path, name: str, agents: str | None = None) -> Model:
    """The model of a board with its labels."""
    return model_of(load(corpus / f"{name}.symbols.dtb"), agents)


def devices(*labels: str) -> str:
    return ", ".join(f'{{dev: "&{label}"}}' for label in labels)


def test_no_board_has_an_error(corpus: Path) -> None:
    """With one operating system on it a board that boots Linux is right."""
    for name in BOARDS:
        found = run_checks(board(corpus, name))
        assert [item for item in found if item.severity is Severity.ERROR] == [], name


def test_one_error_a_local_provider_with_the_count_of_its_uses(corpus: Path) -> None:
    """stm32mp257f-ev1: 16 entries of these five devices refer to &rcc natively.

    csi: resets and three clocks; dcmipp: resets and two; ethernet2: six clocks; pcie: clock and
    reset; venc: one clock.
    """
    given = devices("csi", "dcmipp", "ethernet2", "pcie_rc", "venc")
    model = board(corpus, "stm32mp257f-ev1", TWO % given)
    (found,) = diagnostics(model, "local-foreign")
    assert found.message.startswith("&rcc belongs to a, but 16 uses by other agents need it")
    assert 'platform.managed: ["&rcc"]' in str(found.hint)


def test_scmi_makes_native_controllers_local_and_they_are_named_once(corpus: Path) -> None:
    """rk3588: the CRU and the power domains, not the PHYs, PMICs and sensors."""
    (found,) = diagnostics(board(corpus, "rk3588-rock-5b"), "scmi-native")
    assert found.message.startswith("&cru, &power: agents drive these natively")


def test_the_idle_domains_of_psci_are_everybodys(corpus: Path) -> None:
    """stm32mp257f-ev1: eight devices and two CPUs' domains name CLUSTER_PD; nobody has a grant of
    it, and a second agent that uses it is no error."""
    model = board(corpus, "stm32mp257f-ev1", TWO % devices("spi3", "spi8"))
    assert classes(model)["CLUSTER_PD"] == "fixed"
    assert not any("power" in word for agent in "ab" for word in grants(model, agent))


def test_an_scmi_clock_that_only_a_managed_provider_consumes_is_nobodys(corpus: Path) -> None:
    """stm32mp257f-ev1 with &rcc managed: what only that consumes keeps its number."""
    agents = TWO % "" + 'platform: {managed: ["&rcc"]}\n'
    model = board(corpus, "stm32mp257f-ev1", agents)
    rcc = load(corpus / "stm32mp257f-ev1.symbols.dtb").labels["rcc"]
    fed = {n for cells in [rcc.cells("clocks") or ()] for n in cells[1::2]}
    granted = {
        int(word.split()[-1]) for word in grants(model, "a") if word.startswith("clock scmi")
    }
    numbered = {word: n for word, n in numbers(model).items() if word.startswith("clock scmi_clk")}
    assert fed - granted
    assert all(numbered[f"clock scmi_clk {number}"] == number for number in fed - granted)


FED = [
    # The GPU's domains hang on regulators behind SPMI and pwrap; a GPIO gates a PCIe reference.
    ("mt8195-cherry-tomato-r2", ["warning", "warning"]),
    ("imx8qm-mek", ["note"]),
    ("sm8550-mtp", ["note"]),
    ("imx8mp-evk", []),
]


@pytest.mark.parametrize(("name", "severities"), FED)
def test_a_managed_provider_may_consume_a_local_one(
    corpus: Path, name: str, severities: list[str]
) -> None:
    """A note a tree, mostly for PHY clocks into muxes; a warning for a supply of a domain."""
    found = diagnostics(board(corpus, name), "managed-consumes-local")
    assert [item.severity.word for item in found] == severities


def test_a_clock_named_only_in_assigned_clocks_is_granted(corpus: Path) -> None:
    """64 clocks of the 24 boards: without them an agent could not set the rate it asks for. 12
    more only get PHYs as parents, which no agent can name."""
    found = 0
    for name in BOARDS:
        for platform in board(corpus, name).platforms:
            for grant in platform.all_grants:
                props = {why.prop for why in grant.because if isinstance(why, Use)}
                if "assigned-clocks" in props and "clocks" not in props:
                    assert "read" in grant.operations
                    found += 1
    assert found == 64


def test_a_parent_without_an_scmi_id_is_a_warning(corpus: Path) -> None:
    """sm8550: the DisplayPort and DSI controllers ask for PHYs as parents of five clocks."""
    model = board(corpus, "sm8550-mtp")
    (found,) = diagnostics(model, "parent-unnamed")
    assert found.severity is Severity.WARNING
    assert "displayport-controller@ae90000" in found.message
    assert {n: op for n, op in grants(model, "ospm").items() if "parent" in op.split()} == {}


PERFORMANCE = [
    # (consumers, domain): CPUs name SCMI's performance by `clocks`, a GPU takes votes only.
    ("juno-scmi", {"scmi_dvfs 0": "level limits read", "scmi_dvfs 1": "level limits read",
                   "scmi_dvfs 2": "limits read"}),
    ("morello-sdp", {"scmi_dvfs 0": "level limits read", "scmi_dvfs 1": "level limits read"}),
    ("s32g399a-rdb3", {"dfs 0": "level limits read"}),
    ("sm8550-mtp", {f"cpufreq_hw {n}": "level limits read" for n in range(3)}),
    ("monaco-arduino-monza", {f"cpufreq_hw {n}": "level limits read" for n in range(3)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), PERFORMANCE)
def test_clocks_into_dvfs_are_performance(
    corpus: Path, name: str, expected: dict[str, str]
) -> None:
    """… and no clock; the domains of rpmhpd beside them take votes and never a level."""
    found = grants(board(corpus, name), "ospm")
    domains = {w.removeprefix("performance "): o for w, o in found.items() if "performance" in w}
    votes = {w: o for w, o in domains.items() if w.startswith("rpmhpd")}
    assert {w: o for w, o in domains.items() if w not in votes} == expected
    assert set(votes.values()) <= {"limits read"}
    assert not any(word.startswith(("clock scmi_dvfs", "clock cpufreq_hw")) for word in found)


def test_a_reset_with_two_cells_is_both(corpus: Path) -> None:
    """hi3660: register and bit; two resets of one register are two resources."""
    found = [
        w.split()[2:] for w in grants(board(corpus, "hi3660-hikey960"), "ospm") if "reset" in w
    ]
    assert all(len(cells) == 2 for cells in found)
    assert len({cells[0] for cells in found}) < len(found) == 10


def test_a_domain_under_a_domain(corpus: Path) -> None:
    """mt8195: power-domain@N nests, and what a device names is (controller, N)."""
    model = board(corpus, "mt8195-cherry-tomato-r2")
    providers = {r.key.provider.rpartition("/")[2] for r in model.platforms[0].resources["power"]}
    assert providers == {"power-controller"}
