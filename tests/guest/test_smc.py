"""Linux over SMC: Debian's kernel as it is, and ours with raw mode, behind our monitor at EL2."""

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from guest import linux, programs
from guest.boards import PROCESSORS, Case, build
from guest.expected import View, view
from guest.machine import Guest
from guest.monitored import Memory, OverSmc, memory_of, over_smc, with_monitor
from guest.programs import Kernel, MissingError
from guest.serving import Served
from guest.trees import reduced, scmi_node

import scmigen
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.load import load
from scmigen.devicetree.tree import DeviceTree

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

#: The ids of the boards here, and of those that have none.
IDS = (0x8200_0010, 0x8200_4000)
MACHINE = "virt,virtualization=on"
BASE, PERFORMANCE, CLOCK = 0x10, 0x13, 0x14
#: Linux registers performance domains by index, those of others without a name.
NAMELESS = re.compile(r"_\d+")
ORRERY = Case("orrery", "linux")
ROCK, JUNO = Case("rk3588-rock-5b", "linux"), Case("juno-scmi", "linux")
CASES = (ORRERY, ROCK, JUNO, Case("k3-am62l3-evm", "ospm"))
#: As many clocks each processor asks for.
NAMED = 32


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """Debian's kernel behind the monitor."""
    named = os.environ.get("SCMIGEN_GUEST_DEBIAN_KERNEL")
    if not named:
        pytest.skip("SCMIGEN_GUEST_DEBIAN_KERNEL names no kernel of Debian")
    return monitored(Path(named), tmp_path_factory, None)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """Our kernel behind the monitor."""
    kernel = programs.kernel()
    return monitored(kernel.image, tmp_path_factory, kernel.module)


def monitored(image: Path, folders: pytest.TempPathFactory, module: bytes | None) -> Kernel:
    both = folders.mktemp("kernel") / "Image"
    try:
        both.write_bytes(with_monitor(image, *IDS))
    except MissingError as problem:
        pytest.skip(str(problem))
    return Kernel(both, programs.kernel().root, module)


@dataclass(frozen=True)
class Machine:
    """What a guest of four processors has: its RAM, its tree, and what its agent must see."""

    case: Case
    folder: Path
    memory: Memory
    tree: OverSmc
    view: View

    def served(self, name: str = "server") -> Served:
        """A server that has started; its files are in a folder ``name``."""
        runtime, folder = build(self.case.board, self.case.numbering).runtime, self.folder / name
        folder.mkdir()
        return Served(folder, runtime, urls={self.case.agent: self.memory.url(self.tree)})

    def guest(self, kernel: Kernel) -> Guest:
        """The guest, which has begun to boot."""
        return Guest(
            self.folder,
            self.tree.blob,
            None,
            machine=MACHINE,
            memory_file=self.memory.file,
            processors=PROCESSORS,
            pci=True,
            system=kernel,
            arguments=self.memory.arguments,
        )

    def last_protocol(self, area: int) -> int:
        """The protocol of the last message in an area."""
        header: int
        (header,) = struct.unpack("<I", self.memory.read(area + 0x18, 4))
        return header >> 10 & 0xFF


@contextmanager
def machine_of(
    case: Case, folder: Path, smc_id: int | None = None, emitted: DeviceTree | None = None
) -> Iterator[Machine]:
    """``smc_id`` replaces that of the tree, and ``emitted`` the tree of the agent."""
    built = build(case.board, case.numbering)
    emitted = emitted or built.emitted(case.agent)
    virt = programs.virt(PROCESSORS, machine=MACHINE)
    tree = over_smc(reduced(emitted, virt, PROCESSORS).blob, emitted, smc_id)
    with memory_of(folder) as memory:
        yield Machine(case, folder, memory, tree, view(built.runtime, case.agent))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_debian_has_what_its_agent_was_granted(case: Case, folder: Path, debian: Kernel) -> None:
    """Clocks and their rates, power and performance domains: those of the model and no others."""
    with machine_of(case, folder) as it, it.served() as server, it.guest(debian) as guest:
        guest.ready()
        clocks = linux.clocks(guest)
        ours = {name: clock.rate for name, clock in clocks.items() if name not in fixed(it.tree)}
        granted = it.view.granted["clock"].values()
        assert ours == {clock.name: clock.what["rate"] for clock in granted}
        domains = it.view.names("power") | performance_domains(it)
        assert {n for n in linux.domains(guest) if not NAMELESS.fullmatch(n)} == domains
        assert guest.read("/sys/devices/system/cpu/online").strip() == f"0-{PROCESSORS - 1}"
        guest.power_off()
        assert "DENIED" not in server.log
        print(f"{case}: Debian has {len(ours)} clocks and {len(domains)} domains")


def performance_domains(machine: Machine) -> set[str]:
    """What Linux calls them, where the protocol's node offers power domains: Juno's offers clocks,
    and Linux' driver does without it then."""
    tree = read_blob(machine.tree.blob, "guest.dtb")
    node = scmi_node(tree).children.get(f"protocol@{PERFORMANCE:x}")
    if node is None or "#power-domain-cells" not in node:
        return set()
    return {f"{each.name}_{each.id}" for each in machine.view.granted["performance"].values()}


def fixed(tree: OverSmc) -> set[str]:
    """The clocks of a tree that are not the platform's."""
    return {
        node.string("clock-output-names") or node.base_name
        for node in read_blob(tree.blob, "guest.dtb").nodes
        if {"fixed-clock", "fixed-factor-clock"} & {*node.strings("compatible")}
    }


def test_every_call_of_four_processors_at_once_is_answered(folder: Path, ours: Kernel) -> None:
    """Each asks for the names of clocks, beginning at another one. The kernel has one queue of
    answers for all, so they are told apart by their tokens."""
    with machine_of(ROCK, folder) as it, it.served(), it.guest(ours) as guest:
        names = {clock.id: clock.name for clock in it.view.granted["clock"].values()}
        ids = sorted(names)[:NAMED]
        guest.ready()
        guest.run("\n".join(asking(cpu, ids) for cpu in range(PROCESSORS)) + "\nwait", 60)
        said = guest.run("cat /tmp/[0-9]").split()
        answers = [bytes.fromhex(line) for line in said]
        expected = {
            (cpu << 8 | index, names[number][:15])
            for cpu in range(PROCESSORS)
            for index, number in enumerate(turned(ids, cpu))
        }
        assert sorted(map(named, answers)) == sorted(expected)


def named(answer: bytes) -> tuple[int, str]:
    """The token and the name in an answer of CLOCK_ATTRIBUTES."""
    header, status = struct.unpack_from("<II", answer)
    assert status == 0
    return header >> 18, answer[12:28].split(b"\0")[0].decode()


def turned(ids: list[int], cpu: int) -> list[int]:
    """The ids, beginning at another one on each processor."""
    at = cpu * len(ids) // PROCESSORS
    return ids[at:] + ids[:at]


def asking(cpu: int, ids: list[int]) -> str:
    """A command: CLOCK_ATTRIBUTES of all of them on one processor, the answers in ``/tmp/CPU``."""
    lines = []
    for index, number in enumerate(turned(ids, cpu)):
        text = printed((cpu << 8 | index) << 18 | CLOCK << 10 | 3, number)
        lines.append(
            f"exec 4<>{linux.RAW}; printf '{text}' >&4; od -v -An -tx1 -w512 <&4 | tr -d ' '"
        )
    return f'taskset -c {cpu} sh -c "{"; ".join(lines)}" >/tmp/{cpu} &'


def printed(*values: int) -> str:
    """Words of 32 bits as ``printf`` has them."""
    return "".join(f"\\{byte:03o}" for byte in struct.pack(f"<{len(values)}I", *values))


def test_a_protocol_with_a_channel_of_its_own_uses_it(folder: Path, ours: Kernel) -> None:
    """Juno's performance protocol has shared memory of its own."""
    with machine_of(JUNO, folder) as it, it.served(), it.guest(ours) as guest:
        ask = linux.Raw(guest.ready())
        assert [answer[0] for answer in ask.send((BASE, 0, ()), (PERFORMANCE, 0, ()))] == [0, 0]
        assert [*it.tree.own] == [PERFORMANCE]
        # Sensors are read meanwhile.
        assert it.last_protocol(it.tree.area) not in {0, PERFORMANCE}
        assert it.last_protocol(it.tree.own[PERFORMANCE]) == PERFORMANCE


@pytest.mark.parametrize(
    ("word", "compatible"),
    [("smc-param", "arm,scmi-smc-param"), ("qcom-smc", "qcom,scmi-smc")],
)
def test_linux_calls_as_the_emitted_node_says(
    word: str, compatible: str, folder: Path, ours: Kernel
) -> None:
    """Linux passes the shared memory's address, or what is at its end, in such calls."""
    emitted = emitted_with(word, folder)
    assert scmi_node(emitted).string("compatible") == compatible
    with (
        machine_of(ORRERY, folder, emitted=emitted) as it,
        it.served() as server,
        it.guest(ours) as guest,
    ):
        answer = linux.Raw(guest.ready()).send((BASE, 0, ()))
        assert answer[0][0] == 0
        clocks = {name for name in linux.clocks(guest) if name not in fixed(it.tree)}
        assert clocks == it.view.names("clock")
        guest.power_off()
        assert "DENIED" not in server.log


def emitted_with(word: str, folder: Path) -> DeviceTree:
    """The tree of ORRERY's agent, with another transport in the agents file."""
    assert ORRERY.agents is not None
    text = ORRERY.agents.read_text()
    before = "{type: smc, smc-id: 0x82000010,"
    assert text.count(before) == 1
    agents = folder / "agents.yaml"
    agents.write_text(text.replace(before, f"{{type: {word}, smc-id: 0x82000010,"))
    result = scmigen.compile(scmigen.load(ORRERY.source), agents=(str(agents),))
    scmigen.emit(result, ["consumer"]).write(folder / "built")
    return load(folder / "built" / "consumer" / f"{ORRERY.agent}.dtb")


def test_an_id_that_nobody_knows(folder: Path, ours: Kernel) -> None:
    """Linux has no platform then, and works."""
    machine = machine_of(ROCK, folder, smc_id=0x8200_0099)
    with machine as it, it.served() as server, it.guest(ours) as guest:
        guest.ready()
        assert "unable to communicate with SCMI" in guest.run("dmesg")
        assert not {*linux.clocks(guest)} & it.view.names("clock")
        guest.power_off()
        assert " > " not in server.trace


def test_a_server_that_dies_and_one_that_comes_back(folder: Path, ours: Kernel) -> None:
    """Linux is told of each message that it cannot be sent, and goes on."""
    with machine_of(ROCK, folder) as it:
        first = it.served()
        with it.guest(ours) as guest:
            ask = linux.Raw(guest.ready())
            assert ask.send((BASE, 0, ()))[0][0] == 0
            first.process.kill()
            first.process.wait()
            version = printed(0x3FF << 18 | BASE << 10)
            status, said = guest.attempt(f"printf '{version}' >{linux.RAW}")
            assert status, said
            assert "Failed to send RAW message -95" in guest.log  # EOPNOTSUPP
            with it.served("second"):
                assert ask.send((BASE, 0, ()))[0][0] == 0
                guest.power_off()
