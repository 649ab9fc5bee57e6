"""Shared memory with eventfds, and in no file: what the server hands over, and what it means."""

import fcntl
import mmap
import os
import struct

import msgspec
import pytest
from patience import eventually, open_files
from scmi_wire import CLOCK, COMMS_ERROR, OFF, ON, POWER, SENSOR, notification, request, words
from server_running import Running
from smt_client import Areas, EventAreas, MemoryAreas


@pytest.fixture(params=[EventAreas, MemoryAreas])
def client(request):
    return request.param


@pytest.fixture
def running(board, tmp_path, client):
    memory = "memfd,doorbell=" if client.memfd else ""
    urls = {"linux": f"smt:{memory}{tmp_path}/linux,ring=eventfd", "vm1": f"unix:{tmp_path}/vm1"}
    with Running(board, urls).running() as found:
        yield found


def test_a_command_is_answered_in_its_slot(running, tmp_path, client):
    with client(tmp_path / "linux") as linux:
        assert linux.word(4) == 1
        for token in range(50):
            message = request(CLOCK, 6, 0, token=token)
            linux.post(message)
            assert linux.answer() == message[:4] + words(0, 24_000_000, 0)
    assert running.logged("linux: disconnected")


def test_an_event_rings_too(running, tmp_path, client):
    del running
    with client(tmp_path / "linux") as linux:
        linux.post(request(POWER, 6, 0, 1))
        assert linux.answer()[4:] == words(0)
        for state in (ON, OFF):
            linux.post(request(POWER, 4, 0, 0, state))
            linux.until(lambda: linux.word(0x100 + 4) == 0)
            assert linux.get(0x118, 16) == notification(POWER, 0, 1, 0, state)
            linux.put(0x104, words(1))
            linux.ring()


def test_bytes_on_the_socket_do_not_ring(running, tmp_path, client):
    """A message is handled once a turn: one way to ring is enough."""
    del running
    with client(tmp_path / "linux") as linux:
        linux.doorbell.sendall(b"DDDD")
        linux.post(request(CLOCK, 6, 0))
        assert linux.answer()[4:] == words(0, 24_000_000, 0)


def test_a_wrong_length_is_a_channel_error(running, tmp_path, client):
    with client(tmp_path / "linux") as linux:
        linux.post(request(CLOCK, 6, 0), length=3)
        assert linux.word(4) == 3  # free, error
        assert running.logged_like("linux: a message that is not 4 to")


@pytest.mark.parametrize("client", [MemoryAreas], indirect=True)
def test_memory_in_no_file_keeps_its_size(running, tmp_path, client):
    """So both sides may map it: nobody can end the other with SIGBUS."""
    del running
    with client(tmp_path / "linux") as linux:
        for size in (0, 0x100, 0x2000):
            with pytest.raises(PermissionError):
                os.ftruncate(linux.file, size)
        seals = fcntl.fcntl(linux.file, fcntl.F_GET_SEALS)
        assert seals == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        with mmap.mmap(linux.file, 0x200) as mapped:
            mapped[0x18:0x20] = request(CLOCK, 6, 0)
            mapped[0x14:0x18] = words(8)
            mapped[4:8] = words(0)
            linux.ring()
            assert linux.rung()
            assert mapped[4:8] == words(1)
            assert mapped[0x1C:0x28] == words(0, 24_000_000, 0)


@pytest.mark.parametrize("client", [MemoryAreas], indirect=True)
def test_the_next_client_has_memory_of_its_own(running, tmp_path, client):
    with client(tmp_path / "linux") as first:
        first.post(request(CLOCK, 6, 0))
        held = os.dup(first.file)
    assert running.logged("linux: disconnected")
    with client(tmp_path / "linux") as second:
        os.pwrite(held, words(0), 4)
        os.close(held)
        second.post(request(CLOCK, 6, 0))
        assert second.answer()[4:] == words(0, 24_000_000, 0)


def test_no_file_stays_open_after_a_connection(running, tmp_path, client):
    before = open_files()
    for number in range(1, 21):
        with client(tmp_path / "linux") as linux:
            linux.post(request(CLOCK, 6, 0))
        assert eventually(lambda number=number: running.log.count("linux: disconnected") == number)
    assert eventually(lambda: open_files() <= before)


@pytest.mark.parametrize("client", [EventAreas], indirect=True)
def test_a_client_that_rings_another_way_is_not_heard(running, tmp_path):
    del running
    with Areas(tmp_path / "linux") as linux:
        assert linux.doorbell.recv(10) == b"S"
        linux.write(request(CLOCK, 6, 0))
        linux.ring()
        assert struct.unpack("<I", linux.get(4, 4)) == (0,)


def test_a_response_that_is_longer_than_the_slot(full_board, tmp_path):
    """The accelerometer has seven axes here: 16 bytes each, in a slot of 128, and behind it is the
    slot of somebody else, which stays as it is."""
    sensors = full_board.sensors
    many = msgspec.structs.replace(sensors[1], axes=(sensors[1].axes * 3)[:7], readings=())
    board = msgspec.structs.replace(full_board, sensors=(sensors[0], many, sensors[2]))
    path = tmp_path / "linux"
    urls = {
        "linux": f"smt:{path},slot=128,p2a=none",
        "vm1": f"smt:{path},slot=128,offset=128,p2a=none,doorbell={tmp_path}/vm1",
    }
    with Running(board, urls).running(), Areas(path) as linux:
        others = path.read_bytes()[128:]
        linux.post(request(SENSOR, 6, 1, 0))
        assert linux.answer() == request(SENSOR, 6) + words(COMMS_ERROR)
        assert path.read_bytes()[128:] == others


def test_an_event_that_is_longer_than_the_slot_is_dropped(full_board, tmp_path):
    sensors = full_board.sensors
    axes = (sensors[1].axes * 3)[:7]
    many = msgspec.structs.replace(sensors[0], axes=axes, readings=(), latency=0)
    board = msgspec.structs.replace(full_board, sensors=(many, *sensors[1:]))
    path = tmp_path / "linux"
    with (
        Running(board, {"linux": f"smt:{path},slot=128,p2a=0x100"}).running(),
        Areas(path) as linux,
    ):
        linux.post(request(CLOCK, 9, 0, 1))
        linux.answer()
        linux.post(request(SENSOR, 6, 0, 1))  # the delayed response has 124 bytes
        linux.answer()
        linux.post(request(CLOCK, 5, 0, 0, 800_000_000, 0))
        linux.answer()
        linux.until(lambda: linux.word(0x100 + 4) == 0)
        event = linux.get(0x118, 20)
        assert event == notification(CLOCK, 0, 1, 0, 800_000_000, 0)
        assert path.stat().st_size == 0x180


@pytest.fixture
def two_areas(board, tmp_path):
    path = tmp_path / "linux"
    with (
        Running(board, {"linux": f"smt:{path},offset=0x400:0x100,p2a=none"}).running(),
        Areas(path) as linux,
    ):
        yield linux


def test_each_area_has_the_answer_to_its_own_command(two_areas):
    linux = two_areas
    for area in (0x100, 0x400):
        assert linux.word(area + 4) == 1
        linux.write(request(CLOCK, 6, 0, token=area), area=area)
    linux.ring()  # rings may be merged
    linux.until(lambda: all(linux.word(area + 4) == 1 for area in (0x100, 0x400)))
    for area in (0x100, 0x400):
        answer = request(CLOCK, 6, 0, token=area)[:4] + words(0, 24_000_000, 0)
        assert linux.answer(area) == answer


def test_a_wrong_length_is_an_error_of_its_area_alone(two_areas):
    linux = two_areas
    linux.write(request(CLOCK, 6, 0), length=3, area=0x400)
    linux.write(request(CLOCK, 6, 0), area=0x100)
    linux.ring()
    linux.until(lambda: linux.word(0x104) == 1 and linux.word(0x404) == 3)
    assert linux.answer(0x100)[4:] == words(0, 24_000_000, 0)


def test_areas_of_one_agent_are_one_agent(two_areas):
    """A vote over one channel is that of the agent, whichever channel it asks over."""
    linux = two_areas
    linux.write(request(CLOCK, 7, 0, 1, 0), area=0x100)
    linux.ring()
    assert linux.rung()
    assert linux.answer(0x100)[4:] == words(0)
    linux.write(request(CLOCK, 0xB, 0, 0), area=0x400)  # CLOCK_CONFIG_GET
    linux.ring()
    assert linux.rung()
    status, _, config, _ = struct.unpack("<4I", linux.answer(0x400)[4:20])
    assert (status, config & 1) == (0, 1)
