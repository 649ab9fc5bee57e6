"""``status`` and ``secure-status``: the truth table of Linux ``Bindings/arm/secure.txt``."""

import pytest
from support import inventory_of, tree_of

from scmigen.bindings.status import Availability

# status, secure-status → normal world, secure world. "-": the property is absent.
TABLE = [
    ("-", "-", True, True),
    ("okay", "-", True, True),
    ("ok", "-", True, True),
    ("disabled", "-", False, False),
    ("-", "okay", True, True),
    ("-", "disabled", True, False),
    ("okay", "okay", True, True),
    ("okay", "disabled", True, False),
    ("disabled", "okay", False, True),
    ("disabled", "disabled", False, False),
    # Hardware that another firmware has, or that failed, is not enabled either.
    ("reserved", "-", False, False),
    ("reserved", "okay", False, True),
    ("fail", "-", False, False),
    ("fail-sss", "-", False, False),
    ("", "-", False, False),
]


def props(status: str, secure: str) -> str:
    found = "" if status == "-" else f'status = "{status}";'
    return found + ("" if secure == "-" else f'secure-status = "{secure}";')


@pytest.mark.parametrize(("status", "secure", "normal", "trusted"), TABLE)
def test_truth_table(status: str, secure: str, normal: bool, trusted: bool) -> None:
    node = tree_of(f"d {{ {props(status, secure)} }};").node("/d")
    assert node is not None
    found = Availability()
    assert found.enabled(node) is normal
    assert found.secure_only(node) is (trusted and not normal)
    assert found.present(node) is (trusted or normal)


# What stands above: status, secure-status; of the node itself; → normal world, secure world.
ANCESTORS = [
    ("disabled", "-", "okay", "-", False, False),
    ("reserved", "-", "-", "-", False, False),
    ("disabled", "okay", "-", "-", False, True),
    ("disabled", "okay", "okay", "-", False, True),
    ("disabled", "okay", "disabled", "-", False, False),
    ("-", "disabled", "-", "-", True, False),
    ("-", "disabled", "disabled", "okay", False, False),
    ("okay", "okay", "disabled", "okay", False, True),
]


@pytest.mark.parametrize(("status", "secure", "own", "own_secure", "normal", "trusted"), ANCESTORS)
def test_an_ancestor_that_is_not_there_takes_all_below_with_it(
    status: str, secure: str, own: str, own_secure: str, normal: bool, trusted: bool
) -> None:
    text = f"top {{ {props(status, secure)} mid {{ d {{ {props(own, own_secure)} }}; }}; }};"
    node = tree_of(text).node("/top/mid/d")
    assert node is not None
    found = Availability()
    assert (found.enabled(node), found.present(node)) == (normal, normal or trusted)
    assert found.secure_only(node) is (trusted and not normal)


def test_only_present_nodes_use_resources() -> None:
    inventory = inventory_of(
        "c: c { #clock-cells = <1>; };"
        "on { clocks = <&c 1>; };"
        'off { clocks = <&c 2>; status = "disabled"; };'
        'trusted { clocks = <&c 3>; status = "disabled"; secure-status = "okay"; };'
        'top { status = "reserved"; below { clocks = <&c 4>; status = "okay"; }; };'
    )
    assert [use.consumer.path for use in inventory.uses] == ["/on", "/trusted"]
    assert inventory.secure_only == {"/trusted"}


@pytest.mark.parametrize("name", ["chosen", "aliases", "__symbols__", "__local_fixups__"])
def test_what_describes_the_tree_is_no_device(name: str) -> None:
    body = "c: c { #clock-cells = <0>; }; %s { clocks = <&c>; };"
    assert not inventory_of(body % name).uses
    assert inventory_of(body % f"{name}-like").uses
