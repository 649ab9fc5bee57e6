"""What is emitted for imx-sm on 24 real boards, read by gcc and by the language's reader."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from divided_boards import divided
from real_boards import BOARDS
from targets.imx_sm_firmware import compiled, differences
from turns import one_in

from scmigen import Platform
from scmigen.audit.imx_sm_cfg import read_cfg
from scmigen.targets.make import make

#: Boards whose trees have SCMI numbers; those of the others would be scmigen's own.
FIT = {
    "imx95-19x19-evk",
    "juno-r1-scmi",
    "juno-scmi",
    "k3-am62l3-evm",
    "morello-sdp",
    "rk3588-rock-5b",
    "s32g399a-rdb3",
    "sky1-orion-o6",
    "stm32mp135f-dk",
    "stm32mp157c-dk2-scmi",
    "stm32mp257f-ev1",
}
WORDS = ("none", "get", "notify", "set", "priv", "exclusive")


def emitted(platform: Platform) -> dict[str, bytes]:
    made = make(platform, "imx-sm")
    errors = [item.id for item in made.diagnostics if item.severity.word == "error"]
    assert errors in ([], ["imx-sm-ids"], ["imx-sm-empty"], ["imx-sm-ids", "imx-sm-empty"])
    return {file.path: file.content for file in made.files}


TURNS = [(name, guests) for name in BOARDS for guests in (1, 2)]


@pytest.mark.parametrize(("name", "guests"), one_in(3, TURNS))
def test_levels_are_those_of_the_grants(
    name: str, guests: int, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    fits = False
    for platform in divided(corpus / f"{name}.dts", guests):
        files = emitted(platform)
        if not files:
            continue
        fits = True
        agents, levels = compiled(files["scmi_agents.h"], tmp_path, tool)
        assert agents == [(agent.name, False) for agent in platform.agents]
        assert differences(platform, levels) == []
        assert cells_of(files, tmp_path) == {
            (agent, protocol, number): WORDS[level]
            for (agent, protocol, number), level in levels.items()
        }
    assert fits == (name in FIT)


def cells_of(files: dict[str, bytes], folder: Path) -> dict[tuple[str, str, int], str]:
    """What the ``.cfg`` files say, included in a configuration as users have it."""
    names = sorted(path for path in files if path.endswith(".cfg"))
    for path in names:
        folder.joinpath(path).write_bytes(files[path])
    top = "".join(f"include {path}\n" for path in names)
    folder.joinpath("top.cfg").write_text(f'LM0 name="SM"\nLM1 name="AP", rpc=scmi\n{top}')
    config = read_cfg(folder / "top.cfg")
    assert config.strays == ()
    return {
        (config.agents[agent].name, protocol, int(resource.rpartition("_")[2])): word
        for agent, protocol, resource, word in config.cells()
    }


DAMAGES: dict[str, Callable[[str], str]] = {
    "swapped": lambda text: re.sub(
        r"(clkPerms\[\w+\]) = (\w+)(.*?)(clkPerms\[\w+\]) = (?!\2)(\w+)",
        r"\1 = \5\3\4 = \2", text, count=1, flags=re.S,
    ),
    "dropped": lambda text: re.sub(r" +\.clkPerms.*\n", "", text, count=1),
    "off by one": lambda text: re.sub(
        r"(.*#define DTS_SM_CLK_\d+ +)(\d+)U", lambda m: f"{m[1]}{int(m[2]) + 1}U", text,
        count=1, flags=re.S,
    ),
    "flipped up": lambda text: text.replace("SM_SCMI_PERM_SET", "SM_SCMI_PERM_EXCLUSIVE", 1),
    "flipped down": lambda text: text.replace("SM_SCMI_PERM_EXCLUSIVE", "SM_SCMI_PERM_PRIV", 1),
    "to another agent": lambda text: re.sub(
        r"( +\.clkPerms[^\n]*\n)(.*?)(\.secure = 0U, \\\n)(?=[^}]*pdPerms)", r"\2\3\1", text,
        count=1, flags=re.S,
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(
    damage: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    (platform,) = divided(corpus / "imx95-19x19-evk.dts", 2)
    whole = emitted(platform)["scmi_agents.h"].decode()
    text = DAMAGES[damage](whole)
    assert text != whole
    assert differences(platform, compiled(text.encode(), tmp_path, tool)[1]) != []
