"""Files: what they are is found out, what is wrong with them is told, what they needed is known."""

from pathlib import Path

import pytest

from scmigen.devicetree import preprocess as module
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load, needs_preprocessing
from scmigen.devicetree.preprocess import (
    Preprocessed,
    preprocess,
    preprocess_with_pcpp,
)
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, InputError


def failure(path: Path, **options: object) -> Diagnostic:
    with pytest.raises(InputError) as raised:
        load(path, **options)  # type: ignore[arg-type]
    (found,) = raised.value.diagnostics
    return found


def test_source_and_blob_are_told_apart(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("/dts-v1/; / { p = <1>; };")
    blob = tmp_path / "b.txt"
    blob.write_bytes(flatten(load(source)))
    assert load(blob).root.properties["p"].value == load(source).root.properties["p"].value


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    found = failure(tmp_path / "none.dts")
    assert (found.id, str(found.position)) == ("file-unreadable", f"{tmp_path}/none.dts")


def test_a_directory_is_unreadable(tmp_path: Path) -> None:
    assert "directory" in failure(tmp_path).message


def test_a_name_with_a_nul_is_unreadable() -> None:
    assert failure(Path("a\0b")).id == "file-unreadable"


def test_text_that_is_not_utf8_is_told_by_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "a.dts"
    path.write_bytes(b'/dts-v1/;\n/ { a = "\xe9"; };')
    found = failure(path)
    assert (found.id, str(found.position)) == ("dts-encoding", f"{path}:2:10")


def test_an_empty_file_is_not_a_source(tmp_path: Path) -> None:
    path = tmp_path / "a.dts"
    path.write_bytes(b"")
    assert failure(path).id == "dts-syntax"


def test_a_blob_that_is_cut_off_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "a.dtb"
    path.write_bytes(b"\xd0\x0d\xfe\xed\0\0")
    assert failure(path).id == "dtb-malformed"


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("#include <a.h>\n", True),
        ("/ {\n  #  define X 1\n};", True),
        ('# 1 "a.dts"\n/ { };', False),
        ('#line 1 "a.dts"\n/ { };', False),
        ("/ {\n#address-cells = <1>;\n\t#if-cells = <1>;\n};", False),
        ('/include/ "a.dtsi"\n', False),
    ],
    ids=[
        "include",
        "indented define",
        "line marker",
        "line directive",
        "properties with a hash",
        "include of dtc",
    ],
)
def test_what_needs_a_preprocessor(text: str, needed: bool) -> None:
    assert needs_preprocessing(text) is needed


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "numbers.h").write_text("#define ONE 1\n#define ADD(a, b) ((a) + (b))\n")
    (tmp_path / "soc.dtsi").write_text("/ {\n\t#size-cells = <ONE>; /* it's one */\n};\n")
    path = tmp_path / "board.dts"
    path.write_text(
        '/dts-v1/;\n#include <numbers.h>\n#include "soc.dtsi"\n'
        "#ifdef EXTRA\n/ { extra = <EXTRA>; };\n#endif\n"
        "#if defined(linux) || defined(unix) || !defined(__DTS__)\n#error host macros\n#endif\n"
        '/ {\n\tp = <ADD(ONE, 2)>; // http://x\n\tq = "//";\n};\n'
    )
    return path


def with_pcpp(path: Path, include_dirs: list[Path], defines: list[str]) -> Preprocessed:
    return preprocess_with_pcpp(path, include_dirs, defines)


def with_machine(path: Path, include_dirs: list[Path], defines: list[str]) -> Preprocessed:
    if module.find_preprocessor() is None:
        pytest.skip("no C preprocessor is installed")
    return preprocess(path, include_dirs, defines)


both = pytest.mark.parametrize("run", [with_pcpp, with_machine], ids=["pcpp", "machine"])


@both
def test_all_files_that_were_read_are_named(board: Path, run) -> None:
    folder = board.parent
    made = run(board, [folder / "inc"], [])
    assert made.dependencies == (
        str(board),
        str(folder / "inc" / "numbers.h"),
        str(folder / "soc.dtsi"),
    )


@both
def test_both_preprocessors_lead_to_the_same_tree(
    board: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if run is with_pcpp:
        monkeypatch.setattr(module, "find_preprocessor", lambda: None)
    tree = load(board, [board.parent / "inc"], ["EXTRA=7"])
    assert {n: p.value for n, p in tree.root.properties.items()} == {
        "#size-cells": b"\0\0\0\1",
        "extra": b"\0\0\0\7",
        "p": b"\0\0\0\3",
        "q": b"//\0",
    }
    assert str(tree.root.properties["#size-cells"].position) == f"{board.parent}/soc.dtsi:2:2"
    assert str(tree.root.properties["p"].position) == f"{board}:11:2"
    assert len(tree.files) == 3


@both
def test_a_missing_header_is_told_where_it_is_included(tmp_path: Path, run) -> None:
    path = tmp_path / "a.dts"
    path.write_text("/dts-v1/;\n\n#include <none.h>\n/ { };\n")
    with pytest.raises(InputError) as raised:
        run(path, [], [])
    found = raised.value.diagnostics[0]
    assert found.id == "dts-preprocess"
    assert found.position is not None
    assert (found.position.file, found.position.line) == (str(path), 3)
    assert "none.h" in found.message
    assert found.hint is not None


@both
def test_an_error_directive_is_an_error_on_its_line(tmp_path: Path, run) -> None:
    path = tmp_path / "a.dts"
    path.write_text("/dts-v1/;\n#error no such board\n/ { };\n")
    with pytest.raises(InputError, match="no such board") as raised:
        run(path, [], [])
    position = raised.value.diagnostics[0].position
    assert position is not None
    assert position.line == 2


def test_defines_alone_ask_for_a_preprocessor(tmp_path: Path) -> None:
    path = tmp_path / "a.dts"
    path.write_text("/dts-v1/; / { p = <N>; };")
    assert load(path, defines=["N=5"]).root.properties["p"].cells() == (5,)


def test_a_preprocessor_that_cannot_be_started_is_told(
    board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_preprocessor", lambda: (str(tmp_path / "nothing"),))
    found = failure(board)
    assert found.id == "dts-preprocess"


@both
def test_space_around_an_argument_is_not_in_its_string(tmp_path: Path, run) -> None:
    """The labels of Apple's multi-die sources are made so: an empty paste leaves a space."""
    board = tmp_path / "board.dts"
    board.write_text(
        "#define TEXT(x...) #x\n#define STRING(x...) TEXT(x)\n"
        "#define GLUE_(x, y...) x ## y\n#define GLUE(x, y...) GLUE_(x, y)\n#define DIE\n"
        "/dts-v1/;\n/ { label = STRING(GLUE(afi, DIE)); other = STRING(  a  b ); };\n"
    )
    text = run(board, [], []).text
    assert '"afi"' in text
    assert '"a b"' in text


def test_macros_that_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is two of the one before: thirty lines ask for a thousand million numbers."""
    monkeypatch.setattr("scmigen.devicetree.pcpp_run.MAX_EXPANSIONS", 1000)
    lines = [f"#define A{n} A{n - 1} A{n - 1}" for n in range(1, 31)]
    path = tmp_path / "a.dts"
    path.write_text("\n".join(["/dts-v1/;", "#define A0 1", *lines, "/ { a = <A30>; };", ""]))
    with pytest.raises(InputError, match="more than 1000 macros to expand"):
        with_pcpp(path, [], [])


HAS_INCLUDE = """/dts-v1/;
#if __has_include(<nothing.h>)
#error it is not there
#endif
#ifdef __has_include
#define DEFINED 1
#endif
#if defined(__has_include) && __has_include ( <numbers.h> ) && !__has_include("nothing.h")
#define FOUND 2
#endif
#if __has_include("soc.dtsi")
#define BESIDE 3
#elif __has_include(<numbers.h>)
#define BESIDE 4
#endif
#if __has_include(<soc.dtsi>)
#define LATER 5
#elif __has_include("numbers.h")
#define LATER 6
#endif
/ { p = <DEFINED FOUND BESIDE LATER>; };
"""


@both
def test_has_include_looks_where_include_would(
    board: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``<file>`` is looked for in the include path alone, ``"file"`` beside the source, too."""
    if run is with_pcpp:
        monkeypatch.setattr(module, "find_preprocessor", lambda: None)
    board.write_text(HAS_INCLUDE)
    tree = load(board, [board.parent / "inc"])
    assert tree.root.properties["p"].cells() == (1, 2, 3, 6)


@both
@pytest.mark.parametrize("call", ["(numbers.h)", "("], ids=["no quotes", "no end"])
def test_a_malformed_has_include_is_told(tmp_path: Path, run, call: str) -> None:
    board = tmp_path / "board.dts"
    board.write_text(f"#if __has_include{call}\n#endif\n/dts-v1/;\n/ {{ }};\n")
    with pytest.raises(InputError) as raised:
        run(board, [], [])
    found = raised.value.diagnostics[0]
    assert found.position is not None
    assert found.position.line == 1
    assert "__has_include" in found.message
    assert "Error" not in found.message


@pytest.mark.parametrize(
    "line",
    ["#define", "#if\n#endif", "#ifdef\n#endif", "#undef"],
    ids=["define", "if", "ifdef", "undef"],
)
def test_pcpp_and_a_directive_with_nothing_behind_it(tmp_path: Path, line: str) -> None:
    board = tmp_path / "board.dts"
    board.write_text(f"{line}\n/dts-v1/;\n/ {{ }};\n")
    with pytest.raises(InputError, match="incomplete"):
        preprocess_with_pcpp(board, (), ())


@pytest.mark.parametrize(
    "body", [pytest.param("x x", id="repeated"), pytest.param("x##x", id="pasted")]
)
def test_arguments_that_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr("scmigen.devicetree.pcpp_run.MAX_ARGUMENTS", 1 << 14)
    board = tmp_path / "board.dts"
    calls = "G(" * 40 + "1" + ")" * 40
    board.write_text(f"#define F(x) {body}\n#define G(x) F(x)\n/ {{ a = <{calls}>; }};\n")
    with pytest.raises(InputError, match="arguments of macros have more than"):
        preprocess_with_pcpp(board, (), ())


@both
def test_no_more_errors_of_a_preprocessor_than_help(tmp_path: Path, run) -> None:
    board = tmp_path / "board.dts"
    board.write_text("#error wrong\n" * 300)
    with pytest.raises(InputError) as caught:
        run(board, (), ())
    assert len(caught.value.diagnostics) == 100


@pytest.mark.parametrize(
    "value",
    ["<1\x1c2>", "<1>\x1f,<2>", "<1 2>\x85", "[12]\xa0"],
    ids=["file separator", "unit separator", "next line", "no-break space"],
)
def test_blanks_are_those_of_dtc(value: str) -> None:
    with pytest.raises(InputError):
        read_source(f"/dts-v1/;\n/ {{ a = {value}; }};\n", "board.dts")
