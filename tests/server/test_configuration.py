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
