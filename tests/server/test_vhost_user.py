"""virtio-scmi: a guest behind a vhost-user front end, honest and otherwise."""

import fcntl
import mmap
import os
import select
import socket
import struct
import threading

import pytest
from patience import PATIENCE, eventually, open_files
from scmi_wire import CLOCK, DENIED, OFF, ON, POWER, notification, request, words
from server_running import Running
from vhost_front_end import BUFFERS, GUEST, MEMORY, SIZE, USER, FrontEnd

COMMS_ERROR = -7
WRITE, NEXT, INDIRECT = 2, 1, 4
RESET_OWNER = 4


@pytest.fixture
def running(board, tmp_path):
    urls = {"linux": f"unix:{tmp_path}/linux.sock", "vm1": f"vhost-user:{tmp_path}/vm1.sock"}
    with Running(board, urls).running() as found:
        found.path = tmp_path / "vm1.sock"
        found.linux = tmp_path / "linux.sock"
        yield found
        # whatever the guest did: the other agent is still served, and no file is left open
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as linux:
            linux.settimeout(PATIENCE)
            linux.connect(str(found.linux))
            linux.sendall(request(CLOCK, 6, 0))
            assert linux.recv(200)[4:] == words(0, 24_000_000, 0)


@pytest.fixture
def guest(running):
    with FrontEnd(running.path) as front_end:
        yield front_end


def test_commands_are_answered_through_the_queue(guest):
    offered = guest.start()
    assert offered == 1 << 32 | 1 << 30 | 1  # version 1, protocol features, P2A channels
    message = request(CLOCK, 6, 1)
    for _ in range(3 * SIZE):
        assert guest.command(message) == message[:4] + words(0, 200_000_000, 0)
    refused = request(CLOCK, 5, 0, 1, 5, 0)
    assert guest.command(refused) == refused[:4] + words(DENIED)


def test_notifications_come_through_the_event_queue(guest, running):
    guest.start()
    guest.give_event_buffer()
    assert guest.command(request(POWER, 6, 2, 1))[4:] == words(0)
    assert guest.command(request(POWER, 4, 0, 2, ON))[4:] == words(0)
    assert guest.event() == notification(POWER, 0, 2, 2, ON)
    # without a buffer it waits until there is one
    assert guest.command(request(POWER, 4, 0, 2, OFF))[4:] == words(0)
    guest.give_event_buffer(1)
    assert guest.event() == notification(POWER, 0, 2, 2, OFF)
    assert not [line for line in running.log if "vhost-user" in line]


def test_a_guest_without_an_event_queue(guest):
    guest.start(features=1 << 32 | 1 << 30)
    guest.command(request(POWER, 6, 2, 1))
    assert guest.command(request(POWER, 4, 0, 2, ON))[4:] == words(0)


def test_a_short_buffer_is_told(guest):
    guest.start()
    message = request(CLOCK, 6, 1)
    assert guest.command(message, room=8) == message[:4] + words(COMMS_ERROR)
    assert guest.command(message, room=4) == b""


def test_a_response_in_several_buffers(guest):
    guest.start()
    message = request(CLOCK, 6, 1)
    guest.memory[BUFFERS : BUFFERS + 8] = message
    guest.describe(0, 2, GUEST + BUFFERS, 3, NEXT, 3)
    guest.describe(0, 3, GUEST + BUFFERS + 3, 5, NEXT, 4)
    guest.describe(0, 4, GUEST + BUFFERS + 0x100, 6, NEXT | WRITE, 5)
    guest.describe(0, 5, GUEST + BUFFERS + 0x200, 100, WRITE)
    guest.offer(0, 2)
    assert guest.used(0) == (2, 16)
    answer = guest.memory[BUFFERS + 0x100 : BUFFERS + 0x106]
    answer += guest.memory[BUFFERS + 0x200 : BUFFERS + 0x20A]
    assert answer == message[:4] + words(0, 200_000_000, 0)


def test_votes_end_with_the_front_end(running):
    with FrontEnd(running.path) as guest:
        guest.start()
        guest.command(request(POWER, 4, 0, 2, ON))
    with FrontEnd(running.path) as guest:
        guest.start()
        assert guest.command(request(POWER, 5, 2))[4:] == words(0, OFF)


def test_the_ring_stops_and_starts_again(guest):
    guest.start()
    guest.command(request(CLOCK, 6, 1))
    assert struct.unpack("<II", guest.ask(11, struct.pack("<II", 0, 0))) == (0, 1)
    guest.start_ring(0)
    assert guest.command(request(CLOCK, 6, 1))[4:8] == words(0)


def stop(guest, index=0):
    guest.ask(11, struct.pack("<II", index, 0))


def reset_device(guest):
    guest.send(RESET_OWNER)


def boot(guest):
    """A new kernel: rings from the start."""
    guest.seen, guest.next = [0, 0], [0, 0]
    guest.memory[: 2 * 0x1000] = bytes(2 * 0x1000)
    for index in range(2):
        guest.start_ring(index)


@pytest.mark.parametrize("reset", [stop, reset_device])
def test_a_guest_that_reboots_is_a_new_client(guest, running, reset):
    """As with QEMU, which keeps the connection."""
    guest.start()
    assert guest.command(request(POWER, 6, 2, 1))[4:] == words(0)
    assert guest.command(request(POWER, 4, 0, 2, ON))[4:] == words(0)
    domain = running.server.state["power"][2]
    assert domain.on
    stop(guest, 1)
    assert guest.command(request(POWER, 5, 2))[4:] == words(0, ON)  # the command ring goes on
    reset(guest)
    assert eventually(lambda: not domain.on)
    boot(guest)
    assert guest.command(request(POWER, 5, 2))[4:] == words(0, OFF)
    guest.give_event_buffer()
    assert guest.command(request(POWER, 4, 0, 2, ON))[4:] == words(0)
    assert guest.command(request(POWER, 6, 2, 1))[4:] == words(0)
    assert guest.command(request(POWER, 4, 0, 2, OFF))[4:] == words(0)
    assert guest.event() == notification(POWER, 0, 2, 2, OFF)  # of the new subscription only


def test_a_ring_that_starts_releases_nothing(guest, running):
    guest.start()
    assert guest.command(request(POWER, 4, 0, 2, ON))[4:] == words(0)
    guest.start_ring(0)
    assert guest.command(request(POWER, 5, 2))[4:] == words(0, ON)
    assert running.server.state["power"][2].on


def loop(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS, 0, NEXT, 0)
    guest.offer(0, 0)


def out_of_range(guest):
    guest.offer(0, SIZE)


def next_out_of_range(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 0xFFFF)
    guest.offer(0, 0)


def beyond_memory(guest):
    guest.describe(0, 0, GUEST + MEMORY - 4, 8, 0)
    guest.offer(0, 0)


def address_overflow(guest):
    guest.describe(0, 0, 0xFFFF_FFFF_FFFF_FFFC, 0xFFFF_FFFF, WRITE)
    guest.offer(0, 0)


def huge(guest):
    guest.describe(0, 0, GUEST, MEMORY, 0)
    guest.offer(0, 0)


def writable_first(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT | WRITE, 1)
    guest.describe(0, 1, GUEST + BUFFERS, 8, 0)
    guest.offer(0, 0)


def indirect(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 16, INDIRECT)
    guest.offer(0, 0)


def too_many(guest):
    struct.pack_into("<H", guest.memory, guest.ring(0)[1] + 2, SIZE + 1)
    guest.kick(0)


def going_back(guest):
    struct.pack_into("<H", guest.memory, guest.ring(0)[1] + 2, 0xFFFF)
    guest.kick(0)


def no_message(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 3, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS, 100, WRITE)
    guest.offer(0, 0)


def shorter_file(guest):
    os.ftruncate(guest.file, 0)
    guest.kick(0)


def shorter_data(guest):
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS, 100, WRITE)
    os.ftruncate(guest.file, BUFFERS)
    struct.pack_into("<HH", guest.memory, guest.ring(0)[1], 0, 1)
    guest.kick(0)


GUEST_LIES = [
    loop,
    out_of_range,
    next_out_of_range,
    beyond_memory,
    address_overflow,
    huge,
    writable_first,
    indirect,
    too_many,
    going_back,
    no_message,
    shorter_file,
    shorter_data,
]


@pytest.mark.parametrize("lie", GUEST_LIES, ids=lambda lie: lie.__name__)
def test_a_guest_that_lies_is_disconnected(running, guest, lie):
    guest.start()
    lie(guest)
    assert guest.closed()
    assert running.logged_like("vm1: vhost-user: ")
    with FrontEnd(running.path) as again:  # and may try again
        again.start()
        assert again.command(request(CLOCK, 6, 1))[4:8] == words(0)


def test_a_ring_on_top_of_its_buffers_harms_only_itself(guest):
    """The response is written over the descriptors: what comes next is the guest's own trouble."""
    guest.start()
    guest.memory[BUFFERS : BUFFERS + 8] = request(CLOCK, 6, 1)
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST, 136, WRITE)
    guest.offer(0, 0)
    guest.used(0)
    guest.offer(0, 0)
    assert guest.closed()


def test_ring_indices_wrap_around(guest):
    guest.seen, guest.next = [0xFFFD] * 2, [0xFFFD] * 2
    for at in guest.ring(0)[1:]:
        struct.pack_into("<H", guest.memory, at + 2, 0xFFFD)
    guest.start()
    for _ in range(6):
        assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)


def test_regions_on_top_of_each_other(running, guest):
    """The same memory twice, at addresses that overlap: the guest's own trouble, and no more."""
    guest.start()
    table = struct.pack("<II", 2, 0) + 2 * struct.pack("<4Q", GUEST, MEMORY, USER, 0)
    assert guest.number(5, table, [guest.file] * 2, flags=1 | 8) == 0
    assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
    assert not [line for line in running.log if "vhost-user" in line]


def test_memory_in_place_of_other_memory(guest):
    """Its ring and buffers are where they were, and what was there before is left alone."""
    guest.start()
    assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
    before, file = guest.memory, os.memfd_create("guest", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, MEMORY)
    guest.memory = mmap.mmap(file, MEMORY)
    guest.memory[:] = before[:]
    before[:] = bytes(MEMORY)
    assert guest.number(5, guest.regions(), [file], flags=1 | 8) == 0
    assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
    assert before[:] == bytes(MEMORY)
    before.close()
    os.close(file)


def test_a_ring_in_two_regions(guest):
    """The memory as two halves, with the ring in the first, but for what the guest reads."""
    guest.start()
    half = MEMORY // 2
    table = struct.pack("<II", 2, 0)
    for at in (0, half):
        table += struct.pack("<4Q", GUEST + at, half, USER + at, at)
    assert guest.number(5, table, [guest.file] * 2, flags=1 | 8) == 0
    descriptors, available, used = guest.ring(0)
    moved = MEMORY - 0x400
    guest.memory[moved : moved + 0x100] = guest.memory[used : used + 0x100]
    places = (USER + descriptors, USER + moved, USER + available)
    guest.send(9, struct.pack("<IIQQQQ", 0, 0, *places, 0))
    guest.ring = lambda _: (descriptors, available, moved)
    for _ in range(3):
        assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)


def test_a_guest_with_more_descriptors_than_are_remembered(guest):
    """Every message has buffers of its own, by their lengths."""
    guest.start()
    for room in range(16, 16 + 1100):
        assert guest.command(request(CLOCK, 6, 1), room)[4:] == words(0, 200_000_000, 0)


def test_memory_that_cannot_be_written_to(running, guest):
    guest.start()
    guest.memory[BUFFERS : BUFFERS + 8] = request(CLOCK, 6, 1)
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS + 0x400, 136, WRITE)
    guest.offer(0, 0, kick=False)
    guest.memory.close()
    fcntl.fcntl(guest.file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    guest.kick(0)
    assert guest.closed()
    assert running.logged_like("vm1: vhost-user: ")


@pytest.mark.parametrize("lie", ["descriptors", "available", "buffers"])
def test_rings_that_change_while_they_are_read(running, guest, lie):
    """A second processor of the guest scribbles all the time. Every word is read once: there is an
    answer, or the connection ends."""
    guest.start()
    start, available, _ = guest.ring(0)
    at, size = {
        "descriptors": (start, 32),
        "available": (available, 6),
        "buffers": (BUFFERS, 8),
    }[lie]
    stop = threading.Event()

    def scribble():
        good = guest.memory[at : at + size]
        while not stop.is_set():
            guest.memory[at : at + size] = os.urandom(size)
            guest.memory[at : at + size] = good

    guest.memory[BUFFERS : BUFFERS + 8] = request(CLOCK, 6, 1)
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS + 0x400, 136, WRITE)
    guest.socket.setblocking(False)
    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        for _ in range(300):
            guest.offer(0, 0)
            select.select([guest.calls[0], guest.socket], [], [], 0.01)
            if is_closed(guest):
                break
    finally:
        stop.set()
        thread.join()
    assert not [line for line in running.log if "Error" in line]


def is_closed(guest):
    try:
        return guest.socket.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def with_file(number, payload, make=lambda: os.open("/dev/null", os.O_RDWR), count=1):
    def lie(guest):
        files = [make() for _ in range(count)]
        guest.send(number, payload, files)
        for file in files:
            os.close(file)

    return lie


def plain(number, payload=b"", flags=1):
    return lambda guest: guest.send(number, payload, flags=flags)


def pipe():
    read, write = os.pipe()
    os.close(read)
    return write


FRONT_END_LIES = {
    "request_unknown": plain(99),
    "version": plain(1, flags=2),
    "a_reply": plain(1, flags=1 | 4),
    "size": lambda guest: guest.socket.sendall(struct.pack("<III", 1, 1, 0xFFFF_FFFF)),
    "half": lambda guest: (guest.socket.sendall(b"\1\0\0"), guest.socket.shutdown(1)),
    "half_payload": lambda guest: (
        guest.socket.sendall(struct.pack("<IIIB", 2, 1, 8, 0)),
        guest.socket.shutdown(1),
    ),
    "features": plain(2, struct.pack("<Q", 1 << 63)),
    "no_number": plain(2, b"\0\0"),
    "memory_without_file": plain(5, struct.pack("<II4Q", 1, 0, GUEST, MEMORY, USER, 0)),
    "memory_count": plain(5, struct.pack("<II", 0xFFFF_FFFF, 0)),
    "memory_device": with_file(5, struct.pack("<II4Q", 1, 0, GUEST, MEMORY, USER, 0)),
    "memory_empty": with_file(5, struct.pack("<II4Q", 1, 0, GUEST, 0, USER, 0)),
    "memory_wraps": with_file(5, struct.pack("<II4Q", 1, 0, 2**64 - 1, MEMORY, USER, 0)),
    "memory_offset": with_file(5, struct.pack("<II4Q", 1, 0, GUEST, MEMORY, USER, 2**64 - 1)),
    "too_many_files": with_file(5, struct.pack("<II", 9, 0), count=9),
    "ring_size_0": plain(8, struct.pack("<II", 0, 0)),
    "ring_size_odd": plain(8, struct.pack("<II", 0, 3)),
    "ring_size_huge": plain(8, struct.pack("<II", 0, 1 << 20)),
    "ring_number": plain(8, struct.pack("<II", 2, 8)),
    "ring_addresses": plain(9, bytes(10)),
    "kick_without_file": plain(12, struct.pack("<Q", 0)),
    "kick_none": plain(12, struct.pack("<Q", 0x100)),
    "kick_device": with_file(12, struct.pack("<Q", 0)),
    "kick_of_no_ring": with_file(12, struct.pack("<Q", 7)),
    "kick_pipe": with_file(12, struct.pack("<Q", 0), pipe),
    "call_pipe": with_file(13, struct.pack("<Q", 0), pipe),
    "call_socket": with_file(13, struct.pack("<Q", 0), lambda: socket.socket().detach()),
    "memory_that_may_block": with_file(
        5,
        struct.pack("<II4Q", 1, 0, GUEST, MEMORY, USER, 0),
        lambda: os.open("/proc/self/maps", os.O_RDONLY),
    ),
}


@pytest.mark.parametrize("lie", FRONT_END_LIES.values(), ids=FRONT_END_LIES)
def test_a_front_end_that_lies_is_disconnected(running, guest, lie):
    lie(guest)
    assert guest.closed()
    assert running.logged_like("vm1: ")


@pytest.mark.parametrize("at", ["descriptors", "available", "used"])
def test_rings_outside_of_the_memory(running, guest, at):
    guest.start()
    where = {
        name: USER + offset
        for name, offset in zip(("descriptors", "available", "used"), guest.ring(0), strict=True)
    }
    where[at] = USER + MEMORY - 2
    payload = (0, 0, where["descriptors"], where["used"], where["available"], 0)
    guest.send(9, struct.pack("<IIQQQQ", *payload))
    guest.describe(0, 0, GUEST + BUFFERS, 8, NEXT, 1)
    guest.describe(0, 1, GUEST + BUFFERS, 100, WRITE)
    guest.offer(0, 0)
    assert guest.closed()
    assert running.logged_like("vm1: vhost-user: address 0x7f000000fffe")


def test_no_file_stays_open_after_a_front_end(running):
    before = open_files()
    with FrontEnd(running.path) as guest:
        guest.start()
    assert running.logged("vm1: disconnected")
    assert eventually(lambda: open_files() <= before)
    for _ in range(20):
        with FrontEnd(running.path) as guest:
            guest.start()
            guest.send(12, struct.pack("<Q", 0), [guest.kicks[0]] * 5)
            assert guest.closed()
    assert eventually(lambda: open_files() <= before)
