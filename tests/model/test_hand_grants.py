"""The grants, devices and classes that were worked out by hand (see ``tests/grants/README.md``)."""

import csv
from pathlib import Path

import pytest

import scmigen
from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.facts import Use
from scmigen.diagnostics import Severity
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind

HAND = Path(__file__).parent.parent / "grants"
BOARDS = {"orrery": 123, "minimal": 10, "juno-scmi": 10, "imx8mp-evk": 177}

# Devices of agents that need nothing but fixed and native resources: no grant, so no device id.
WITHOUT_GRANTS = {
    ("linux", "/regulator-sd-vmmc"),
    ("linux", "/regulator-usb-vbus"),
    ("linux", "/sdio-pwrseq"),
    ("linux", "/soc@0/i2c@180000/pmic@25"),
    ("linux", "/soc@0/mmc@3020000/wifi@1"),
    ("vm1", "/backlight"),
    ("vm1", "/soc@0/dsi@4500000/panel@0"),
    ("vm1", "/soc@0/i2c@2050000/touchscreen@38"),
    ("vm2", "/soc@0/spi@2080000/adc@0"),
}


def rows(name: str) -> list[dict[str, str]]:
    with (HAND / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def model(
    name: str, examples: Path, request: pytest.FixtureRequest, *, drivers: bool = False
) -> Model:
    """The model of a board; without ``drivers`` only the tree says what its devices need."""
    agents: list[scmigen.api.File]
    if name == "orrery":
        board, agents = examples / "orrery-board.dts", [examples / "agents.yaml"]
    elif name == "minimal":
        board, agents = examples / "minimal.dts", []
    else:
        corpus: Path = request.getfixturevalue("corpus")
        board, agents = corpus / f"{name}.dts", [corpus / "agents" / f"{name}.yaml"]
    if agents and not drivers:
        names = [
            agent.name for agent in scmigen.compile(board, agents=agents).model.assignment.agents
        ]
        alone = ", ".join(f"{name}: {{scmi: {{needs: none}}}}" for name in names)
        agents.append(scmigen.Text("needs.yaml", f"domains: {{{alone}}}"))
    compiled = scmigen.compile(board, agents=agents)
    assert not [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
    return compiled.model


@pytest.mark.parametrize("name", BOARDS)
def test_grants(name: str, examples: Path, request: pytest.FixtureRequest) -> None:
    expected = {
        (r["agent"], r["kind"], r["provider"], r["cells"]): r["operations"] for r in rows(name)
    }
    assert len(expected) == len(rows(name)) == BOARDS[name]
    (platform,) = model(name, examples, request, drivers=name == "orrery").platforms
    found = {
        (
            g.agent.name,
            str(g.resource.kind),
            g.resource.key.provider,
            " ".join(map(str, g.resource.key.cells)),
        ): " ".join(sorted(g.operations))
        for g in platform.all_grants
    }
    assert found == expected


@pytest.mark.parametrize("name", ["orrery", "juno-scmi", "imx8mp-evk"])
def test_what_drivers_add(name: str, examples: Path, request: pytest.FixtureRequest) -> None:
    """What sets a rate on a board, as read in Linux by hand, is added and named; of Orrery and Juno
    that is all."""
    expected = {
        (r["agent"], r["provider"], r["cells"]): r["adds"]
        for r in rows("drivers")
        if r["board"] == name
    }
    (with_drivers,) = model(name, examples, request, drivers=True).platforms
    (without,) = model(name, examples, request).platforms
    added: dict[tuple[str, str, str], str] = {}
    for grant, alone in zip(with_drivers.all_grants, without.all_grants, strict=True):
        assert (grant.agent.name, grant.resource.key) == (alone.agent.name, alone.resource.key)
        key, more = grant.resource.key, grant.operations - alone.operations
        assert grant.operations >= alone.operations
        assert more <= {
            op
            for why in grant.because
            if isinstance(why, Use)
            for need in why.drivers
            for op in need.operations
        }
        if grant.kind is Kind.CLOCK:
            place = grant.agent.name, key.provider, " ".join(map(str, key.cells))
            added[place] = " ".join(sorted(more))
    assert {place: added[place] for place in expected} == expected
    if name != "imx8mp-evk":
        assert {place: words for place, words in added.items() if words} == {
            place: words for place, words in expected.items() if words
        }


def test_every_grant_says_why(examples: Path, request: pytest.FixtureRequest) -> None:
    """The devices that stand behind a grant are named in the column ``because``."""
    written = {
        (r["agent"], r["kind"], r["provider"], r["cells"]): r["because"] for r in rows("orrery")
    }
    (platform,) = model("orrery", examples, request).platforms
    for grant in platform.all_grants:
        key = grant.resource.key
        why = written[grant.agent.name, key.kind, key.provider, " ".join(map(str, key.cells))]
        assert grant.because
        for use in grant.because:
            assert isinstance(use, HandGrant) or use.consumer.name in why, (key, why)


def test_orrery_devices(examples: Path, request: pytest.FixtureRequest) -> None:
    (platform,) = model("orrery", examples, request).platforms
    expected = {
        (row["agent"], row["device"], row["how"])
        for row in rows("orrery-devices")
        if row["agent"] != "platform" and (row["agent"], row["device"]) not in WITHOUT_GRANTS
    }
    assert expected == {
        (agent.name, device.node.path, how)
        for device in platform.devices
        for how in [
            "assignable"
            if device.assignable
            else "shared"
            if len(device.agents) > 1
            else "exclusive"
        ]
        for agent in {*device.agents, *device.assignable}
    }


def test_orrery_providers(examples: Path, request: pytest.FixtureRequest) -> None:
    rules = {"always-on-fixed": "ALWAYS_ON"}
    expected = {
        row["path"]: (row["class"], rules.get(row["rule"], row["rule"]))
        for row in rows("orrery-providers")
    }
    # A power-domain@N that a device names is listed too, though its controller is the provider.
    assert expected == {
        path: (str(provider.category), provider.rule)
        for path, provider in model("orrery", examples, request).providers.items()
        if provider.consumers or (path in expected and "/power-domain@" in path)
    }
