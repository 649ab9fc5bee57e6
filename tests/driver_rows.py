"""Tables of drivers for tests: one of drivers that there are not, and agents files that name it."""

from pathlib import Path

from support import model_of, soc

from scmigen import Model

HEAD = "# scmigen-driver-needs: 2\n"

#: Drivers of the devices of the boards of these tests.
ROWS = """\
acme,by-index clock #1 rate sure drivers/clk/index.c:probe
acme,clkdev clock sys_ck rate sure drivers/net/clkdev.c:probe
acme,display clock dsi_bit parent sure drivers/gpu/display.c:bind
acme,display clock pix rate may drivers/gpu/core.c:try_mode
acme,display clock pix rate sure drivers/gpu/display.c:set_mode
acme,generic clock * rate may drivers/misc/generic.c:probe
acme,generic clock core - sure drivers/misc/generic.c:probe
acme,mmc clock ciu rate sure drivers/mmc/acme.c:set_ios
acme,mmc voltage vmmc level sure drivers/mmc/core.c:set_ocr
acme,quiet - - - - drivers/tty/quiet.c
acme,silent -
acme,tuner clock mux rate+parent may drivers/media/tuner.c:tune
acme,wdt clock alarm - never drivers/watchdog/wdt.c
"""

#: The rest of two agents: b is a VM and has the node ``e``.
B_HAS_E = 'access: [{dev: "&e"}]'


def single_rows(text: str) -> list[str]:
    """The rows of a table, a line for each compatible of a block with its rows and whole places,
    sorted. Comments are left out."""
    found: list[str] = []
    names: list[str] = []
    above = " "
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            names = [*names, line] if above == "" else [line]
            above = ""
            continue
        fields = line[1:].split(" ")
        if len(fields) > 4:
            if fields[4] == '"':
                fields[4] = above
            elif fields[4].startswith(":"):
                fields[4] = above.split(":")[0] + fields[4]
        above = fields[4] if len(fields) > 4 else " "
        found += [" ".join([name, *fields]) for name in names]
    return sorted(found)


def table(folder: Path, rows: str = ROWS) -> Path:
    """A file with a table."""
    path = folder / "drivers.txt"
    path.write_text(HEAD + rows)
    return path


def driven(
    folder: Path, body: str, rest: str = "", *, b: str = "", a_needs: str = "", b_needs: str = ""
) -> Model:
    """The model of a board whose agents, ``a`` with what nobody claims and a VM ``b``, have the
    drivers of `ROWS`, or what ``a_needs`` and ``b_needs`` say."""
    path = str(table(folder))
    agents = (
        "domains:\n"
        f"  a: {{id: 1, scmi: {{role: ospm, needs: {a_needs or path}}}, default: true}}\n"
        f"  b: {{id: 2, scmi: {{role: vm, needs: {b_needs or path}}}, {b}}}\n"
        f"{rest}"
    )
    return model_of(soc(body), agents)
