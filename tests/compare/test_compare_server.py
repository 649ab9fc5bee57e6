"""``scmigen compare-server``: two of our own servers that differ on purpose, and faulty ones."""

import json
import random
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from client_memory import Memory
from scmi_wire import words

from scmigen.cli.main import cli
from scmigen.client.wire import SCHEMES

BOARD = Path(__file__).parent.parent / "server" / "board.json"
RATE_GET = 0x6 | 0x14 << 10


def run(*arguments, agents=("linux",), status=0):
    pairs = [f"{scheme}:{name}" for name in agents for scheme in ("first", "second")]
    done = CliRunner().invoke(cli, ["compare-server", *pairs, *map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


def document(*arguments, **options):
    return json.loads(run(*arguments, "--format", "json", **options).stdout)


def brief(difference):
    """The agent, the message with its fields, and what differs."""
    fields = " ".join(f"{name}={value}" for name, value in difference["fields"].items())
    differing = {
        name: (value["first"], value["second"]) for name, value in difference["differing"].items()
    }
    return difference["agent"], f"{difference['message']} {fields}", differing


def other(data):
    """A clock with one rate less, another one renamed, and a grant of vm1 without its rate."""
    data["clocks"][0]["rates"].pop()
    data["clocks"][4]["name"] = "guard"
    data["agents"][1]["grants"]["clock"][1]["operations"] = ["state", "read"]


def test_a_server_is_like_itself(served):
    served("first")
    served("second")
    found = run("--write", "--messages", 300, agents=("linux", "vm1", "hypervisor"))
    assert " 0 differences explained, 0 unexplained" in found.stdout


def test_every_difference_is_told_field_by_field(served):
    served("first")
    served("second", other)
    found = document("--protocol", "clock", agents=("linux", "vm1"), status=1)
    assert [brief(it) for it in found["differences"]] == [
        ("linux", "CLOCK_ATTRIBUTES clock=5", {"name": ("watchdog", "guard")}),
        (
            "linux",
            "CLOCK_DESCRIBE_RATES clock=0 index=0",
            {"flags": (3, 2), "rate[2]": (100000000, None)},
        ),
        (
            "linux",
            "CLOCK_DESCRIBE_RATES clock=0 index=1",
            {"flags": (2, 1), "rate[1]": (100000000, None)},
        ),
        ("linux", "CLOCK_NAME_GET clock=5", {"name": ("watchdog", "guard")}),
        # bit 1: there is something that the agent may not change
        ("vm1", "CLOCK_ATTRIBUTES clock=2", {"attributes": (0xC0000000, 0xC0000002)}),
        ("vm1", "CLOCK_GET_PERMISSIONS clock=2", {"permissions": (0xA0000000, 0x80000000)}),
    ]
    assert found["unexplained"] == 6
    assert found["messages"] == found["same"] + 6
    assert [it["id"] for it in found["agents"]] == [1, 2]


def test_text_has_both_values_and_counts(served):
    served("first")
    served("second", other)
    lines = run("--protocol", "clock", status=1).stdout.splitlines()
    assert lines[:5] == [
        "linux: CLOCK_ATTRIBUTES clock=5",
        "  name: 'watchdog' | 'guard'",
        "linux: CLOCK_DESCRIBE_RATES clock=0 index=0",
        "  flags: 0x3 | 0x2",
        "  rate[2]: 100000000 | -",
    ]
    assert "       1  unexplained, CLOCK_ATTRIBUTES: name" in lines
    assert lines[-1].endswith(" 0 differences explained, 4 unexplained")


def test_what_changes_something_is_sent_only_if_wanted(served):
    first = served("first")
    served("second", other)
    before = first.snapshot()
    run("--messages", 500, agents=("linux", "vm1"), status=1)
    assert first.snapshot() == before
    found = document("--write", "--protocol", "clock", agents=("vm1",), status=1)
    told = {brief(it)[1]: it["differing"] for it in found["differences"]}
    assert told["CLOCK_RATE_SET flags=0 clock=2 rate=0"] == {
        "status": {"first": "INVALID_PARAMETERS", "second": "DENIED"}
    }


def test_random_messages_are_those_of_the_seed(served):
    seen = []

    def note(message, reply):
        seen.append(message)
        return reply

    def sent(seed):
        seen.clear()
        served("second")
        served("first", spoil=note)
        run("--no-sweep", "--messages", 200, "--seed", seed, "--write")
        return list(seen)

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


def test_a_fault_is_found_and_a_rule_explains_it(served, tmp_path):
    def faulty(message, reply):
        wrong = int.from_bytes(message[:4], "little") & 0x3FFFF == RATE_GET
        return reply[:8] + words(1) + reply[12:] if wrong and len(reply) > 8 else reply

    served("first")
    served("second", spoil=faulty)
    found = document("--protocol", "clock", status=1)
    assert {it["message"] for it in found["differences"]} == {"CLOCK_RATE_GET"}
    assert found["unexplained"] == 4
    rules = tmp_path / "expected.json"
    rule = {
        "name": "one-hertz",
        "protocol": "0x14",
        "message": "0x6",
        "when": "ours == 0 and allowed",
        "theirs": {"1": "1"},
    }
    rules.write_text(json.dumps({"differences": [rule]}))
    options = ("--protocol", "clock", "--expect", rules, "--platform", BOARD)
    found = document(*options)
    assert found["rules"] == {"one-hertz": 4}
    assert found["differences"] == []
    shown = run(*options, "--explained").stdout
    assert "linux: CLOCK_RATE_GET clock=0 (as one-hertz says)" in shown
    assert "4  explained by one-hertz" in shown


def test_messages_may_be_left_out(served):
    served("first")
    served("second", other)
    found = document("--protocol", "clock", "--without", "clock_describe_*", status=1)
    assert [it["message"] for it in found["differences"]] == ["CLOCK_ATTRIBUTES", "CLOCK_NAME_GET"]
    out = ("CLOCK_DESCRIBE_RATES", "CLOCK_ATTRIBUTES", "CLOCK_NAME_GET")
    run("--protocol", "clock", *(word for name in out for word in ("--without", name)))
    said = run("--without", "CLOCK_RTE_GET", status=2).output
    assert "no such message; did you mean CLOCK_RATE_GET" in said


def test_a_server_that_falls_silent_is_named_with_the_message(served, monkeypatch):
    served("first")
    server = served("second")
    monkeypatch.setitem(SCHEMES, "second", lambda name, *_: Memory(server.agent(name).handle, 60))
    said = run("--protocol", "clock", "--without", "clock.*", status=1).output
    assert "second:linux: no answer within 5 s" in said
    assert " messages, at CLOCK_DESCRIBE_RATES clock=" in said
    assert said.count(" | no answer") == 2


def test_a_lying_server_is_asked_for_so_many_ids_only(served):
    def boasting(message, reply):
        count = int.from_bytes(message[:4], "little") & 0x3FFFF == 0x1 | 0x14 << 10
        return reply[:8] + words(0xFFFF) if count else reply

    served("first")
    served("second", spoil=boasting)
    found = document("--protocol", "clock", "--without", "CLOCK_[D-Z]*", status=1)
    assert brief(found["differences"][0])[1:] == (
        "clock.PROTOCOL_ATTRIBUTES ",
        {"attributes": (6, 0xFFFF)},
    )
    assert found["messages"] < 6000


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda reply: reply[:4],
        lambda reply: bytes(4) + reply[4:],
        lambda reply: reply[:2],
    ],
)
def test_an_answer_that_is_none_ends_it_with_a_sentence(served, spoiled):
    served("first")
    served("second", spoil=lambda _, reply: spoiled(reply))
    said = run(status=1).output
    assert said.startswith("Error: second:linux: ")
    assert said.count("\n") == 1


def test_any_bytes_are_compared(served):
    """Replies of every length, with whatever in them, at random."""
    chance = random.Random(4)

    def noise(_, reply):
        return (
            reply[:4]
            + chance.choice((bytes(4), reply[4:8]))
            + chance.randbytes(chance.randrange(120))
        )

    served("first")
    served("second", spoil=noise)
    lines = run("--no-sweep", "--messages", 2000, status=1).stdout
    assert all(line.isprintable() for line in lines.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give two addresses"),
        (["first:a"], "give two addresses"),
        (["first:a", "first:a"], "given as first and as second"),
        (["nowhere:a", "first:a"], "is not the URL of a platform"),
        (["unix:/nowhere", "unix:/nothing"], "no server at unix:/nowhere"),
    ],
)
def test_wrong_addresses_are_said(served, arguments, said):
    served("first")
    done = CliRunner().invoke(cli, ["compare-server", *arguments])
    assert done.exit_code in (1, 2)
    assert said in done.output


def test_directories_have_the_same_sockets(tmp_path):
    for folder, names in (("a", ("x", "y")), ("b", ("x",))):
        (tmp_path / folder).mkdir()
        for name in names:
            with socket.socket(socket.AF_UNIX) as it:
                it.bind(str(tmp_path / folder / f"{name}.sock"))
    done = CliRunner().invoke(cli, ["compare-server", str(tmp_path / "a"), str(tmp_path / "b")])
    assert done.exit_code == 2
    assert f"only {tmp_path / 'a'} has y.sock" in done.output
    done = CliRunner().invoke(cli, ["compare-server", str(tmp_path / "a"), "unix:/x"])
    assert "one is a directory" in done.output


def test_wrong_rules_are_said_a_line_each(tmp_path):
    (tmp_path / "r.json").write_text('{"differences": [{"name": "x"}, 3]}')
    said = run("--expect", tmp_path / "r.json", status=1).output.splitlines()
    assert said[0].endswith("r.json:1:18: a rule needs protocol, message, when, theirs")
    assert said[1].startswith("  hint: ")
    assert said[2].endswith("r.json:1:33: a rule must be a mapping")
