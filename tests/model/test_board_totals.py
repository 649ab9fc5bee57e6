"""Providers and resources of 24 real boards, one operating system on each, against totals that
were counted with other means before the rules of OPP tables and always-on regulators were."""

from pathlib import Path

import pytest

import scmigen

COLUMNS = (
    *("managed", "fixed", "local"),
    *("clock", "power", "reset", "voltage", "performance", "sensor"),
)

# Providers with a consumer by class; resources used by enabled nodes, by kind.
TOTALS = {
    "fvp-base-revc": (2, 4, 0, 5, 0, 0, 0, 0, 0),
    "hi3660-hikey960": (7, 0, 2, 55, 0, 10, 2, 0, 0),
    "imx8mp-evk": (26, 12, 7, 137, 21, 6, 0, 0, 0),
    "imx8qm-mek": (63, 43, 9, 174, 172, 0, 0, 0, 5),
    "imx95-19x19-evk": (4, 5, 8, 43, 4, 0, 0, 1, 5),
    "jh7110-starfive-visionfive-2-v1.3b": (7, 14, 4, 63, 2, 49, 0, 0, 0),
    "juno-r1-scmi": (4, 10, 1, 1, 2, 0, 0, 3, 6),
    "juno-scmi": (4, 10, 1, 1, 2, 0, 0, 3, 2),
    "k3-am625-sk": (4, 5, 4, 67, 36, 2, 0, 0, 0),
    "k3-am62l3-evm": (2, 2, 2, 21, 18, 0, 0, 0, 0),
    "monaco-arduino-monza": (15, 16, 10, 90, 17, 15, 8, 0, 0),
    "morello-sdp": (1, 3, 0, 0, 0, 0, 0, 2, 0),
    "mt8195-cherry-tomato-r2": (32, 7, 17, 268, 28, 14, 0, 2, 0),
    "r8a779g0-white-hawk": (2, 9, 2, 57, 10, 51, 0, 0, 0),
    "rk3588-rock-5b": (2, 3, 22, 8, 0, 1, 0, 0, 0),
    "s32g399a-rdb3": (2, 0, 0, 18, 0, 0, 0, 1, 0),
    "sky1-orion-o6": (2, 1, 0, 3, 1, 0, 0, 0, 0),
    "sm8550-mtp": (28, 14, 26, 86, 20, 13, 20, 3, 0),
    "stm32mp135f-dk": (10, 3, 3, 7, 0, 1, 8, 0, 0),
    "stm32mp157c-dk2-scmi": (5, 1, 13, 13, 0, 7, 3, 0, 0),
    "stm32mp257f-ev1": (7, 11, 3, 98, 0, 3, 5, 0, 0),
    "t8103-j274": (55, 3, 2, 5, 42, 2, 0, 2, 0),
    "tegra234-p3737-0000_p3701-0000": (2, 6, 2, 66, 10, 24, 0, 0, 1),
    "zynqmp-zcu102-rev1.0": (3, 6, 23, 27, 21, 10, 0, 0, 0),
}

# What later rules change, by board: how much is added to a column.
# Always-on regulators of one voltage are fixed, not local.
ALWAYS_ON = {
    "imx95-19x19-evk": 1,
    "jh7110-starfive-visionfive-2-v1.3b": 1,
    "mt8195-cherry-tomato-r2": 1,
    "rk3588-rock-5b": 6,
    "stm32mp157c-dk2-scmi": 6,
}
CHANGES: dict[str, dict[str, int]] = {
    # OPP tables make domains: two CPU clusters, one; an interconnect on imx8mp. CPUs have no use of
    # their clocks then, of which each cluster has one, and am625 one for each of four CPUs.
    "hi3660-hikey960": {"performance": 2, "clock": -2},
    "imx8mp-evk": {"performance": 1},
    "imx8qm-mek": {"performance": 1, "clock": -1},
    "k3-am625-sk": {"performance": 1, "clock": -4},
    "r8a779g0-white-hawk": {"performance": 1, "clock": -1},
    # rpmhpd carries an OPP table: seven of its domains are performance. On monaco there are also
    # the three frequency domains of the CPUs, whose provider is one more that is managed; a
    # regulator that was managed is always on, so fixed. On sm8550 one rail feeds other rails only.
    # Clocks of the display that are only given PHYs as parents, which no agent can name: 7 and 5.
    "monaco-arduino-monza": {
        "power": -7,
        "performance": 10,
        "fixed": 1,
        "voltage": -1,
        "clock": -7,
    },
    "sm8550-mtp": {"power": -7, "performance": 7, "voltage": -1, "clock": -5},
    # What the domains of the power controller consume is the platform's.
    "mt8195-cherry-tomato-r2": {"clock": -29},
    # SCMI voltages are counted as one provider, not a regulator each: 8, 3 and 5.
    "stm32mp135f-dk": {"managed": 1 - 8},
    "stm32mp157c-dk2-scmi": {"managed": 1 - 3},
    # On the last one 7 more are registered by the operating system, though no device needs them.
    "stm32mp257f-ev1": {"managed": 1 - 5, "voltage": 7},
    # Clock 18 is assigned without a rate or parent. Only the first CPU names the clock of all, and
    # has no use of it.
    "zynqmp-zcu102-rev1.0": {"clock": -2, "performance": 1},
}


def expected(name: str) -> dict[str, int]:
    found = dict(zip(COLUMNS, TOTALS[name], strict=True))
    found["fixed"] += ALWAYS_ON.get(name, 0)
    found["local"] -= ALWAYS_ON.get(name, 0)
    for column, change in CHANGES.get(name, {}).items():
        found[column] += change
    return found


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name: str, corpus: Path) -> None:
    model = scmigen.compile(corpus / f"{name}.dtb").model
    found = dict.fromkeys(COLUMNS, 0)
    for provider in model.providers.values():
        found[str(provider.category)] += provider.consumers > 0
    granted = {g.resource.key for platform in model.platforms for g in platform.all_grants}
    for key in granted:
        found[str(key.kind)] += 1
    assert found == expected(name)
