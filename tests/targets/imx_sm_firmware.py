"""The agents' configuration as imx-sm's firmware has it: its structure, filled in by the output.

The declarations are written from sm/rpc/scmi/rpc_scmi_config.h, with arrays that have room for any
number. A program prints every level that is not 0; what a level allows is from the access column of
sm/rpc/scmi/proto.md. Two levels for one place do not compile.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from scmigen import Platform
from scmigen.targets.make import make

ROOM = 1024
ARRAYS = (
    *("base", "pd", "perf", "clk", "sensor", "rst", "volt", "lmm", "gpr", "rtc", "button", "cpu"),
    *("perlpi", "pin", "daisy", "ctrl", "fault"),
)
SINGLE = ("sys", "fusa")
PROGRAM = """
#include <stdint.h>
#include <stdio.h>
#define SM_SCMI_PERM_NONE 0U
#define SM_SCMI_PERM_GET 1U
#define SM_SCMI_PERM_NOTIFY 2U
#define SM_SCMI_PERM_SET 3U
#define SM_SCMI_PERM_PRIV 4U
#define SM_SCMI_PERM_EXCLUSIVE 5U
#define SM_SCMI_PERM_ALL 255U
typedef struct {
    const char *name; uint8_t domId; uint8_t secure; uint8_t seenvId; uint8_t scmiInst;
    %(members)s
} scmi_agnt_config_t;
%(includes)s
static const scmi_agnt_config_t agents[SM_SCMI_NUM_AGNT] = { SM_SCMI_AGNT_CONFIG_DATA };
int main(void) {
    for (unsigned n = 0; n < SM_SCMI_NUM_AGNT; n++) {
        const scmi_agnt_config_t *a = &agents[n];
        printf("%%u name %%s %%u\\n", n, a->name, a->secure);
        for (unsigned i = 0; i < %(room)d; i++) { %(arrays)s }
        %(single)s
    }
    return 0;
}
"""
#: Kind → the array, and operation → the level from which on the firmware allows it.
ACCESS: dict[str, tuple[str, dict[str, int]]] = {
    "power": ("pd", {"state": 3}),
    "performance": ("perf", {"limits": 3, "level": 4}),
    "clock": ("clk", {"state": 3, "rate": 5, "parent": 5}),
    "sensor": ("sensor", {"config": 3}),
    "reset": ("rst", {"reset": 5}),
    "voltage": ("volt", {"state": 3, "level": 5}),
}
LISTS = {
    "power": "power_domains",
    "performance": "performance_domains",
    "clock": "clocks",
    "sensor": "sensors",
    "reset": "reset_domains",
    "voltage": "voltage_domains",
}
#: Agent, array, place → level.
Levels = dict[tuple[str, str, int], int]


def compiled(
    header: bytes, folder: Path, tool: Callable[[str], str], more: tuple[Path, ...] = ()
) -> tuple[list[tuple[str, bool]], Levels]:
    """Names and whether they are secure, and all levels, as gcc fills them in."""
    folder.joinpath("scmi_agents.h").write_bytes(header)
    members = [f"uint8_t {name}Perms[{ROOM}];" for name in ARRAYS]
    members += [f"uint8_t {name}Perms;" for name in SINGLE]
    show = 'if (a->%sPerms[i]) printf("%%u %s %%u %%u\\n", n, i, a->%sPerms[i]);'
    one = 'if (a->%sPerms) printf("%%u %s 0 %%u\\n", n, a->%sPerms);'
    text = PROGRAM % {
        "members": "\n    ".join(members),
        "includes": "\n".join(f'#include "{path}"' for path in (*more, "scmi_agents.h")),
        "room": ROOM,
        "arrays": "\n            ".join(show % (name, name, name) for name in ARRAYS),
        "single": "\n        ".join(one % (name, name, name) for name in SINGLE),
    }
    folder.joinpath("walk.c").write_text(text)
    command = [tool("gcc"), "-std=c99", "-Wall", "-Werror", "-Woverride-init", "walk.c"]
    done = subprocess.run(
        [*command, "-o", "walk"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    out = subprocess.run([folder / "walk"], capture_output=True, text=True, check=True).stdout
    agents: list[tuple[str, bool]] = []
    levels: Levels = {}
    for line in out.splitlines():
        number, word, *rest = line.split(" ")
        if word == "name":
            agents.append((rest[0], rest[1] == "1"))
        else:
            levels[agents[int(number)][0], word, int(rest[0])] = int(rest[1])
    return agents, levels


def granted(platform: Platform) -> dict[tuple[str, str, int], set[str]]:
    """Agent, kind, id → operations, from the runtime configuration; reading is not checked."""
    (data,) = (f.content for f in make(platform, "runtime").files if f.path == "runtime.json")
    return {
        (agent["name"], kind, grant["id"]): set(grant["operations"]) - {"read"}
        for agent in json.loads(data)["agents"]
        for kind in ACCESS
        for grant in agent.get("grants", {}).get(kind, ())
    }


def differences(platform: Platform, levels: Levels) -> list[str]:
    """Where the firmware does not allow what is granted, or has a higher level than it needs."""
    wanted: Levels = {}
    for (agent, kind, number), operations in granted(platform).items():
        array, access = ACCESS[kind]
        level = max((access[one] for one in operations), default=0)
        if level:
            wanted[agent, array, number] = level
    arrays = {array for array, _ in ACCESS.values()}
    there = {key: level for key, level in levels.items() if key[1] in arrays}
    return [
        f"{key}: {there.get(key)} is not {wanted.get(key)}"
        for key in sorted(there.keys() | wanted.keys())
        if there.get(key) != wanted.get(key)
    ]
