"""virtio-scmi for a virtual machine: a vhost-user back end, ``vhost-user:PATH``.

The front end is QEMU's ``vhost-user-scmi`` (8.1 or later) or a compatible one: it connects and
sends the guest's memory and the files for kicks and interrupts. Queue 0 holds commands (a readable
buffer, and a writable one for the response), queue 1 writable buffers for delayed responses and
notifications. One command is handled per turn. Nothing that the front end or the guest sends is
trusted: an impossible region, descriptor or index ends the connection.

Guest memory must be shared, and a memfd or a file of a tmpfs (``memory-backend-memfd,share=on``):
reading any other file can block. Huge pages cannot be written through a file, so they are refused.
Kicks and interrupts must be eventfds.
"""

import array
import socket
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from struct import Struct

from scmigen.hints import Final
from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD, STATUS_SIZE
from scmigen.scmi.status import Status
from scmigen.server.memory import SharedMemory, SharedMemoryError, is_memory
from scmigen.server.port import Port
from scmigen.server.transports import doorbells
from scmigen.server.transports.address import PARTIAL, Address
from scmigen.server.transports.aside import Aside, AsideEndpoint
from scmigen.server.transports.silence import Rest
from scmigen.server.transports.sockets import Host
from scmigen.server.transports.virtqueue import (
    MAX_SIZE,
    Chain,
    GuestMemory,
    QueueError,
    Region,
    VirtQueue,
)

_HEADER: Final = Struct("<III")
_WORD: Final = Struct("<Q")
_STATE: Final = Struct("<II")
_ADDRESSES: Final = Struct("<IIQQQQ")
_REGION: Final = Struct("<QQQQ")
_VERSION: Final = 1
_REPLY: Final = 1 << 2
_NEED_REPLY: Final = 1 << 3
_MAX_PAYLOAD: Final = 512
_MAX_FILES: Final = 8

GET_FEATURES, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE = 1, 2, 3, 4, 5
SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE = 8, 9, 10, 11
SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR = 12, 13, 14
GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE = 15, 16, 17, 18
RESET_DEVICE: Final = 34

#: The requests that files come with.
_WITH_FILES: Final = frozenset({SET_MEM_TABLE, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR})

#: VIRTIO_F_VERSION_1, VHOST_USER_F_PROTOCOL_FEATURES, VIRTIO_SCMI_F_P2A_CHANNELS.
_PROTOCOL_FEATURES: Final = 1 << 30
FEATURES: Final = 1 << 32 | _PROTOCOL_FEATURES | 1 << 0
#: VHOST_USER_PROTOCOL_F_MQ and _REPLY_ACK.
PROTOCOL_FEATURES: Final = 1 << 0 | 1 << 3
_REPLY_ACK: Final = 1 << 3
COMMANDS, EVENTS = 0, 1
_QUEUES: Final = 2
#: Events written to the guest's buffers in one turn; the rest follow after the other agents.
_BURST: Final = 4
_ADDRESS_LIMIT: Final = 1 << 62
_LONGEST: Final = HEADER_SIZE + MAX_PAYLOAD


class VhostSession:
    """A connected front end."""

    def __init__(
        self,
        port: Port,
        file: socket.socket,
        host: Host,
        ended: Callable[[str], None],
        aside: Aside,
    ) -> None:
        self._port = port
        self._aside = aside
        self._file = file
        self._host = host
        self._loop = host.loop
        self._ended = ended
        self._guest = GuestMemory()
        self._queues = tuple(VirtQueue(aside) for _ in range(_QUEUES))
        self._features = 0
        self._protocol_features = 0
        self._input = bytearray()
        self._files: deque[int] = deque()
        self._out: deque[bytes] = deque()
        #: Header → the head of the buffers of a command that a fault has left without a response.
        self._held: dict[bytes, int] = {}
        port.answer_with(self._answer_late)
        self._rest = Rest(self._loop, PARTIAL, self.end)
        file.setblocking(False)
        self._loop.watch(file, self._receive)

    # The front end

    def _receive(self) -> None:
        """Read from the front end; at most one request per turn."""
        try:
            self._read(self._missing())
            if len(self._input) == _HEADER.size and self._missing():
                self._read(self._missing())
            self._request()
        except BlockingIOError:
            pass
        except (QueueError, SharedMemoryError) as problem:
            self.end(f"vhost-user: {problem}")
        except OSError as problem:
            self.end(problem.strerror or "connection lost")
        if self._input and self._file.fileno() >= 0:
            self._rest.expect()
        else:
            self._rest.over()

    def _missing(self) -> int:
        """How many bytes the current request still lacks, as far as is known. Bytes of the next one
        are not read, because files belong to the request they come with."""
        if len(self._input) < _HEADER.size:
            return _HEADER.size - len(self._input)
        number, flags, size = _HEADER.unpack_from(self._input)
        if flags & 3 != _VERSION or flags & _REPLY or size > _MAX_PAYLOAD:
            raise QueueError(f"request {number} with flags {flags:#x} and {size} bytes")
        return int(_HEADER.size + size - len(self._input))

    def _read(self, size: int) -> None:
        files = array.array("i")
        data, ancillary, flags, _ = self._file.recvmsg(
            size,
            socket.CMSG_SPACE(_MAX_FILES * files.itemsize),
            socket.MSG_CMSG_CLOEXEC,
        )
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                files.frombytes(payload[: len(payload) // files.itemsize * files.itemsize])
        self._files.extend(files)
        if flags & socket.MSG_CTRUNC or len(self._files) > _MAX_FILES:
            raise QueueError(f"more than {_MAX_FILES} files, or too many open files")
        if not data:
            reason = "closed in the middle of a request" if self._input else "disconnected"
            raise OSError(0, reason)
        self._input += data

    def _request(self) -> None:
        """Handle the request if it is complete."""
        if self._missing():
            return
        number, flags, _ = _HEADER.unpack_from(self._input)
        payload = bytes(self._input[_HEADER.size :])
        self._input.clear()
        handler = _HANDLERS.get(number)
        if handler is None:
            raise QueueError(f"request {number}, which was not negotiated")
        files, self._files = self._files, deque()
        try:
            if self._aside.stuck:
                raise QueueError("files that cannot be closed or signalled")
            if files and number not in _WITH_FILES:
                raise QueueError(f"request {number} with {len(files)} files, which takes none")
            reply = handler(self, payload, files)
        finally:
            while files:
                self._aside.close(files.popleft())
        if reply is None and flags & _NEED_REPLY and self._protocol_features & _REPLY_ACK:
            reply = _WORD.pack(0)
        if reply is not None:
            self._reply(_HEADER.pack(number, _VERSION | _REPLY, len(reply)) + reply)

    def _reply(self, data: bytes) -> None:
        try:
            sent = self._file.send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            raise QueueError("the front end does not read its replies")

    def _get_features(self, _: bytes, __: deque[int]) -> bytes:
        return _WORD.pack(FEATURES)

    def _set_features(self, payload: bytes, _: deque[int]) -> None:
        self._features = _number(payload)
        if self._features & ~FEATURES:
            raise QueueError(f"features {self._features:#x}, some of which were not offered")
        if not self._features & _PROTOCOL_FEATURES:
            for queue in self._queues:
                queue.enable(True)

    def _get_protocol_features(self, _: bytes, __: deque[int]) -> bytes:
        return _WORD.pack(PROTOCOL_FEATURES)

    def _set_protocol_features(self, payload: bytes, _: deque[int]) -> None:
        self._protocol_features = _number(payload) & PROTOCOL_FEATURES

    def _get_queue_num(self, _: bytes, __: deque[int]) -> bytes:
        return _WORD.pack(_QUEUES)

    def _nothing(self, _: bytes, __: deque[int]) -> None:
        """SET_OWNER: nothing to do."""

    def _reset(self, _: bytes, __: deque[int]) -> None:
        served = self._queues[COMMANDS].kick is not None
        for number in range(_QUEUES):
            self._stop(number)
            self._queues[number].enable(False)
        if served:
            self._release()

    def _set_mem_table(self, payload: bytes, files: deque[int]) -> None:
        count = int.from_bytes(payload[:4], "little")
        if len(payload) != 8 + count * _REGION.size or count != len(files):
            raise QueueError(f"a memory table of {count} regions with {len(files)} files")
        self._forget_memory()
        found: list[Region] = []
        for index in range(count):
            guest, size, user, offset = _REGION.unpack_from(payload, 8 + index * _REGION.size)
            if not size or max(guest, size, user, offset) >= _ADDRESS_LIMIT:
                raise QueueError(f"a memory region of {size:#x} bytes at {guest:#x}")
            descriptor = files.popleft()
            found.append(Region(guest, user, size, SharedMemory(descriptor, size, offset)))
            self._use(GuestMemory(tuple(found)))
            if not is_memory(descriptor):
                raise QueueError("a memory region that is neither a memfd nor a file of a tmpfs")

    def _forget_memory(self) -> None:
        """Close the guest's memory. Nothing uses it from here on: the numbers of its files may soon
        be those of another agent's."""
        guest = self._guest
        self._use(GuestMemory())
        self._aside.call(guest.close, guest.files)

    def _use(self, guest: GuestMemory) -> None:
        self._guest = guest
        for queue in self._queues:
            queue.use(guest)

    def _queue(self, number: int) -> VirtQueue:
        if number >= _QUEUES:
            raise QueueError(f"queue {number}, there are {_QUEUES}")
        return self._queues[number]

    def _set_vring_num(self, payload: bytes, _: deque[int]) -> None:
        index, size = _pair(payload)
        if not 0 < size <= MAX_SIZE or size & (size - 1):
            raise QueueError(f"a ring of {size} descriptors")
        self._queue(index).resize(size)

    def _set_vring_addr(self, payload: bytes, _: deque[int]) -> None:
        if len(payload) != _ADDRESSES.size:
            raise QueueError(f"ring addresses of {len(payload)} bytes")
        index, _flags, descriptors, used, available, _log = _ADDRESSES.unpack(payload)
        self._queue(index).place(descriptors, used, available)

    def _set_vring_base(self, payload: bytes, _: deque[int]) -> None:
        index, base = _pair(payload)
        self._queue(index).base = base & 0xFFFF

    def _get_vring_base(self, payload: bytes, _: deque[int]) -> bytes:
        index, _value = _pair(payload)
        served = self._queue(index).kick is not None
        base = self._stop(index)
        if index == COMMANDS and served:
            self._release()
        return _STATE.pack(index, base)

    def _release(self) -> None:
        """The guest has reset the device, as it does when it reboots: whoever comes next is a new
        client."""
        self._out.clear()
        self._port.disconnect()
        self._host.deliver()

    def _stop(self, index: int) -> int:
        queue = self._queues[index]
        if queue.kick is not None:
            self._loop.forget(queue.kick)
        if index == COMMANDS:
            self._held.clear()
        return queue.stop()

    def _file_of(self, payload: bytes, files: deque[int]) -> tuple[VirtQueue, int, int | None]:
        word = _number(payload)
        index = word & 0xFF
        queue = self._queue(index)
        if len(files) != (0 if word & 0x100 else 1):
            raise QueueError(f"{len(files)} files for one ring")
        if not files:
            return queue, index, None
        doorbells.check(files[0])
        return queue, index, files.popleft()

    def _set_vring_kick(self, payload: bytes, files: deque[int]) -> None:
        queue, index, descriptor = self._file_of(payload, files)
        self._stop(index)
        if descriptor is None:
            raise QueueError("a ring without a kick file, which would never be polled")
        queue.set_kick(descriptor)
        kicked = self._commanded if index == COMMANDS else self._offered
        self._loop.watch(descriptor, kicked, edge=True)
        self._loop.soon(descriptor)

    def _set_vring_call(self, payload: bytes, files: deque[int]) -> None:
        queue, _, descriptor = self._file_of(payload, files)
        queue.set_call(descriptor)

    def _set_vring_err(self, payload: bytes, files: deque[int]) -> None:
        _, _, descriptor = self._file_of(payload, files)
        if descriptor is not None:
            self._aside.close(descriptor)

    def _set_vring_enable(self, payload: bytes, _: deque[int]) -> None:
        index, on = _pair(payload)
        queue = self._queue(index)
        queue.enable(bool(on))
        if on and queue.kick is not None:
            self._loop.soon(queue.kick)

    # The rings

    def _commanded(self) -> None:
        """The guest has kicked the command queue."""
        try:
            self._command()
        except (QueueError, SharedMemoryError) as problem:
            self.end(f"vhost-user: {problem}")
        except OSError as problem:
            self.end(f"vhost-user: {problem.strerror}")

    def _offered(self) -> None:
        """The guest has kicked the event queue."""
        if self._queues[EVENTS].ready:
            try:
                self._events()
            except (QueueError, SharedMemoryError) as problem:
                self.end(f"vhost-user: {problem}")
            except OSError as problem:
                self.end(f"vhost-user: {problem.strerror}")

    def _command(self) -> None:
        """Handle one message, and ask for another turn if there are more."""
        queue, port = self._queues[COMMANDS], self._port
        chain = queue.pop()
        if chain is None:
            return
        message = chain.readable
        if not HEADER_SIZE <= len(message) <= _LONGEST:
            raise QueueError(f"a message that is not {HEADER_SIZE} to {_LONGEST} bytes long")
        frames = port.handle(message)
        if frames:
            frame = frames[0]
            if len(frame) > chain.room:
                frame = _shortened(chain, frame)
            more = queue.push(chain, frame)
        else:  # a fault has dropped or delayed the response
            self._held[message[:HEADER_SIZE]] = chain.head
            if len(self._held) > queue.size:
                del self._held[next(iter(self._held))]
            more = True
        if more and queue.kick is not None:
            self._loop.soon(queue.kick)
        if port.agent.services.waiting:
            self._host.deliver()

    def _answer_late(self, frame: bytes) -> None:
        """Write the response that a fault has delayed."""
        head = self._held.pop(frame[:HEADER_SIZE], None)
        queue = self._queues[COMMANDS]
        if head is None or not queue.ready:
            return
        try:
            chain = queue.again(head)
            if len(frame) > chain.room:
                frame = _shortened(chain, frame)
            queue.push(chain, frame)
        except (QueueError, SharedMemoryError) as problem:
            self.end(f"vhost-user: {problem}")
        except OSError as problem:
            self.end(f"vhost-user: {problem.strerror}")

    def _events(self) -> None:
        """Write some queued events to the buffers of the event queue."""
        queue = self._queues[EVENTS]
        for _ in range(_BURST):
            if not queue.ready:
                return
            if not self._out:
                self._out.extend(self._port.take_events())
            if not self._out:
                return
            chain = queue.pop()
            if chain is None:
                return
            frame = self._out.popleft()
            queue.push(chain, frame if len(frame) <= chain.room else b"")
        if queue.kick is not None:
            self._loop.soon(queue.kick)

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the guest has buffers for them."""
        if not self._features & 1:
            self._port.take_events()  # the guest has no event queue
            return
        try:
            self._events()
        except (QueueError, SharedMemoryError) as problem:
            self.end(f"vhost-user: {problem}")

    def end(self, reason: str) -> None:
        """Close the connection and everything the front end sent."""
        if self._file.fileno() < 0:
            return
        for number, queue in enumerate(self._queues):
            self._stop(number)
            queue.close()
        self._forget_memory()
        while self._files:
            self._aside.close(self._files.popleft())
        self._loop.forget(self._file)
        with suppress(OSError):  # the other end is gone
            self._file.shutdown(socket.SHUT_RDWR)
        self._aside.close(self._file.detach())
        self._ended(reason)


class VhostEndpoint(AsideEndpoint):
    """The socket that front ends connect to. Files that one sends are closed aside, and so are the
    sockets, which may hold files that nobody has received."""

    files = True

    def __init__(self, port: Port, url: str, address: Address, host: Host) -> None:
        super().__init__(port, url, address, socket.SOCK_STREAM, self._session_of, host)

    def _session_of(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> VhostSession:
        return VhostSession(port, file, host, ended, self._aside)

    def close(self) -> None:
        """Disconnect the front end, stop listening, and remove the socket file."""
        self.drop("server stopped")
        self._loop.forget(self._listener)
        self._aside.close(self._listener.detach())
        super().close()


def _shortened(chain: Chain, frame: bytes) -> bytes:
    """COMMS_ERROR in place of a response that does not fit into the buffer."""
    short = frame[:HEADER_SIZE] + Status.COMMS_ERROR.to_bytes(STATUS_SIZE, "little", signed=True)
    return short if len(short) <= chain.room else b""


def _number(payload: bytes) -> int:
    if len(payload) != _WORD.size:
        raise QueueError(f"{len(payload)} bytes in place of a number")
    return int(_WORD.unpack(payload)[0])


def _pair(payload: bytes) -> tuple[int, int]:
    if len(payload) != _STATE.size:
        raise QueueError(f"{len(payload)} bytes in place of a ring's state")
    index, value = _STATE.unpack(payload)
    return index, value


_Handler = Callable[[VhostSession, bytes, deque[int]], bytes | None]
_HANDLERS: Final[Mapping[int, _Handler]] = {
    GET_FEATURES: VhostSession._get_features,
    SET_FEATURES: VhostSession._set_features,
    SET_OWNER: VhostSession._nothing,
    RESET_OWNER: VhostSession._reset,
    SET_MEM_TABLE: VhostSession._set_mem_table,
    SET_VRING_NUM: VhostSession._set_vring_num,
    SET_VRING_ADDR: VhostSession._set_vring_addr,
    SET_VRING_BASE: VhostSession._set_vring_base,
    GET_VRING_BASE: VhostSession._get_vring_base,
    SET_VRING_KICK: VhostSession._set_vring_kick,
    SET_VRING_CALL: VhostSession._set_vring_call,
    SET_VRING_ERR: VhostSession._set_vring_err,
    GET_PROTOCOL_FEATURES: VhostSession._get_protocol_features,
    SET_PROTOCOL_FEATURES: VhostSession._set_protocol_features,
    GET_QUEUE_NUM: VhostSession._get_queue_num,
    SET_VRING_ENABLE: VhostSession._set_vring_enable,
    RESET_DEVICE: VhostSession._reset,
}
