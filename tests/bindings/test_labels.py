"""Provider classes on 12 real boards, compared with labels that were given by hand."""

import csv
from pathlib import Path

import pytest

from scmigen.bindings.inventory import take_inventory
from scmigen.devicetree.load import load
from scmigen.scmi.protocols import Kind

# Regulators that are always on at one voltage. The labels were made before the rule that calls
# these fixed; all were labelled local.
ALWAYS_ON = {
    "rk3588-rock-5b": {
        "/spi@feb20000/pmic@0/regulators/dcdc-reg7",
        "/spi@feb20000/pmic@0/regulators/dcdc-reg8",
        "/spi@feb20000/pmic@0/regulators/dcdc-reg10",
        "/spi@feb20000/pmic@0/regulators/pldo-reg1",
        "/regulator-vcc3v3-pcie2x1l0",
        "/regulator-vcc5v0-host",
    },
    "imx95-19x19-evk": {"/regulator-audio-pwr"},
    "jh7110-starfive-visionfive-2-v1.3b": {"/soc/i2c@12050000/pmic@36/regulators/dcdc1"},
}
# The one debatable label that the rules contradict: an FPGA's timer multiplexer.
DEBATED = {
    "fvp-base-revc": {"/bus@8000000/motherboard-bus@8000000/iofpga-bus@300000000/sysctl@20000"}
}
# SCMI voltages are resources of one provider, protocol@17; the labels list the regulators.
SCMI_VOLTAGES = "/firmware/scmi/protocol@17"
BOARDS = {
    "fvp-base-revc": 6,
    "imx8mp-evk": 45,
    "imx95-19x19-evk": 17,
    "jh7110-starfive-visionfive-2-v1.3b": 25,
    "juno-scmi": 15,
    "k3-am625-sk": 13,
    "r8a779g0-white-hawk": 13,
    "rk3588-rock-5b": 27,
    "s32g399a-rdb3": 2,
    "stm32mp257f-ev1": 21,
    "t8103-j274": 60,
    "zynqmp-zcu102-rev1.0": 32,
}


@pytest.mark.parametrize("name", BOARDS)
def test_classes_are_those_of_the_labels(name: str, corpus: Path) -> None:
    found = take_inventory(load(corpus / f"{name}.dtb")).providers
    with (corpus / "providers" / f"{name}.csv").open() as file:
        labels = list(csv.DictReader(file))
    assert len(labels) == BOARDS[name]
    wrong = {
        row["path"]
        for row in labels
        if not row["path"].startswith(SCMI_VOLTAGES) and found[row["path"]].category != row["class"]
    }
    assert wrong == ALWAYS_ON.get(name, set()) | DEBATED.get(name, set())
    assert all(found[path].category == "fixed" for path in ALWAYS_ON.get(name, ()))


@pytest.mark.parametrize("name", BOARDS)
def test_consumers_and_kinds_are_those_of_the_labels(name: str, corpus: Path) -> None:
    found = take_inventory(load(corpus / f"{name}.dtb")).providers
    with (corpus / "providers" / f"{name}.csv").open() as file:
        labels = [r for r in csv.DictReader(file) if not r["path"].startswith(SCMI_VOLTAGES)]
    assert {
        (path, p.consumers, frozenset(p.kinds))
        for path, p in found.items()
        if p.consumers and path != SCMI_VOLTAGES
    } == {
        (r["path"], int(r["enabled_consumers"]), frozenset(map(Kind, r["kinds"].split())))
        for r in labels
    }


def test_scmi_voltages_are_one_provider(corpus: Path) -> None:
    """Five regulators, each with one supply of an enabled node; two nodes have two of them."""
    inventory = take_inventory(load(corpus / "stm32mp257f-ev1.dtb"))
    provider = inventory.providers[SCMI_VOLTAGES]
    assert (provider.category, provider.consumers) == ("managed", 3)
    uses = {use.key.cells for use in inventory.uses if use.key.provider == SCMI_VOLTAGES}
    assert len(uses) == 5
