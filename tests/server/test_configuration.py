"""Configurations that do not hold together are refused with a sentence."""

import msgspec
import pytest

from scmigen import runtime


def decoded(board, **changes):
    """``board.json`` with some keys replaced, as JSON."""
    content = msgspec.json.decode(runtime.encode(board))
    return runtime.decode(msgspec.json.encode({**content, **changes}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "other"}, "format"),
        ({"clocks": []}, "granted clock 0: no such"),
        (
            {
                "power_domains": [
                    {"id": n, "name": f"d{n}", "node": "/", "parent": 9} for n in range(4)
                ]
            },
            "below 9: no such",
        ),
        (
            {
                "power_domains": [
                    {"id": n, "name": f"d{n}", "node": "/", "parent": p}
                    for n, p in ((0, None), (1, 2), (2, 3), (3, 1))
                ]
            },
            "its own ancestor",
        ),
        (
            {
                "devices": [
                    {"id": 0, "name": "x", "node": "/x", "agents": [9], "resources": []},
                ]
            },
            "names agent 9: no such",
        ),
    ],
    ids=[
        "unknown format",
        "grant of a missing clock",
        "missing parent",
        "circle of parents",
        "device of a missing agent",
    ],
)
def test_an_inconsistent_configuration_is_refused(board, changes, reason):
    with pytest.raises(runtime.ConfigurationError, match=reason):
        decoded(board, **changes)


#: The operations that the specification has messages for, by kind.
OPERATIONS = {
    "clock": {"state", "rate", "parent", "read"},
    "power": {"state", "read"},
    "reset": {"reset"},
    "voltage": {"state", "level", "read"},
    "performance": {"level", "limits", "read"},
    "sensor": {"config", "read"},
    "powercap": {"config", "read"},
    "pin": {"config", "read"},
}


@pytest.mark.parametrize("place", ["operations", "by_hand", "device"])
@pytest.mark.parametrize("kind", OPERATIONS)
def test_an_operation_that_a_kind_does_not_have_is_refused(full_board, kind, place):
    for operation in sorted(set().union(*OPERATIONS.values())):
        content = msgspec.json.decode(runtime.encode(full_board))
        if place == "device":
            wanted = {"kind": kind, "id": 0, "operations": [operation]}
            content["devices"] = [{"id": 0, "name": "d", "node": "/d", "agents": [1]}]
            content["devices"][0]["resources"] = [wanted]
            who = f"device d names {kind} 0"
        else:
            grant = {"id": 0, "resource": 0, "operations": [], place: [operation]}
            content["agents"][0]["grants"][kind] = [grant]
            who = f"linux is granted {kind} 0"
        data = msgspec.json.encode(content)
        if operation in OPERATIONS[kind]:
            runtime.decode(data)
            continue
        with pytest.raises(runtime.ConfigurationError, match=f"^{who} with {operation}; its oper"):
            runtime.decode(data)
