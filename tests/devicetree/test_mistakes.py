"""What people get wrong in board files, and what they are told: once, at the place, with a way out.

Each mistake is one change to a good board. Nothing else is said: what only follows from the mistake
is not told.
"""

from pathlib import Path

import pytest

from scmigen.devicetree import preprocess as module
from scmigen.devicetree.load import load, load_board
from scmigen.diagnostics import Diagnostic, InputError

BOARD = """/dts-v1/;

#include <clk.h>

/ {
	model = "Acme Board";
	#address-cells = <1>;
	#size-cells = <1>;

	soc: soc {
		compatible = "simple-bus";
		ranges;

		rcc: clock-controller@50000000 {
			compatible = "acme,rcc";
			#clock-cells = <1>;
		};

		uart4: serial@40010000 {
			compatible = "acme,uart";
			reg = <0x40010000 0x400>;
			clocks = <&rcc CK_UART4>;
			status = "disabled";
		};
	};
};

&uart4 {
	status = "okay";
};
"""

# What is written instead of what; line, a part of the message, a part of the hint.
MISTAKES = {
    "; behind a value": ("0x400>;", "0x400>", "21:28", "a ; is missing", ""),
    "; behind a string": ('"disabled";', '"disabled"', "23:23", "a ; is missing", ""),
    "; behind a flag": ("ranges;", "ranges", "12:9", "a ; is missing", "=, ; or {"),
    "; behind }": ("\t\t};\n\t};", "\t\t}\n\t};", "24:4", "a ; is missing", "};"),
    "a }; missing": ("\t\t};\n\t};", "\t};", "27:1", "outside all nodes", "}; missing"),
    "a }; too many": ("&uart4 {", "};\n&uart4 {", "28:1", "does not close anything", "too many"),
    "{ missing": ("40010000 {", "40010000", "19:25", "a { is missing", ""),
    "{ of the root missing": ("/ {", "/", "5:2", "a { is missing", ""),
    "> missing": ("CK_UART4>", "CK_UART4", "22:27", "a > is missing", ""),
    "< missing": ("<&rcc", "&rcc", "22:13", "a < is missing", ""),
    "= missing": ("reg = <", "reg <", "21:8", "a = is missing", "name = value"),
    "blank before :": ("uart4: s", "uart4 : s", "19:9", "have blanks between", "label: name@1 {"),
    ": for =": ('model = "', 'model: "', "6:7", "a : is in the place of =", "name = value"),
    "== for =": ('model = "', 'model == "', "6:9", "unexpected '='", "a single ="),
    ";; for ;": ("ranges;", "ranges;;", "12:10", "does not end anything", "remove it"),
    "a macro misspelt": ("CK_UART4", "CK_UATR4", "22:19", "CK_UATR4", "mean CK_UART4?"),
    "a header not included": ("#include <clk.h>", "", "22:19", "CK_UART4", "no included file"),
    "a label misspelt": ("<&rcc", "<&rc", "22:14", "&rc", "mean &rcc?"),
    "a label without &": ("<&rcc", "<rcc", "22:14", "'rcc'", "mean &rcc?"),
    "a label of an extension misspelt": ("&uart4 {", "&uart {", "28:1", "&uart", "mean &uart4?"),
    "an extension above its node": ("/ {", "&uart4 { };\n/ {", "5:1", "&uart4", "/plugin/"),
    "a label twice": ("soc: soc", "rcc: soc", "14:3", "rcc is given twice", ""),
    "a node twice": ("serial@4001", "clock-controller@5000", "19:3", "defined twice", "once"),
    "a property twice": ("ranges;", "ranges;\n\t\tranges;", "13:3", "defined twice", "once"),
    "a label with a dash": ("soc: soc", "so-c: soc", "10:2", "is not a label", "letters, digits"),
    "a blank before @": ("serial@", "serial @", "19:17", "unexpected '@'", "no space"),
    "@ forgotten": ("serial@", "serial ", "19:17", "'40010000'", "name@1 {"),
    "a node without a name": ("soc: soc {", "soc: {", "10:7", "no name", "label: name@1 {"),
    "a property behind a node": (
        "\t};\n};",
        "\t\tx;\n\t};\n};",
        "25:3",
        "follows a child",
        "first",
    ),
    "a comma between cells": ("0x40010000 ", "0x40010000, ", "21:21", "','", "not by commas"),
    "no comma between strings": ('"acme,rcc"', '"a" "b"', "15:21", "a string", "commas"),
    "a comma at the end": ('"acme,rcc"', '"a",', "15:21", "after the comma", ""),
    "a string without quotes": ('"okay"', "okay", "29:11", "'okay'", '"okay"'),
    "a string with one quote": ('"okay"', '"okay', "29:11", "is not closed", "double quotes"),
    "a string in single quotes": ('"okay"', "'okay'", "29:11", "'okay'", '"okay"'),
    "curly quotes": ('"okay"', "\u201cokay\u201d", "29:11", "\u201c", "plain double quotes"),
    "a number without <>": ("<1>;", "1;", "7:19", "'1'", "<1>"),
    "arithmetic without ()": ("0x400>", "0x200 * 2>", "21:28", "'*'", "(1 + 2)"),
    "a digit too many": ("0x400>", "0x40g>", "21:22", "is not a number", "0-9 and a-f"),
    "true for a flag": ("ranges;", "ranges = true;", "12:12", "'true'", "name;"),
    "half a byte": ("ranges;", "ranges = [00 1];", "12:16", "'1'", "two hexadecimal"),
    "a keyword misspelt": ("ranges;", "/delete-prop/ x;", "12:3", "/delete-prop/", "property/?"),
    "a property deleted by &": ("ranges;", "/delete-property/ &x;", "12:3", "", "name;"),
    "a node deleted by name": (
        "&uart4 {",
        "/delete-node/ x;\n&uart4 {",
        "28:1",
        "takes a reference",
        "",
    ),
    "a deleted label misspelt": (
        "&uart4 {",
        "/delete-node/ &rc;\n&uart4 {",
        "28:15",
        "&rc",
        "&rcc?",
    ),
    "a merge left undone": (
        "&uart4 {",
        "<<<<<<< HEAD\n&uart4 {",
        "28:1",
        "merge",
        "one of the two",
    ),
    "no /dts-v1/": ("/dts-v1/;", "", "5:1", "begins with /dts-v1/;", ""),
    "a directive misspelt": ("/ {", '#inclde "a"\n/ {', "5:1", "#inclde", "mean #include?"),
    "a directive inside a line": (
        "\tuart4: serial@40010000 {",
        '\tuart4: serial@40010000 { #include "pins.dtsi"',
        "19:28",
        "#include is not at the beginning of its line",
        "a line of its own",
    ),
    "a conditional inside a line": (
        "\tranges;",
        "\tranges; #endif",
        "12:11",
        "#endif is not at the beginning of its line",
        "a line of its own",
    ),
    "a directive inside a value": (
        "<1>;\n\t#size",
        "<1 #endif\n>;\n\t#size",
        "7:22",
        "unexpected '#'",
        "a line of its own",
    ),
    "a header not found": ("<clk.h>", "<clock.h>", "3", "clock.h", "-I"),
    "#if without #endif": ("&uart4 {", "#ifdef X\n&uart4 {", "28", "nterminated #if", "#endif"),
    "#endif without #if": ("&uart4 {", "#endif\n&uart4 {", "28", "#endif", "no open #if"),
    "an /include/ not found": ("&uart4 {", '/include/ "no"\n&uart4 {', "28:1", "no", "-I"),
}


def told(folder: Path, text: str) -> list[Diagnostic]:
    (folder / "clk.h").write_text("#define CK_UART4 4\n#define CK_I2C1 7\n")
    path = folder / "board.dts"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        load(path, [folder])
    return list(raised.value.diagnostics)


@pytest.mark.parametrize(
    ("right", "wrong", "place", "message", "hint"), MISTAKES.values(), ids=MISTAKES
)
@pytest.mark.parametrize("preprocessor", ["machine", "pcpp"])
def test_is_told_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    preprocessor: str,
    right: str,
    wrong: str,
    place: str,
    message: str,
    hint: str,
) -> None:
    if preprocessor == "pcpp":
        monkeypatch.setattr(module, "find_preprocessor", lambda: None)
    elif module.find_preprocessor() is None:
        pytest.skip("no C preprocessor is installed")
    assert right in BOARD
    (found,) = told(tmp_path, BOARD.replace(right, wrong, 1))
    # A preprocessor need not know the column.
    assert f"{found.position}:".startswith(f"{tmp_path}/board.dts:{place}:")
    assert message in found.message
    assert hint in (found.hint or "")
    # The line is shown, and a caret in it.
    line = (tmp_path / "board.dts").read_text().split("\n")[found.position.line - 1]  # type: ignore[union-attr]
    assert (found.excerpt or "").split("\n")[0] == line.rstrip()


def test_several_are_told_in_one_run(tmp_path: Path) -> None:
    text = (
        BOARD.replace('"disabled";', '"disabled"')
        .replace('"okay"', "okay")
        .replace("ranges;", "ranges")
    )
    text = text.replace("&rcc", "&rc").replace("#clock-cells = ", "#clock-cells ")
    lines = sorted(item.position.line for item in told(tmp_path, text) if item.position)
    assert lines == [12, 16, 22, 23, 29]


def test_a_directive_in_a_file_that_the_preprocessor_has_not_seen(tmp_path: Path) -> None:
    (tmp_path / "raw.dtsi").write_text('#include "pins.dtsi"\n')
    (found,) = told(tmp_path, BOARD.replace("&uart4 {", '/include/ "raw.dtsi"\n&uart4 {'))
    assert str(found.position) == f"{tmp_path}/raw.dtsi:1:1"
    assert found.message == "#include has not been preprocessed"
    assert found.hint == "bring its file in with #include"


@pytest.mark.parametrize(
    ("overlay", "message", "hint"),
    [
        ("&uart5 { };", "no label uart5", "did you mean &uart4?"),
        ("&{/soc/serial@0} { };", "no node /soc/serial@0", "mean /soc/serial@40010000?"),
        ("&uart4 { clocks = <&rc 1>; };", "no label rc", "did you mean &rcc?"),
    ],
    ids=[
        "unknown label",
        "unknown path",
        "unknown label in a value",
    ],
)
def test_an_overlay_with_a_wrong_target(
    tmp_path: Path, overlay: str, message: str, hint: str
) -> None:
    (tmp_path / "clk.h").write_text("#define CK_UART4 4\n")
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "overlay.dtso").write_text(f"/dts-v1/;\n/plugin/;\n{overlay}\n")
    with pytest.raises(InputError) as raised:
        load_board(tmp_path / "board.dts", [tmp_path / "overlay.dtso"], [tmp_path])
    (found,) = raised.value.diagnostics
    assert found.position is not None
    assert (found.position.file, found.position.line) == (f"{tmp_path}/overlay.dtso", 3)
    assert message in found.message
    assert hint in (found.hint or "")
    assert (found.excerpt or "").startswith(overlay)
