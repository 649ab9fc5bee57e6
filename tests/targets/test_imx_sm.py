"""Names, levels and texts of the output for imx-sm; what it cannot hold is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from audit.imx_sm_tree import write
from support import model_of, source, tree_of
from targets.imx_sm_firmware import compiled

from scmigen import load, loads
from scmigen.audit.imx_sm_cfg import read_cfg
from scmigen.checks.registry import run_checks
from scmigen.diagnostics import Diagnostic, Severity
from scmigen.model.platform import Model
from scmigen.targets.make import make, option_problems

#: The clocks are those of `audit.imx_sm_tree`: 3 is UART, 4 is CAN.
BOARD = """
scmi { compatible = "arm,scmi-virtio";
	clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
	rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
};
uart@1 { compatible = "acme,uart"; clocks = <&clk 3>; power-domains = <&pd 1>; };
can@2 { compatible = "acme,can"; clocks = <&clk 4>; assigned-clocks = <&clk 4>;
	assigned-clock-rates = <40000000>; assigned-clock-parents = <&clk 1>; };
"""
AGENTS = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  secure world: {id: 2, scmi: {role: secure}, access: [{dev: "can@2"}]}
outputs:
  imx-sm:
    tree: %s
    soc: ACME
    board: acmeevk
    agents:
      linux: {name: AP-NS, number: 1, rows: {LMM_1: notify, CTRL_MCLK: all}}
      secure world: {name: AP-S, number: 0, secure: true, did: 3, instance: 0,
        mailbox: "type=mu, mu=1, test=0", channels: ["db=0, xport=smt, rpc=scmi, type=a2p"]}
"""


def model(folder: Path, edit: tuple[str, str] = ("", ""), board: str = BOARD) -> Model:
    write(folder)
    text = AGENTS % folder
    assert edit[0] in text
    return model_of(tree_of(board), text.replace(*edit) if edit[0] else text)


def files(folder: Path, edit: tuple[str, str] = ("", "")) -> dict[str, str]:
    made = make(model(folder, edit).platforms[0], "imx-sm")
    return {file.path: file.content.decode() for file in made.files}


def told(folder: Path, edit: tuple[str, str] = ("", ""), board: str = BOARD) -> list[Diagnostic]:
    found = model(folder, edit, board)
    return [*option_problems(found), *make(found.platforms[0], "imx-sm").diagnostics]


def rows(text: str) -> list[str]:
    """The lines of a ``.cfg`` without comments and empty ones."""
    lines = (line.partition("#")[0].split() for line in text.split("\n"))
    return [" ".join(line) for line in lines if line]


def test_a_file_for_each_agent_with_the_names_of_the_headers(tmp_path: Path) -> None:
    made = files(tmp_path)
    assert rows(made["agent-0.cfg"]) == [
        'SCMI_AGENT0 name="AP-S", secure',
        "MAILBOX type=mu, mu=1, test=0",
        "CHANNEL db=0, xport=smt, rpc=scmi, type=a2p",
        "DEV_SM_CLK_CAN clk=exclusive",
    ]
    assert rows(made["agent-1.cfg"]) == [
        'SCMI_AGENT1 name="AP-NS"',
        "DEV_SM_CLK_UART clk=set",
        "DEV_SM_CTRL_MCLK ctrl=all",
        "DEV_SM_LMM_1 lmm=notify",
        "DEV_SM_PD_WAKEUP pd=set",
        "DEV_SM_SYS_0 sys=priv",
    ]


def test_the_header_compiles_with_the_headers_of_the_device(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    header = files(tmp_path)["scmi_agents.h"]
    assert ".scmiInst = 0U" in header
    assert ".domId = 3U" in header
    more = (
        tmp_path / "devices/ACME/drivers/fsl_clock.h",
        tmp_path / "devices/ACME/sm/dev_sm_clock.h",
        tmp_path / "boards/acmeevk/sm/brd_sm_sensor.h",
    )
    agents, levels = compiled(header.encode(), tmp_path, tool, more)
    assert agents == [("AP-S", True), ("AP-NS", False)]
    assert levels == {
        ("AP-S", "clk", 4): 5,
        ("AP-NS", "clk", 3): 3,
        ("AP-NS", "pd", 1): 3,
        ("AP-NS", "sys", 0): 4,
        ("AP-NS", "lmm", 1): 2,
        ("AP-NS", "ctrl", 0): 255,
    }


def test_the_list_of_all_agents_is_only_made_of_all(tmp_path: Path) -> None:
    assert "SM_SCMI_NUM_AGNT 2U" in files(tmp_path)["scmi_agents.h"]
    header = files(tmp_path, ("number: 1", "number: 2"))["scmi_agents.h"]
    assert "SM_SCMI_AGNT2_CONFIG" in header
    assert "SM_SCMI_NUM_AGNT" not in header


def test_full_grants_are_all_where_that_is_asked(tmp_path: Path) -> None:
    made = files(tmp_path, ("    soc: ACME", "    soc: ACME\n    full: all"))
    assert "DEV_SM_CLK_CAN clk=all" in rows(made["agent-0.cfg"])
    assert "DEV_SM_PD_WAKEUP pd=all" in rows(made["agent-1.cfg"])
    assert "DEV_SM_CLK_UART clk=set" in rows(made["agent-1.cfg"]), "it has no rate"


ROWS = ("number: 1, rows: {LMM_1: notify, CTRL_MCLK: all}", "number: 1, form: rows")
#: A configuration as it is kept by hand: lines for firewalls give levels, too.
KEPT = """MAKE soc=ACME, board=acmeevk
include ../devices/ACME/configtool/device.cfg
OWNER:  perm=rw, api=all
ALL:    api=all
LM0     name="SM"
LM1     name="AP", rpc=scmi
SCMI_AGENT0 name="AP-S"
LM2     name="AP2", rpc=scmi
SCMI_AGENT1 name="AP-NS"
MAILBOX type=mu, mu=3, test=2
CHANNEL db=0, xport=smt, rpc=scmi, type=a2p
CLK_PLL ALL
CTRL_MCLK ALL
UART    OWNER
CAN     OWNER
PIN_TX  OWNER
include ../out/agent-1.cfg
LM3     name="M7"
"""


def test_rows_alone_close_what_the_lines_of_the_section_above_opened(tmp_path: Path) -> None:
    """By hand: CLK_UART and PD_WAKEUP are needed; UART and CAN open RST_USB, CLK_CAN; PIN_TX and
    CLK_PLL are open, too. CTRL is no protocol that a grant is of. There is no second agent line."""
    made = files(tmp_path, ROWS)["agent-1.cfg"]
    assert not [row for row in rows(made) if row.startswith(("SCMI_", "MAILBOX", "CHANNEL"))]
    path = write(tmp_path, KEPT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/agent-1.cfg").write_text(made)
    config = read_cfg(path)
    levels = {name: word for agent, _, name, word in config.cells() if agent == 1}
    assert {name: word for name, word in levels.items() if word != "none"} == {
        "DEV_SM_CLK_UART": "set",
        "DEV_SM_PD_WAKEUP": "set",
        "DEV_SM_CTRL_MCLK": "all",
        "DEV_SM_SYS_0": "priv",
    }
    closed = {"DEV_SM_CLK_CAN", "DEV_SM_CLK_PLL", "DEV_SM_RST_USB", "DEV_SM_PIN_TX"}
    assert closed <= {name for name, word in levels.items() if word == "none"}
    assert "NONE" not in files(tmp_path, ROWS)["scmi_agents.h"], "0 is what a place has anyway"


def test_rows_alone_need_the_names_of_what_they_close(tmp_path: Path) -> None:
    text = (AGENTS % tmp_path).replace(*ROWS)
    text = text.replace(f"    tree: {tmp_path}\n    soc: ACME\n    board: acmeevk\n", "")
    (item,) = option_problems(model_of(tree_of(BOARD), text))
    assert item.hint is not None
    assert item.hint.startswith("tree: ../imx-sm")
    assert item.position is not None
    assert item.position.line == text[: text.index("form: rows")].count("\n") + 1


def test_another_name_of_a_granted_number_keeps_its_level(tmp_path: Path) -> None:
    write(tmp_path)
    header = tmp_path / "devices/ACME/sm/dev_sm_alias.h"
    header.write_text("#define DEV_SM_CLK_SERIAL 3U\n")
    made = make(model_of(tree_of(BOARD), (AGENTS % tmp_path).replace(*ROWS)).platforms[0], "imx-sm")
    (text,) = (f.content.decode() for f in made.files if f.path == "agent-1.cfg")
    found = {row for row in rows(text) if "CLK_UART" in row or "CLK_SERIAL" in row}
    assert found == {"DEV_SM_CLK_UART clk=set", "DEV_SM_CLK_SERIAL clk=set"}


def test_a_row_of_the_user_is_in_place_of_the_lowest_level(tmp_path: Path) -> None:
    made = files(tmp_path, ("LMM_1: notify", "CLK_UART: all"))
    assert "DEV_SM_CLK_UART clk=all" in rows(made["agent-1.cfg"])
    assert "clk=set" not in made["agent-1.cfg"]


def test_the_user_may_say_who_resets_whom(tmp_path: Path) -> None:
    made = files(tmp_path, ("scmi: {role: secure}", "scmi: {role: secure, permissions: true}"))
    assert [row for row in rows(made["agent-0.cfg"]) if "base" in row] == [
        "DEV_SM_BASE_0 base=priv",
        "DEV_SM_BASE_1 base=priv",
    ]


FAULTS = {
    "unknown-row": ("LMM_1: notify", "CTRL_MCKL: all", "imx-sm-row", "did you mean CTRL_MCLK?"),
    "row-too-low": ("LMM_1: notify", "CLK_UART: get", "imx-sm-row", "set is the lowest level"),
    "long-name": ("name: AP-S, ", "", "imx-sm-agent", "name: AP-NS"),
    "same-number": ("number: 1", "number: 0", "imx-sm-agent", ""),
    "unknown-device": ("soc: ACME", "soc: ACNE", "imx-sm-tree", "it has ACME"),
    "no-device": ("    soc: ACME\n", "", "output-option", "soc: MIMX95"),
    "unknown-agent": ("      linux: {name", "      linus: {name", "output-option", "linux"),
    "hostile-channel": ("type=a2p", "type=a2p\\nCLK_PLL api=all", "output-option", ""),
}


@pytest.mark.parametrize(("old", "new", "identifier", "hint"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_with_options_has_a_place(
    tmp_path: Path, old: str, new: str, identifier: str, hint: str
) -> None:
    found = [item for item in told(tmp_path, (old, new)) if item.id == identifier]
    assert found
    assert found[0].position is not None
    assert found[0].position.file == "agents.yaml"
    assert hint in (found[0].hint or "")


def test_the_row_none_leaves_out_what_the_system_manager_holds(tmp_path: Path) -> None:
    edit = ("LMM_1: notify", "CLK_UART: none")
    (item,) = (item for item in told(tmp_path, edit) if item.id == "imx-sm-row")
    assert item.severity is Severity.NOTE
    assert "DEV_SM_CLK_UART clk=none" in rows(files(tmp_path, edit)["agent-1.cfg"])


def test_a_number_that_the_device_does_not_have_is_an_error(tmp_path: Path) -> None:
    board = BOARD.replace("clocks = <&clk 3>", "clocks = <&clk 5>")
    (item,) = (item for item in told(tmp_path, board=board) if item.id == "imx-sm-unnamed")
    assert "ACME has no clock 5" in item.message
    assert item.hint == "its numbers go up to 4"


def test_a_level_that_opens_more_than_is_granted_is_told(tmp_path: Path) -> None:
    board = BOARD.replace("assigned-clock-parents = <&clk 1>;", "")
    (item,) = (item for item in told(tmp_path, board=board) if item.id == "imx-sm-wider")
    assert "exclusive is the lowest level of imx-sm for 1 grant of a clock" in item.message
    assert item.message.endswith("and opens parent, too")


def test_a_macro_of_another_name_is_told(tmp_path: Path) -> None:
    macros = "#define ACME_CLK_UART 4\n#define IMX95_CLK_CAN 3\n#define PLL 1\n"
    board = BOARD.replace("<&clk 3>", "<&clk IMX95_CLK_CAN>").replace("<&clk 1>", "<&clk PLL>")
    write(tmp_path)

    path = tmp_path / "board.dts"
    path.write_text(macros + source(board))
    found = make(model_of(load(path), AGENTS % tmp_path).platforms[0], "imx-sm").diagnostics
    (item,) = (item for item in found if item.id == "imx-sm-renamed")
    assert item.message == "clock 3 is IMX95_CLK_CAN in the tree and DEV_SM_CLK_UART in imx-sm"


def test_a_board_without_scmi_numbers_is_refused(tmp_path: Path) -> None:
    board = """cc: cc@1 { compatible = "acme,cc"; #clock-cells = <1>; };
    uart@1 { compatible = "acme,uart"; clocks = <&cc 3>; };
    can@2 { compatible = "acme,can"; };"""
    assert "imx-sm-ids" in {item.id for item in told(tmp_path, board=board)}


def test_what_a_device_brings_later_is_left_out_and_told(tmp_path: Path) -> None:
    edit = (
        'access: [{dev: "can@2"}]',
        'access: [{dev: "can@2", flags: {assignable: [linux, secure world]}}]',
    )
    found = [item for item in told(tmp_path, edit) if item.id == "imx-sm-assignable"]
    assert len(found) == 1
    made = files(tmp_path, edit)
    assert "CLK_CAN" in made["agent-0.cfg"], "it has the device at boot"
    assert "CLK_CAN" not in made["agent-1.cfg"]


def test_names_of_a_tree_leave_no_comment(tmp_path: Path) -> None:
    """A node's name is in comments; a line break or a backslash there would be another row."""
    board = BOARD.replace('compatible = "acme,uart";', 'compatible = "acme,uart"; clock-names = '
                          '"x\\nDEV_SM_CLK_PLL clk=all\\\\";')  # fmt: skip
    made = make(model(tmp_path, board=board).platforms[0], "imx-sm")
    text = "".join(file.content.decode() for file in made.files if file.path.endswith(".cfg"))
    assert "\\" not in text
    assert "DEV_SM_CLK_PLL clk=all" not in rows(text)


#: Ten pins, so that settings begin at 0x28 and daisy chains at 0x50. TX is pin 5, at 0x14.
PINS = """
&{/scmi} { pins: protocol@19 { reg = <0x19>;
	tx: tx-grp { fsl,pins = <0x14 0x3c 0 1 0 0x31e>; };
	rx: rx-grp { fsl,pins = <0x18 0x40 0x58 1 0 0x31e 0x14 0x3c 0 0 0 0x31e>; };
}; };
&{/uart@1} { pinctrl-names = "default", "sleep"; pinctrl-0 = <&tx>; pinctrl-1 = <&rx>; };
"""
PIN_NAMES = "#define DEV_SM_PIN_RX 6U\n#define DEV_SM_DAISY_RX 2U\n"


def with_pins(folder: Path, more: str = "", names: str = PIN_NAMES) -> Model:
    write(folder)
    (folder / "devices/ACME/sm/dev_sm_pin.h").write_text(names)
    return model_of(loads(source(BOARD) + PINS + more, "board.dts"), AGENTS % folder)


def test_pins_and_daisy_chains_are_those_that_the_nodes_of_an_agent_ask_for(tmp_path: Path) -> None:
    """In any state; the second of a group, and a daisy chain where an input is selected."""
    made = make(with_pins(tmp_path).platforms[0], "imx-sm")
    texts = {file.path: file.content.decode() for file in made.files}
    assert [row for row in rows(texts["agent-1.cfg"]) if "PIN" in row or "DAISY" in row] == [
        "DEV_SM_DAISY_RX daisy=exclusive",
        "DEV_SM_PIN_TX pin=exclusive",
        "DEV_SM_PIN_RX pin=exclusive",
    ]
    assert "PIN" not in texts["agent-0.cfg"]


def test_a_pin_of_two_agents_is_told(tmp_path: Path) -> None:
    found = with_pins(tmp_path, "&{/can@2} { pinctrl-0 = <&tx>; };")
    items = make(found.platforms[0], "imx-sm").diagnostics
    (item,) = (item for item in items if item.id == "imx-sm-pin")
    assert "pin 5 is set by" in item.message
    assert {place.message for place in item.related} == {"linux: /uart@1", "secure world: /can@2"}


def test_a_pin_that_the_device_does_not_have_is_an_error(tmp_path: Path) -> None:
    items = make(with_pins(tmp_path, names="").platforms[0], "imx-sm").diagnostics
    assert "ACME has no pin 6, or no daisy chain 2, which /uart@1 asks for" in {
        item.message for item in items if item.id == "imx-sm-unnamed"
    }


def test_groups_of_another_shape_ask_for_nothing(tmp_path: Path) -> None:
    odd = "&{/scmi/protocol@19/rx-grp} { fsl,pins = <0x18 0x40 0x58>; };"
    odd += "&{/scmi/protocol@19/tx-grp} { fsl,pins = <0xffffffff 0x3c 0 1 0 0x31e>; };"
    made = make(with_pins(tmp_path, odd).platforms[0], "imx-sm")
    text = "".join(file.content.decode() for file in made.files)
    assert "PIN_" not in text


def test_pins_that_nodes_ask_for_are_no_empty_protocol(tmp_path: Path) -> None:
    """No grant is of a pin; &{/uart@1} has pinctrl-0 all the same."""
    (told_,) = (item for item in run_checks(with_pins(tmp_path)) if item.id == "protocol-empty")
    assert "0x16" in told_.message, "no reset is asked for"
    assert "0x19" not in told_.message


#: Three controls of the device, so that those of the board begin at 3; the binding's pairs.
OWN = """
&{/scmi} { bbm: protocol@81 { reg = <0x81>; };
	misc: protocol@84 { reg = <0x84>; nxp,ctrl-ids = <0x8001 1 2 0 0x8001 1>; }; };
"""
OWN_NAMES = """
#define DEV_SM_NUM_CTRL 3U
#define DEV_SM_CTRL_MCLK 0U
#define DEV_SM_CTRL_WAKE 2U
#define DEV_SM_RTC_CLOCK 0U
#define DEV_SM_BUTTON_0 0U
"""
BOARD_NAMES = """
#define BRD_SM_CTRL_SD (DEV_SM_NUM_CTRL + 0U)
#define BRD_SM_CTRL_BT (DEV_SM_NUM_CTRL + 1U)
"""


def with_own(folder: Path, more: str = "", edit: tuple[str, str] = ("", "")) -> Model:
    write(folder)
    (folder / "devices/ACME/sm/dev_sm_bbm.h").write_text(OWN_NAMES)
    (folder / "boards/acmeevk/sm/brd_sm_own.h").write_text(BOARD_NAMES)
    text = (AGENTS % folder).replace("rows: {LMM_1: notify, CTRL_MCLK: all}", "rows: {}")
    assert edit[0] in text
    text = text.replace(*edit) if edit[0] else text
    return model_of(loads(source(BOARD) + OWN + more), text)


def own_rows(found: Model) -> dict[str, list[str]]:
    made = make(found.platforms[0], "imx-sm")
    return {
        file.path: [line for line in rows(file.content.decode()) if is_own(line)]
        for file in made.files
        if file.path.endswith(".cfg")
    }


def is_own(line: str) -> bool:
    return any(f" {word}=" in line for word in ("rtc", "button", "ctrl"))


def test_own_protocols_are_those_that_the_tree_has_drivers_for(tmp_path: Path) -> None:
    """Setting the time needs exclusive (rpc_scmi_bbm.c), being told needs notify."""
    assert own_rows(with_own(tmp_path)) == {
        "agent-0.cfg": [],
        "agent-1.cfg": [
            "DEV_SM_BUTTON_0 button=notify",
            "DEV_SM_CTRL_WAKE ctrl=notify",
            "BRD_SM_CTRL_BT ctrl=notify",
            "DEV_SM_RTC_CLOCK rtc=exclusive",
        ],
    }


def test_a_disabled_protocol_asks_for_nothing(tmp_path: Path) -> None:
    off = '&bbm { status = "disabled"; }; &misc { /delete-property/ nxp,ctrl-ids; };'
    assert own_rows(with_own(tmp_path, off))["agent-1.cfg"] == []


def test_own_protocols_go_to_the_agent_that_has_their_node(tmp_path: Path) -> None:
    edit = ('[{dev: "can@2"}]', '[{dev: "can@2"}, {dev: "&bbm"}]')
    found = own_rows(with_own(tmp_path, edit=edit))
    assert [line.split()[0] for line in found["agent-0.cfg"]] == [
        "DEV_SM_BUTTON_0",
        "DEV_SM_RTC_CLOCK",
    ]
    assert [line.split()[0] for line in found["agent-1.cfg"]] == [
        "DEV_SM_CTRL_WAKE",
        "BRD_SM_CTRL_BT",
    ]


def test_a_control_that_the_headers_lack(tmp_path: Path) -> None:
    more = "&misc { nxp,ctrl-ids = <1 0 0x8005 0>; };"
    items = make(with_own(tmp_path, more).platforms[0], "imx-sm").diagnostics
    assert {item.message for item in items if item.id == "imx-sm-unnamed"} == {
        "ACME has no ctrl 1, which /scmi/protocol@84 asks for",
        "ACME has no ctrl 5 of its board, which /scmi/protocol@84 asks for",
    }
    edit = ("    board: acmeevk\n", "")
    made = make(with_own(tmp_path, edit=edit).platforms[0], "imx-sm")
    (left,) = (item for item in made.diagnostics if item.id == "imx-sm-unnamed")
    assert left.severity is Severity.NOTE
    assert left.message.startswith("1 control of the board")
    assert made.files
