"""Configurations of imx-sm: the language as its tool takes it, what levels open, what is wrong."""

import os
import re
from pathlib import Path

import pytest
from audit.imx_sm_tree import CELLS, CONFIG, HEADER, write

from scmigen.audit.imx_sm import READER
from scmigen.audit.imx_sm_cfg import read_cfg
from scmigen.audit.imx_sm_header import read_header
from scmigen.audit.registry import recognised
from scmigen.diagnostics import Diagnostic, InputError, Severity
from scmigen.imx_sm.resources import read_resources
from scmigen.runtime.served import Served, ServedGrant
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: Sources of imx-sm, where somebody has them.
TREE = os.environ.get("SCMIGEN_IMX_SM")


def found(tmp_path: Path, config: str) -> list[Diagnostic]:
    return list(READER.read(write(tmp_path, config)).diagnostics)


def told(tmp_path: Path, config: str) -> list[tuple[str, int]]:
    """Ids and lines of what is wrong with a configuration."""
    items = found(tmp_path, config)
    return [(item.id, item.position.line) for item in items if item.position]


def line_of(text: str, config: str = CONFIG) -> int:
    return config[: config.index(text)].count("\n") + 1


def refused(path: Path) -> Diagnostic:
    with pytest.raises(InputError) as caught:
        READER.read(path)
    (item,) = caught.value.diagnostics
    return item


def grant(served: Served, agent: str, kind: Kind, number: int) -> ServedGrant:
    (one,) = (each for each in served.agents if each.name == agent)
    (found,) = (each for each in one.grants[kind] if each.id == number)
    return found


def test_the_language_gives_the_levels_worked_out_by_hand(tmp_path: Path) -> None:
    """The nearest definition above counts, the first level of a line, the last line of a resource;
    empty definitions remove words; an agent with dup has the levels of another."""
    config = read_cfg(write(tmp_path))
    assert {(agent, name, word) for agent, _, name, word in config.cells()} == CELLS
    assert [(agent.name, agent.secure, agent.machine) for agent in config.agents] == [
        ("AP-S", True, 1),
        ("AP-NS", False, 1),
        ("M7", False, 2),
    ]


def test_a_header_gives_the_levels_that_stand_in_it(tmp_path: Path) -> None:
    path = write(tmp_path).parent / "acme/config_scmi.h"
    assert set(read_header(path).cells()) == {
        (0, "clk", "DEV_SM_CLK_UART", "all"),
        (0, "sys", "DEV_SM_SYS_0", "notify"),
        (1, "lmm", "DEV_SM_LMM_2", "priv"),
    }
    served = READER.read(path).served
    assert grant(served, "AP-S", Kind.CLOCK, 3).operations[:1] == (Operation.STATE,)


def test_ids_are_those_of_the_macros_not_of_the_comments(tmp_path: Path) -> None:
    write(tmp_path)
    ids = read_resources(tmp_path, "ACME", "acmeevk", None).ids
    assert ids["clk"] == {
        "DEV_SM_CLK_OSC": 0,
        "DEV_SM_CLK_PLL": 1,
        "DEV_SM_CLK_UART": 3,
        "DEV_SM_CLK_CAN": 4,
    }
    assert ids["sensor"] == {"DEV_SM_SENSOR_TEMP": 0, "BRD_SM_SENSOR_PMIC": 1}
    assert ids["rst"] == {"DEV_SM_RST_USB": 2}, "RST_COLD is a state"
    assert ids["perf"] == {"DEV_SM_PERF_CPU": 0}
    assert ids["pin"] == {"DEV_SM_PIN_TX": 5}


#: Level → what it opens of a clock, by the access column of imx-sm's list of messages (proto.md).
OF_CLOCKS = {
    "none": "", "get": "", "notify": "", "set": "state", "priv": "state",
    "exclusive": "state rate parent", "all": "state rate parent",
}  # fmt: skip


@pytest.mark.parametrize(("level", "opened"), OF_CLOCKS.items(), ids=OF_CLOCKS.keys())
def test_a_level_opens_what_the_firmware_checks_and_reading_is_unchecked(
    tmp_path: Path, level: str, opened: str
) -> None:
    text = CONFIG.replace("CLK_CAN api=set\n", "").replace("CLK_CAN ALL", f"CLK_CAN api={level}")
    one = grant(READER.read(write(tmp_path, text)).served, "AP-NS", Kind.CLOCK, 4)
    assert " ".join(one.operations) == opened
    assert one.unchecked == (Operation.READ,)
    assert one.source is not None
    assert one.source.endswith(f"acme.cfg:{line_of(f'CLK_CAN api={level}', text)}:1")


OTHER_KINDS = {
    "PERF_CPU api=set": (Kind.PERFORMANCE, 0, "limits"),
    "PERF_CPU api=priv": (Kind.PERFORMANCE, 0, "level limits"),
    "PD_AON api=set": (Kind.POWER, 0, "state"),
    "SENSOR_TEMP api=set": (Kind.SENSOR, 0, "config"),
    "SENSOR_TEMP api=notify": (Kind.SENSOR, 0, ""),
    "RST_USB api=exclusive": (Kind.RESET, 2, "reset"),
    "PIN_TX api=exclusive": (Kind.PIN, 5, "config"),
    "PIN_TX api=priv": (Kind.PIN, 5, ""),
}


@pytest.mark.parametrize(("line", "what"), OTHER_KINDS.items(), ids=OTHER_KINDS.keys())
def test_levels_of_other_kinds(tmp_path: Path, line: str, what: tuple[Kind, int, str]) -> None:
    kind, number, opened = what
    text = CONFIG.replace("LMM_2   ALL", line).replace("DEV_SM_PD_AON ALL", "")
    one = grant(READER.read(write(tmp_path, text)).served, "AP-NS", kind, number)
    assert " ".join(one.operations) == opened


def test_what_no_row_names_can_still_be_read(tmp_path: Path) -> None:
    served = READER.read(write(tmp_path)).served
    one = grant(served, "AP-NS", Kind.CLOCK, 0)
    assert (one.operations, one.unchecked, one.source) == ((), (Operation.READ,), None)
    resets = [each.grants.get(Kind.RESET, ()) for each in served.agents if each.name == "AP-NS"]
    assert resets == [()], "a reset has nothing to read"


def test_what_is_wrong_with_the_example(tmp_path: Path) -> None:
    assert told(tmp_path, CONFIG) == [
        ("imx-sm-resource", line_of("SYS     NOTIFY")),
        ("imx-sm-shared", line_of("UART    OWNER")),
        ("imx-sm-machine", line_of("LMM_2")),
        ("imx-sm-line", line_of("CLK_CAN api=set")),
        ("imx-sm-line", line_of("CLK_PLL ALL")),
    ]


FAULTS = {
    "misspelt-peripheral": (("CAN     clk", "CANN    clk"), "imx-sm-resource", "CAN"),
    "misspelt-resource": (("CLK_OSC OWNER", "CLK_OSK OWNER"), "imx-sm-resource", "DEV_SM_CLK_OSC"),
    "misspelt-level": (("CLK_CAN ALL", "CLK_CAN clk=alll"), "imx-sm-level", "all"),
}


@pytest.mark.parametrize(("edit", "identifier", "meant"), FAULTS.values(), ids=FAULTS.keys())
def test_misspelt_words_are_told_with_the_line_and_what_is_meant(
    tmp_path: Path, edit: tuple[str, str], identifier: str, meant: str
) -> None:
    text = CONFIG.replace("SYS     NOTIFY\n", "").replace(*edit)
    item = next(item for item in found(tmp_path, text) if item.id == identifier)
    assert item.position is not None
    assert item.position.line == line_of(edit[1], text)
    assert item.hint is not None
    assert f" {meant} " in f" {item.hint} ".replace("?", " ").replace(",", " ")


def test_lines_without_effect_are_one_warning_of_an_agent(tmp_path: Path) -> None:
    text = CONFIG.replace("CLK_CAN api=set\n", "CLK_CAN api=set\nPD_AON api=set\n")
    (item, _) = (item for item in found(tmp_path, text) if item.id == "imx-sm-line")
    assert item.severity is Severity.WARNING
    assert "so with 1 more" in item.message
    assert [place.position.line for place in item.related if place.position] == [
        line_of("CLK_CAN ALL", text),
        line_of("PD_AON api=set", text),
    ]


def test_levels_that_an_included_file_lowers_are_a_note_and_those_it_raises_a_warning(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "configs/rows.cfg"
    rows.parent.mkdir(parents=True)
    rows.write_text("DEV_SM_CLK_CAN clk=set\nDEV_SM_PD_AON pd=none\n")
    last = CONFIG.replace("LMM_2   ALL", "include rows.cfg").replace("CLK_CAN api=set\n", "")
    first = last.replace("include rows.cfg\n", "").replace(
        "CLK_CAN ALL", "include rows.cfg\nCLK_CAN ALL"
    )
    (note, _) = (item for item in found(tmp_path, last) if item.id == "imx-sm-line")
    assert (note.severity, len(note.related)) == (Severity.NOTE, 2)
    assert "2 levels of other lines are lowered by" in note.message
    (warning, _) = (item for item in found(tmp_path, first) if item.id == "imx-sm-line")
    assert warning.severity is Severity.WARNING
    assert warning.position is not None
    assert warning.position.file.endswith("rows.cfg")


def test_a_definition_without_a_blank_is_told_and_read_as_the_tool_does(tmp_path: Path) -> None:
    """configtool.pl looks at the first word alone: ``UART:lmm=priv`` ends in no colon. Its words
    are replaced, UART too, and so the line has a level for LMM_1."""
    text = CONFIG.replace("LMM_2   ALL", "UART:api=none LMM_1 lmm=priv")
    items = [item for item in found(tmp_path, text) if item.hint == "UART: api=none"]
    (item,) = items
    assert item.severity is Severity.ERROR
    assert item.position is not None
    assert item.position.line == line_of("UART:api", text)
    assert "DEV_SM_LMM_1" in {
        row.resource for agent in read_cfg(write(tmp_path, text)).agents for row in agent.rows
    }


CHANNELS = {
    "no-mailbox": ("MAILBOX type=mu, mu=3, test=2\n", "", "AP-NS has no MAILBOX"),
    "no-requests": ("type=a2p\nCHANNEL db=1", "type=p2a\nCHANNEL db=1", "no CHANNEL with type=a2p"),
    "mailbox-of-another": ("mu=3,", "mu=1,", "AP-NS has the mailbox mu=1, as AP-S has"),
}


@pytest.mark.parametrize(("old", "new", "why"), CHANNELS.values(), ids=CHANNELS.keys())
def test_an_agent_without_a_channel_of_its_own_is_told(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    text = CONFIG.replace(old, new)
    assert text != CONFIG
    (item,) = (item for item in found(tmp_path, text) if item.id == "imx-sm-channel")
    assert why in item.message
    assert item.position is not None
    assert item.position.line == line_of("SCMI_AGENT1", text)


def test_two_agents_that_set_alone_are_one_warning_with_both_lines(tmp_path: Path) -> None:
    text = CONFIG.replace("CLK_OSC OWNER     #", "CLK_CAN ALL #")
    items = [item for item in found(tmp_path, text) if "AP-S and AP-NS" in item.message]
    (item,) = items
    places = [place.position.line for place in item.related if place.position]
    assert places == [line_of("CLK_CAN ALL #", text), line_of("CLK_CAN ALL\n", text)]


def test_levels_at_which_votes_are_counted_are_no_conflict(tmp_path: Path) -> None:
    text = CONFIG.replace("CLK_CAN ALL", "CLK_UART api=set").replace("dup=0", "")
    assert "imx-sm-shared" not in {item.id for item in found(tmp_path, text)}


def test_what_is_the_system_managers_own(tmp_path: Path) -> None:
    text = CONFIG.replace("LMM_2   ALL", "PIN_TX api=all")
    (item,) = (item for item in found(tmp_path, text) if item.id == "imx-sm-own")
    assert item.position is not None
    assert item.position.line == line_of("PIN_TX api=all", text)
    lines = [place.position.line for place in item.related if place.position]
    assert lines == [line_of("PIN_TX api=all", text), line_of("PIN_TX  OWNER", text)]


def test_what_lm0_may_set_is_the_servers_own(tmp_path: Path) -> None:
    """LM0 has PIN_TX in the example, and a clock at a level that sets nothing here."""
    text = CONFIG.replace("PIN_TX  OWNER\n", "PIN_TX  OWNER\nCLK_PLL api=notify\nCLK_OSC api=set\n")
    served = READER.read(write(tmp_path, text)).served
    own = {(kind, one.id) for kind, found in served.resources.items() for one in found if one.own}
    assert own == {(Kind.PIN, 5), (Kind.CLOCK, 0)}


REFUSED = {
    "include-of-itself": ("OWNER:  api=set", "include acme.cfg", "is included by itself"),
    "missing-include": (
        "OWNER:  api=set",
        "include ../nothing.cfg",
        "no ../nothing.cfg to include",
    ),
    "definition-of-itself": ("ALL:    api=all", "ALL: ALL ALL", "did not come to an end|make"),
    "agent-without-machine": ("MAKE ", 'SCMI_AGENT0 name="X"\nMAKE ', "needs a logical machine"),
    "agent-without-name": ('name="AP-NS"', "secure", "needs a name"),
    "agents-out-of-order": ("SCMI_AGENT1", "SCMI_AGENT3", "agent 3 comes as number 1"),
    "duplicate-of-nobody": ("dup=0", "dup=9", "no agent 9"),
    "unknown-device": ("soc=ACME", "soc=ACNE", "no folder above it has devices/ACNE"),
    "no-device": ("soc=ACME, ", "", "device is not known"),
}


@pytest.mark.parametrize(("old", "new", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_one_error_with_a_place(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    path = write(tmp_path, CONFIG.replace(old, new, 1))
    item = refused(path)
    assert re.search(why, item.message)
    assert item.position is not None


def test_definitions_that_grow_without_end_are_stopped(tmp_path: Path) -> None:
    more = "".join(f"X{n}: {f'X{n - 1} ' * 10}\n" for n in range(1, 12))
    path = write(tmp_path, CONFIG + "X0: y y y y y y y y\n" + more + "X11\n")
    assert "characters of a line" in refused(path).message


def test_many_lines_that_grow_are_stopped(tmp_path: Path) -> None:
    lines = "X0\n" * 50_000
    path = write(tmp_path, f"{CONFIG}X1: {'y ' * 4000}\nX0: X1 X1\n{lines}")
    assert "make too much" in refused(path).message


def test_recognised_by_name_and_content(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert recognised(path) is READER
    assert recognised(path.parent / "acme/config_scmi.h") is READER
    other = tmp_path / "other.cfg"
    other.write_text("[section]\nkey=value\n")
    assert recognised(other) is None
    assert recognised(tmp_path / "missing.cfg") is None


def test_damage_of_the_header_changes_cells(tmp_path: Path) -> None:
    damaged = {
        "swapped": HEADER.replace("CLK_UART", "CLK_CAN"),
        "dropped": HEADER.replace("        .lmmPerms[2] = SM_SCMI_PERM_PRIV, \\\n", ""),
        "off-by-one": HEADER.replace("lmmPerms[2]", "lmmPerms[3]"),
        "flipped": HEADER.replace("PERM_NOTIFY", "PERM_SET"),
    }
    whole = set(read_header(write(tmp_path).parent / "acme/config_scmi.h").cells())
    for text in damaged.values():
        path = write(tmp_path, header=text).parent / "acme/config_scmi.h"
        assert set(read_header(path).cells()) != whole


@pytest.mark.slow
@pytest.mark.skipif(TREE is None, reason="SCMIGEN_IMX_SM names no sources of imx-sm")
def test_every_configuration_of_the_real_tree_equals_its_committed_header() -> None:
    """8,020 cells of seven configurations, as the tool of imx-sm made them."""
    folder = Path(str(TREE)) / "configs"
    compared = 0
    for path in sorted(folder.glob("*.cfg")):
        header = set(read_header(folder / path.stem / "config_scmi.h").cells())
        assert set(read_cfg(path).cells()) == header, path.name
        compared += len(header)
    assert compared == 8020


def test_what_grants_do_not_hold_are_options_of_the_output(tmp_path: Path) -> None:
    """Levels that the output would not write of the grants: of other protocols, and others than
    the lowest; ALL is what it writes of full grants here. Settings of channels as they are."""
    text = CONFIG.replace("SYS     NOTIFY", "SYS api=notify\nRST_USB api=all\nPIN_TX api=all")
    options = READER.read(write(tmp_path, text)).served.outputs["imx-sm"]
    agents = options.pop("agents")
    assert options == {"tree": str(tmp_path), "soc": "ACME", "board": "acmeevk", "full": "all"}
    assert agents["AP-S"] == {
        "number": 0,
        "secure": True,
        "mailbox": "type=mu, mu=1, test=0",
        "channels": ["db=0, xport=smt, rpc=scmi, type=a2p"],
        "rows": {"CLK_CAN": "get", "PERF_CPU": "priv", "SYS": "notify", "PIN_TX": "all"},
    }
    assert agents["AP-NS"] == {
        "number": 1,
        "mailbox": "type=mu, mu=3, test=2",
        "channels": [
            "db=0, xport=smt, rpc=scmi, type=a2p",
            "db=1, xport=smt, rpc=scmi, type=p2a_notify",
        ],
        "rows": {"BRD_SM_SENSOR_PMIC": "notify", "LMM_2": "all"},
    }
