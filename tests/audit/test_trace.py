"""Traces: which ids were asked for what, and with which status. The lines are as Linux writes them
(include/trace/events/scmi.h), the numbers from the specification."""

import json
from pathlib import Path

import pytest

import scmigen
from scmigen import InputError, Operation
from scmigen.runtime import ServedGrant
from scmigen.scmi.protocols import Kind


def event(tag: str, protocol: int, message: int, seq: int, status: int, payload: str) -> str:
    return (
        f"   kworker/u8:1-41   [002] .....   12.034501: scmi_msg_dump: id=0 ch=10 pt={protocol:02X}"
        f" t={tag} msg_id={message:02X} seq={seq:04X} s={status} pyld={payload}\n"
    )


def exchange(
    protocol: int, message: int, request: str, status: int, reply: str = "", seq: int = 1
) -> str:
    return event("CMND", protocol, message, seq, 0, request) + event(
        "RESP", protocol, message, seq, status, reply
    )


def rows(tmp_path: Path, text: str) -> dict[tuple[Kind, int], ServedGrant]:
    path = tmp_path / "trace.txt"
    path.write_text(text)
    served = scmigen.read_server(path)
    assert served.complete is False
    (agent,) = served.agents
    return {(kind, row.id): row for kind, found in agent.grants.items() for row in found}


CLOCK = 0x14


def le(number: int) -> str:
    return number.to_bytes(4, "little").hex()


def test_a_rate_that_was_read_and_one_that_was_denied(tmp_path: Path) -> None:
    text = exchange(CLOCK, 0x6, le(5), 0, le(48_000_000) + le(0))
    text += exchange(CLOCK, 0x5, le(0) + le(5) + le(100) + le(0), -3)
    row = rows(tmp_path, text)[Kind.CLOCK, 5]
    assert row.operations == (Operation.READ,)
    assert row.unknown == (Operation.STATE, Operation.PARENT)
    assert row.source == f"{tmp_path / 'trace.txt'}:1"


def test_the_id_is_where_the_message_has_it(tmp_path: Path) -> None:
    """CLOCK_RATE_SET has its flags first, POWER_STATE_SET, too; CLOCK_CONFIG_SET the clock."""
    text = exchange(CLOCK, 0x5, le(8) + le(7) + le(100) + le(0), 0)
    text += exchange(CLOCK, 0x7, le(9) + le(1), 0)
    text += exchange(0x11, 0x4, le(0) + le(3) + le(0x4000_0000), 0)
    found = rows(tmp_path, text)
    assert {place: row.operations for place, row in found.items()} == {
        (Kind.CLOCK, 7): (Operation.RATE,),
        (Kind.CLOCK, 9): (Operation.STATE,),
        (Kind.POWER, 3): (Operation.STATE,),
    }


def test_a_name_is_that_of_the_attributes(tmp_path: Path) -> None:
    name = b"uart0".ljust(16, b"\0").hex()
    path = tmp_path / "trace.txt"
    path.write_text(exchange(CLOCK, 0x3, le(5), 0, le(1) + name + le(0)))
    (clock,) = scmigen.read_server(path).resources[Kind.CLOCK]
    assert (clock.id, clock.name) == (5, "uart0")


def test_the_permissions_of_a_clock_are_told(tmp_path: Path) -> None:
    """CLOCK_GET_PERMISSIONS: bit 31 state, bit 30 parent, bit 29 rate."""
    row = rows(tmp_path, exchange(CLOCK, 0xF, le(5), 0, le(0xA000_0000)))[Kind.CLOCK, 5]
    assert row.operations == (Operation.STATE, Operation.RATE)
    assert row.unknown == (Operation.READ,)


def test_an_id_that_is_not_found_has_nothing(tmp_path: Path) -> None:
    row = rows(tmp_path, exchange(CLOCK, 0x3, le(6), -4))[Kind.CLOCK, 6]
    assert (row.operations, row.unknown) == ((), ())


def test_what_was_allowed_once_and_denied_once_is_not_known(tmp_path: Path) -> None:
    text = exchange(CLOCK, 0x6, le(5), 0, le(1) + le(0)) + exchange(CLOCK, 0x6, le(5), -3, seq=2)
    assert Operation.READ in rows(tmp_path, text)[Kind.CLOCK, 5].unknown


@pytest.mark.parametrize("status", [-1, -2, -5, -6, -8])
def test_other_statuses_say_nothing(tmp_path: Path, status: int) -> None:
    text = exchange(CLOCK, 0x6, le(5), status) + exchange(CLOCK, 0x6, le(4), 0, le(1) + le(0))
    assert rows(tmp_path, text).keys() == {(Kind.CLOCK, 4)}


def test_older_kernels_say_neither_instance_nor_channel(tmp_path: Path) -> None:
    text = exchange(CLOCK, 0x6, le(5), 0, le(1) + le(0)).replace("id=0 ch=10 ", "")
    assert rows(tmp_path, text)[Kind.CLOCK, 5].operations == (Operation.READ,)


def test_the_raw_mode_writes_small_letters(tmp_path: Path) -> None:
    text = exchange(0x15, 0x6, le(0) + le(0), 0, le(0x335) + le(0))
    text = text.replace("CMND", "cmnd").replace("RESP", "resp")
    assert rows(tmp_path, text)[Kind.SENSOR, 0].operations == (Operation.READ,)


def test_each_instance_is_an_agent(tmp_path: Path) -> None:
    one = exchange(CLOCK, 0x6, le(5), 0, le(1) + le(0))
    path = tmp_path / "t"
    path.write_text(one + one.replace(" id=0", " id=1"))
    assert agents(str(path)) == ["instance-0", "instance-1"]
    assert agents(f"linux={written(tmp_path, one)}") == ["linux"]


def attributes(clock: int, name: str) -> str:
    text = name.encode().ljust(16, b"\0").hex()
    return exchange(CLOCK, 0x3, le(clock), 0, le(1) + text + le(0))


@pytest.mark.parametrize(
    "first", [attributes(0, "uart"), exchange(CLOCK, 0x6, le(0), 0, le(1) * 2)]
)
def test_instances_are_of_servers_of_their_own(tmp_path: Path, first: str) -> None:
    """Clock 0 of one instance is not that of the other, whichever of them asks for a name."""
    path = tmp_path / "t"
    path.write_text(first + attributes(0, "gpu").replace(" id=0", " id=1"))
    served = scmigen.read_server(path)
    names = {one.id: one.name for one in served.resources[Kind.CLOCK]}
    found = {
        (agent.name, row.id): names[row.resource]
        for agent in served.agents
        for row in agent.grants[Kind.CLOCK]
    }
    own = "uart" if first == attributes(0, "uart") else ""
    assert found == {("instance-0", 0): own, ("instance-1", 0): "gpu"}


def served_line(agent: str, sign: str, words: str) -> str:
    return f"12:00:00.000 {agent} {sign} {words}\n"


@pytest.mark.parametrize(("second", "same"), [("uart", True), ("gpu", False)])
def test_agents_of_one_server_share_a_number_unless_it_has_two_names(
    tmp_path: Path, second: str, same: bool
) -> None:
    """CLOCK_ATTRIBUTES is message 3 of protocol 0x14: header 0x00005003."""
    text = ""
    for agent, name in ("linux", "uart"), ("vm", second):
        padded = name.encode().ljust(16, b"\0")
        words = [int.from_bytes(padded[at : at + 4], "little") for at in range(0, 16, 4)]
        reply = " ".join(part.to_bytes(4, "little").hex() for part in (0, 1, *words, 0))
        text += served_line(agent, ">", f"03500000 {le(0)}")
        text += served_line(agent, "<", f"03500000 {reply}")
    path = tmp_path / "t"
    path.write_text(text)
    served = scmigen.read_server(path)
    linux, machine = (agent.grants[Kind.CLOCK][0] for agent in served.agents)
    assert (linux.id, machine.id) == (0, 0)
    assert (linux.resource == machine.resource) is same


@pytest.mark.parametrize(("status", "allowed"), [(0, True), (-3, False)])
def test_a_delayed_response_is_the_answer(tmp_path: Path, status: int, allowed: bool) -> None:
    """An asynchronous CLOCK_RATE_SET (flag bit 0) is accepted, and denied when it is done."""
    text = exchange(CLOCK, 0x5, le(1) + le(3) + le(5) + le(0), 0, seq=7)
    text += event("DLYD", CLOCK, 0x5, 7, status, le(3) + le(5) + le(0))
    row = rows(tmp_path, text)[Kind.CLOCK, 3]
    assert (Operation.RATE in row.operations) is allowed
    assert Operation.RATE not in row.unknown


def agents(server: str) -> list[str]:
    return [agent.name for agent in scmigen.read_server(server).agents]


def written(folder: Path, text: str) -> Path:
    path = folder / "one"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "scmi_msg_dump: nothing",
        event("CMND", CLOCK, 6, 1, 0, le(5)),
        event("RESP", CLOCK, 6, 1, 0, le(5)),
        exchange(CLOCK, 6, le(5), 0).replace("pyld=", "pyld=xyz"),
        exchange(0x99, 6, le(5), 0).replace("pt=99", "pt=zz"),
        exchange(CLOCK, 6, le(5), 0).replace("s=0", f"s={'9' * 5000}"),
    ],
)
def test_a_trace_without_an_answer_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        scmigen.read_server(f"trace:{path}")
    assert caught.value.diagnostics[0].id == "trace-invalid"


def test_requests_that_are_too_short_or_of_no_resource_are_passed_over(tmp_path: Path) -> None:
    text = exchange(CLOCK, 0x6, "05", 0) + exchange(CLOCK, 0x1, "", 0, le(9))
    text += exchange(0x10, 0x3, "", 0, "00" * 16) + exchange(CLOCK, 0x6, le(0xFFFF_FFFF), 0)
    text += exchange(0x99, 0x6, le(1), 0) + exchange(CLOCK, 0xEE, le(1), 0)
    assert rows(tmp_path, text) == {}


def dump(folder: Path, clocks: list[tuple[int, str]]) -> Path:
    """What an agent was shown: it may read, and nothing tells whether it may do more."""
    path = folder / "vm.json"
    items = [{"id": number, "name": name, "rate": 5} for number, name in clocks]
    data = {
        "vendor": "v", "implementation_version": 1, "agents": {}, "agent": None,
        "protocols": {"clock": "1.0"}, "clock": items,
    }  # fmt: skip
    path.write_text(json.dumps(data))
    return path


Words = tuple[str, list[str], list[str], str]


def clock_rows(*servers: str) -> dict[int, Words]:
    """Of the only agent's clocks: name, what is allowed, what is unknown, line of the row."""
    served = scmigen.read_server(*servers)
    (agent,) = served.agents
    names = {one.id: one.name for one in served.resources[Kind.CLOCK]}
    return {
        row.id: (
            names[row.resource],
            [str(each) for each in row.operations],
            [str(each) for each in row.unknown],
            str(row.source).rpartition("/")[2],
        )
        for row in agent.grants[Kind.CLOCK]
    }


def test_a_trace_knows_what_a_dump_leaves_open(tmp_path: Path) -> None:
    shown = dump(tmp_path, [(0, "uart"), (1, "gpu"), (2, "bus")])
    assert clock_rows(f"vm={shown}")[0][1:3] == (["read"], ["state", "rate", "parent"])
    text = exchange(CLOCK, 0x7, le(0) + le(1), -3)  # CLOCK_CONFIG_SET
    text += exchange(CLOCK, 0x7, le(1) + le(1), 0)
    text += exchange(CLOCK, 0x6, le(2), -3)  # CLOCK_RATE_GET, which the dump could read
    text += exchange(CLOCK, 0x6, le(3), -4)
    trace = written(tmp_path, text)
    for order in ([f"vm={shown}", f"vm={trace}"], [f"vm={trace}", f"vm={shown}"]):
        rows = clock_rows(*order)
        assert rows[0] == ("uart", ["read"], ["rate", "parent"], "one:1")
        assert rows[1] == ("gpu", ["state", "read"], ["rate", "parent"], "one:3")
        assert rows[2][:3] == ("bus", [], ["state", "rate", "parent", "read"])
        assert rows[3][1:3] == ([], [])


def test_what_a_trace_was_given_and_a_dump_was_not_shown_is_not_known(tmp_path: Path) -> None:
    trace = written(tmp_path, exchange(CLOCK, 0x7, le(5) + le(1), 0))
    rows = clock_rows(f"vm={dump(tmp_path, [(0, 'uart')])}", f"vm={trace}")
    assert rows[5][1:3] == ([], ["state", "rate", "parent", "read"])


def test_other_names_for_the_ids_of_one_agent_are_of_another_server(tmp_path: Path) -> None:
    trace = written(tmp_path, attributes(0, "gpu"))
    with pytest.raises(InputError) as caught:
        clock_rows(f"vm={dump(tmp_path, [(0, 'uart')])}", f"vm={trace}")
    (item,) = caught.value.diagnostics
    assert item.id == "servers-differ"
    assert "clock 0 of vm is gpu; in " in item.message
