"""Headers that are not found: one finding for all, with the option that finds them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scmigen.devicetree import preprocess
from scmigen.devicetree.load import load
from scmigen.diagnostics import Diagnostic, InputError

BOARD = """/dts-v1/;
#include <dt-bindings/clock/a.h>

#include <dt-bindings/clock/b.h>
#include "soc.dtsi"
#include <dt-bindings/clock/a.h>
#error stop
/ { };
"""
SOC = "\n\n#include <dt-bindings/reset/c.h>\n"


@pytest.fixture(params=["machine", "pcpp"])
def told(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], list[Diagnostic]]:
    """What is said of a board in ``src``, with each preprocessor."""
    if request.param == "pcpp":
        monkeypatch.setattr(preprocess, "find_preprocessor", lambda: None)
    elif preprocess.find_preprocessor() is None:
        pytest.skip("no C preprocessor is installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "soc.dtsi").write_text(SOC)

    def run(text: str) -> list[Diagnostic]:
        Path("src/board.dts").write_text(text)
        with pytest.raises(InputError) as raised:
            load(Path("src/board.dts"))
        return list(raised.value.diagnostics)

    return run


def places(item: Diagnostic) -> list[tuple[str, str, int]]:
    found = [(place.message, place.position) for place in item.related]
    return [(name, at.file, at.line) for name, at in found if at is not None]


def test_all_missing_headers_are_one_finding(told: Callable[[str], list[Diagnostic]]) -> None:
    headers, error = told(BOARD)
    assert headers.message == "preprocessor: 3 headers of dt-bindings/ not found"
    assert (str(headers.position).partition(":2")[0], headers.severity.word) == (
        "src/board.dts",
        "error",
    )
    assert (headers.excerpt or "").startswith("#include <dt-bindings/clock/a.h>\n")
    assert places(headers) == [
        ("dt-bindings/clock/b.h", "src/board.dts", 4),
        ("dt-bindings/reset/c.h", "src/soc.dtsi", 3),
    ]
    assert headers.hint is not None
    assert headers.hint.endswith("in a Linux tree: -I include")
    assert "stop" in error.message


@pytest.mark.parametrize("folder", ["include", "src", "src/include"])
def test_the_hint_names_a_folder_above_that_has_the_header(
    told: Callable[[str], list[Diagnostic]], tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder / "dt-bindings" / "clock").mkdir(parents=True)
    (tmp_path / folder / "dt-bindings" / "clock" / "a.h").touch()
    assert told(BOARD)[0].hint == f"add -I {folder}"


def test_one_header_is_named(told: Callable[[str], list[Diagnostic]]) -> None:
    (item,) = told("/dts-v1/;\n#include <acme/x.h>\n/ { };\n")
    assert (item.message, item.related) == ("preprocessor: header acme/x.h not found", ())
    assert item.hint == "add the directory of the header with -I"


def test_headers_of_several_folders(told: Callable[[str], list[Diagnostic]]) -> None:
    (item,) = told("/dts-v1/;\n#include <acme/x.h>\n#include <y.h>\n/ { };\n")
    assert item.message == "preprocessor: 2 headers not found"


def test_a_name_that_no_file_can_have(told: Callable[[str], list[Diagnostic]]) -> None:
    """The preprocessor says of it what it likes, but nothing is raised."""
    assert told(f"/dts-v1/;\n#include <{'x' * 5000}.h>\n/ {{ }};\n")


def test_clang_says_it_in_other_words(tool: Callable[[str], str], tmp_path: Path) -> None:
    board = tmp_path / "board.dts"
    board.write_text(BOARD)
    with pytest.raises(InputError) as raised:
        preprocess.preprocess_with((tool("clang"), "-E"), board, (), ())
    assert raised.value.diagnostics[0].message == (
        "preprocessor: header dt-bindings/clock/a.h not found"
    )
