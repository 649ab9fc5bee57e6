"""What a device-tree binding defines is compared in ``bindings/`` only: no other package behind it
has a property name, a compatible, a status, a device type or the name of a bus as a string."""

import ast
import re
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

import pytest

import scmigen
from scmigen.bindings.classify import RULES
from scmigen.bindings.dependencies import REFERENCES
from scmigen.explain import findings

PACKAGE = Path(scmigen.__file__).parent

#: Property names and values without a hyphen, which `bindings` has as they are.
WORDS = {
    *("compatible", "reg", "ranges", "status", "okay", "disabled", "reserved", "phandle", "label"),
    *(
        "clocks",
        "resets",
        "dmas",
        "phys",
        "iommus",
        "mboxes",
        "pwms",
        "interconnects",
        "interrupts",
    ),
    *("gpio", "gpios", "shmem", "cpu", "cpus", "pci", "ddr", "device_type", "aliases", "chosen"),
    *("i2c", "i3c", "spi", "spmi", "mdio", "rsb", "pwrap", "slim", "soundwire", "usb", "pcie"),
    *("w1", "onewire", "syscon", "soc", "regulators"),
}
#: What the names of properties look like, and compatibles and properties with a vendor's prefix.
PROPERTY = re.compile(r"#[a-z0-9,-]+-cells|[a-z0-9]+(-[a-z0-9]+)*-(gpios?|supply|cells|names)")
VENDOR = re.compile(r"[a-z0-9-]+,[a-z0-9][A-Za-z0-9._+-]*")
#: Literals of `bindings` that may be the names of properties or compatibles.
NAME = re.compile(r"#?[a-z0-9]+([-,][a-z0-9]+)+")


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The whole string literals of a module, with their lines; no parts of f-strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


@cache
def defined_by_bindings() -> Set[str]:
    """The names that the modules of `bindings` compare, but for the ids of findings."""
    found = {text for path in (PACKAGE / "bindings").glob("*.py") for _, text in literals(path)}
    names = {text for text in found if NAME.fullmatch(text)} | WORDS | REFERENCES.keys()
    return names - findings().keys()


def of_a_device_tree(path: Path, own: Set[str] = frozenset()) -> list[str]:
    known = defined_by_bindings() | {rule.name for rule in RULES}
    return [
        f"{path.relative_to(PACKAGE)}:{line}: {text!r}"
        for line, text in literals(path)
        if text not in own and (text in known or PROPERTY.fullmatch(text) or VENDOR.fullmatch(text))
    ]


def test_the_words_are_those_that_bindings_uses() -> None:
    known = defined_by_bindings()
    assert {"clock-output-names", "regulator-always-on", "arm,scmi-smc", "#clock-cells"} <= known
    assert not {"reset-shared", "phandle-dangling"} & known


#: Words of the outputs themselves that a binding has too: columns, files, modules, options.
OUTPUT_WORDS = {
    *("clocks", "label", "mock-supply", "performance-supply", "power-domain"),
    *("power-domains", "regulators", "reserved"),
}


@pytest.mark.parametrize(
    ("package", "own"),
    [
        ("checks", {"supported-hw"}),  # a key of the agents file
        ("model", set()),
        ("targets", OUTPUT_WORDS),
    ],
    ids=["checks", "model", "targets"],
)
def test_no_device_tree_strings(package: str, own: set[str]) -> None:
    paths = sorted((PACKAGE / package).rglob("*.py"))
    assert paths
    assert [found for path in paths for found in of_a_device_tree(path, own)] == []
