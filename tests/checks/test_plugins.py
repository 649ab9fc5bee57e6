"""Checks of other packages: found by their entry point, switched and explained like ours."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scmigen.checks.check import Check, check
from scmigen.checks.registry import CHECKS
from scmigen.cli.main import cli
from scmigen.model.platform import Model

GOOD = """
from scmigen.checks.check import check

@check("acme-no-uart", about="A UART is on.", advice="Switch the UART off.")
def no_uart(model):
    for node in model.inventory.tree.nodes:
        if node.base_name == "serial":
            yield no_uart.warning(f"{node.path} is a UART", node.position)

@check("acme-quiet", about="Nothing.", advice="Nothing.")
def quiet(model):
    return iter(())
"""
RAISES = """
from scmigen.checks.check import check

@check("acme-raises", about="A.", advice="B.")
def raises(model):
    raise KeyError("x")
    yield
"""
YIELDS = """
from scmigen.checks.check import check

@check("acme-yields", about="A.", advice="B.")
def yields(model):
    yield "a string"
"""
EXITS = RAISES.replace('raise KeyError("x")', "raise SystemExit(0)")
RETURNS_NONE = RAISES.replace('    raise KeyError("x")\n    yield\n', "    return None\n")
WRONG_PART = YIELDS.replace('"a string"', "yields.error(5)")
EXITS_WHEN_IMPORTED = "raise SystemExit(0)"
TAKEN = GOOD.replace("acme-no-uart", "reset-shared")
ILL_NAMED = GOOD.replace("acme-no-uart", "Acme no UART")
BOARD = '/dts-v1/; / { serial@1 { compatible = "acme,uart"; }; };\n'


class Place:
    """A directory where a package ``acme`` is installed, and a board."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(folder)
        (folder / "board.dts").write_text(BOARD)

    def install(self, module: str, text: str, value: str) -> None:
        """Install a package with one module, the entry point of which is ``value``."""
        (self.folder / f"{module}.py").write_text(text)
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[scmigen.checks]\n{module} = {value}\n")

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.mark.parametrize("value", ["acme_one:no_uart", "acme_one"], ids=["check", "module"])
def test_a_check_of_another_package_runs(place: Place, value: str) -> None:
    place.install("acme_one", GOOD, value)
    done = place.run("check", "board.dts")
    assert done.exit_code == 0
    assert "board.dts:1:15: warning[acme-no-uart]: /serial@1 is a UART" in done.output


def test_a_package_that_is_installed_meanwhile_is_found(place: Place) -> None:
    """The files of packages are not read for every board; a new one changes their folder."""
    place.install("acme_before", GOOD, "acme_before")
    assert "acme-no-uart" in place.run("check", "board.dts").output
    place.install("acme_after", GOOD.replace("acme-no-uart", "acme-later"), "acme_after")
    assert "acme-later" in place.run("check", "board.dts").output


def test_a_first_package_that_is_installed_meanwhile_is_found(place: Place) -> None:
    assert "acme-no-uart" not in place.run("check", "board.dts").output
    place.install("acme_first", GOOD, "acme_first")
    assert "acme-no-uart" in place.run("check", "board.dts").output


def test_it_is_switched_like_ours(place: Place) -> None:
    place.install("acme_two", GOOD, "acme_two")
    assert "acme-no-uart" not in place.run("check", "board.dts", "-W", "no-acme-no-uart").output
    done = place.run("check", "board.dts", "-E", "acme-no-uart")
    assert done.exit_code == 1
    assert "error[acme-no-uart]" in done.output
    agents = "checks: {acme-no-uart: {severity: note, reason: the debug board}}\n"
    (place.folder / "agents.yaml").write_text("domains: {a: {id: 1, default: true}}\n" + agents)
    done = place.run("check", "board.dts", "-a", "agents.yaml")
    assert "note[acme-no-uart]" in done.output
    assert "the debug board" in done.output


def test_it_is_explained_like_ours(place: Place) -> None:
    place.install("acme_three", GOOD, "acme_three")
    assert place.run("explain", "acme-no-uart").output == "A UART is on.\nSwitch the UART off.\n"
    listed = place.run("explain", "--list").output.splitlines()
    assert ["acme-no-uart", "error", "A UART is on."] in [line.split(maxsplit=2) for line in listed]


@pytest.mark.parametrize("style", ["json", "sarif", "github"])
def test_it_is_printed_in_every_form(place: Place, style: str) -> None:
    place.install("acme_four", GOOD, "acme_four")
    assert "acme-no-uart" in place.run("check", "board.dts", "--format", style).output


UNLOADABLE = {
    "missing-module": (GOOD, "acme_absent", "ModuleNotFoundError: No module named 'acme_absent'"),
    "missing-name": (GOOD, "{}:no_such", "AttributeError: module"),
    "raises": ("1 / 0", "{}", "ZeroDivisionError: division by zero"),
    "exits": (EXITS_WHEN_IMPORTED, "{}", "SystemExit: 0"),
    "syntax": ("def", "{}", "SyntaxError: invalid syntax"),
    "not-a-check": ("def f(model): pass", "{}:f", "it is 'function', not a check"),
    "no-check": ("x = 1", "{}", "that module has no check"),
    "taken": (TAKEN, "{}", "there is a check reset-shared already"),
    "ill-named": (ILL_NAMED, "{}", "lower-case words joined by hyphens, not 'Acme no UART'"),
}


@pytest.mark.parametrize("case", UNLOADABLE)
def test_what_cannot_be_loaded_is_an_error_that_names_the_package(place: Place, case: str) -> None:
    text, value, reason = UNLOADABLE[case]
    module = f"acme_{case.replace('-', '_')}"
    place.install(module, text, value.format(module))
    done = place.run("check", "board.dts")
    assert done.exit_code == 1
    assert f"error[check-unloadable]: entry point {module} = " in done.output
    assert f" of {module} 1.0: " in done.output
    assert reason in done.output
    assert "Traceback" not in done.output


#: Text, message, and the line of the module that the error is at.
RAISING = {
    "raises": (RAISES, "check acme-raises failed with KeyError: 'x'", 6),
    "exits": (EXITS, "check acme-raises failed with SystemExit: 0", 6),
    "none": (
        RETURNS_NONE,
        "check acme-raises failed with TypeError: it returns NoneType, not an iterable",
        4,
    ),
    "yields": (YIELDS, "check acme-yields failed with TypeError: it yields str, not Diagnostic", 4),
    "part": (
        WRONG_PART,
        "check acme-yields failed with TypeError: its diagnostic.message is int, not str",
        4,
    ),
}


@pytest.mark.parametrize("case", RAISING)
def test_a_check_that_raises_is_an_error_and_the_others_run(place: Place, case: str) -> None:
    text, message, line = RAISING[case]
    place.install(f"acme_bad_{case}", text, f"acme_bad_{case}")
    place.install("acme_good", GOOD, "acme_good")
    done = place.run("check", "board.dts")
    assert done.exit_code == 1
    file = place.folder / f"acme_bad_{case}.py"
    assert f"{file}:{line}: error[check-failed]: {message}" in done.output
    assert "warning[acme-no-uart]" in done.output


def test_our_own_checks_are_what_others_write() -> None:
    """The decorator is the only way a check is made, ours too."""
    assert all(isinstance(each, Check) for each in CHECKS)

    @check("acme-empty", about="A.", advice="B.")
    def empty(_: Model):  # type: ignore[no-untyped-def]
        return iter(())

    assert isinstance(empty, Check)


@pytest.mark.parametrize("name", ["", "A", "a b", "a_b", "-a", "a-", "1a"])
def test_an_id_is_words_joined_by_hyphens(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case words"):
        check(name, about="A.", advice="B.")


def test_a_check_needs_both_sentences() -> None:
    with pytest.raises(ValueError, match="about"):
        check("acme-x", about=" ", advice="B.")
