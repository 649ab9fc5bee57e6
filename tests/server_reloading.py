"""A service as ``scmigen serve`` makes it, turned by hand, whose configuration a test reloads."""

import socket
import struct
from importlib import import_module
from pathlib import Path

from patience import PATIENCE
from scmi_wire import CLOCK, PERFORMANCE, PINCTRL, POWER, POWERCAP, VOLTAGE, Wire, request

from scmigen import runtime
from scmigen.server.backend import Backend
from scmigen.server.fastchannels import Window
from scmigen.server.service import Service

serve = import_module("scmigen.cli.serve")
CPU, SOC, SLOW = 0, 0, 1
ADDRESS = 0x1000_0000
READS = [
    (VOLTAGE, 6, 1),
    (POWER, 5, SLOW),
    (CLOCK, 6, 0),
    (POWERCAP, 4, SOC),
    (PINCTRL, 3, 0, 0),
    (PINCTRL, 3, 1, 0),
]


class Reloading:
    """A service as ``scmigen serve`` makes it, with both agents connected."""

    def __init__(
        self, folder: Path, board: runtime.Runtime, backend: Backend, *profiles: str
    ) -> None:
        self.path = folder / "runtime.json"
        self.path.write_bytes(runtime.encode(board))
        self.log: list[str] = []
        urls = tuple(f"{name}=unix:{folder}/{name}" for name in ("linux", "vm1"))
        self.window = Window(folder / "memory", ADDRESS, 0x2000)
        self.options = serve._Options(
            self.path, (), urls, None, profiles, (("linux", self.window),)
        )
        platform = serve.configuration_of(self.options.configuration, self.options.extra)
        server = serve._server(self.options, backend, self.note, platform)
        self.service = Service(
            server,
            import_module("scmigen.cli.serve_options").endpoints(server, urls, None),
            self.note,
        )
        self.clients: dict[str, socket.socket] = {}
        for name in ("linux", "vm1"):
            self.clients[name] = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.clients[name].connect(f"{folder}/{name}")
            self.clients[name].settimeout(PATIENCE)
        self.service.loop.turn()

    def note(self, line: str, *_: object) -> None:
        self.log.append(line)

    def ask(self, name: str, *message: int) -> bytes:
        self.clients[name].send(request(*message))
        self.service.loop.turn()
        return self.clients[name].recv(200)

    def reads(self) -> list[tuple[int, bytes]]:
        wires = [Wire(self.service.server.agent(name)) for name in ("linux", "vm1")]
        return [wire.ask(*message) for wire in wires for message in READS]

    def level_shown(self) -> int:
        """What the FastChannel of linux shows as the level of the CPU."""
        data = Wire(self.service.server.agent("linux")).ask(PERFORMANCE, 0xB, CPU, 8)[1]
        (address,) = struct.unpack_from("<Q", data, 8)
        data = self.window.path.read_bytes()
        return int.from_bytes(data[address - ADDRESS :][:4], "little")

    def reload(self) -> None:
        serve._reload(self.service, self.options, self.note)

    def close(self) -> None:
        self.service.close()
        self.service.server.discard()
        for client in self.clients.values():
            client.close()
