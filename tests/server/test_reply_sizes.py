"""``serve --max-reply``: replies that fit, lists in parts, and sizes that are too small."""

import json
from pathlib import Path

import pytest
from scmi_wire import words

from scmigen import runtime
from scmigen.cli.problems import UsageError
from scmigen.cli.reply_sizes import check_sizes
from scmigen.scmi.messages import least_reply
from scmigen.scmi.protocols import Profile
from scmigen.server import Server

HERE = Path(__file__).parent
#: CLOCK_DESCRIBE_RATES of the clock with 18 rates.
RATES = words(0x4 | 0x14 << 10, 2, 0)


def server(board="board.json", **options):
    data = json.loads((HERE / board).read_text())
    return Server(runtime.decode(json.dumps(data).encode()), **options)


@pytest.mark.parametrize(("size", "rates"), [(132, 15), (96, 11), (100, 11), (1024, 18), (76, 8)])
def test_a_list_is_cut_to_the_size(size, rates):
    """Status and flags are 8 bytes, and each rate has 8."""
    (reply,) = server(max_reply=size).agents[2].handle(RATES)
    assert len(reply) == 4 + 8 + 8 * rates
    assert int.from_bytes(reply[8:12], "little") == rates | (18 - rates) << 16


def test_each_agent_has_a_size_of_its_own():
    it = server(max_reply=132, max_replies={2: 96})
    assert it.sessions[1].room == 128
    assert it.sessions[2].room == 92


def test_the_least_size_is_that_of_the_longest_entry():
    """2.0: PERFORMANCE_DESCRIBE_FASTCHANNEL has a status, four words and four long ones less one.
    3.0 on: a sensor's descriptor with all that it can go on with (12 + 16 + 4 + 4 + 16 bytes) and
    a word in front; 3.1 on: the name of an axis (4 + 64 bytes) and a word in front."""
    assert least_reply(Profile.V2_0) == 4 + 3 * 4 + 4 * 8
    assert least_reply(Profile.V3_0) == 4 + 4 + 12 + 16 + 4 + 4 + 16
    assert least_reply(Profile.V3_1) == least_reply(Profile.V3_2) == 4 + 4 + 4 + 64


def test_a_size_that_is_too_small_is_refused():
    with pytest.raises(UsageError, match="linux that cannot come in parts has 76 bytes"):
        check_sizes(server(max_reply=75), 75, {})
    check_sizes(server(max_reply=76), 76, {})
    check_sizes(server(max_replies={2: 76}), None, {2: 76})
    with pytest.raises(UsageError, match="vm1"):
        check_sizes(server(max_replies={2: 70}), None, {2: 70})


def test_readings_of_many_axes_need_more():
    """Seven axes: a status, and 16 bytes for each."""
    data = json.loads((HERE / "full.json").read_text())
    sensor = next(it for it in data["sensors"] if "axes" in it)
    sensor["axes"] = [{"name": f"axis-{number}"} for number in range(7)]
    sensor.pop("readings", None)
    platform = Server(runtime.decode(json.dumps(data).encode()), max_reply=115)
    with pytest.raises(UsageError, match="116 bytes"):
        check_sizes(platform, 115, {})
    check_sizes(platform, 116, {})
