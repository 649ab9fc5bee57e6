"""U-Boot on a tree that scmigen wrote for it, over SMC behind our monitor, with our server.

``SCMIGEN_GUEST_U_BOOT`` names a ``u-boot.bin``: ``qemu_arm64_defconfig`` with ``SCMI_FIRMWARE``,
``CLK_SCMI``, ``CLK_CCF``, ``SCMI_POWER_DOMAIN``, ``RESET_SCMI``, ``DM_REGULATOR_SCMI``,
``CMD_SCMI``, ``CMD_CLK``, ``CMD_DATE``, ``CMD_REGULATOR`` and ``CMD_POWEROFF``.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from guest import programs
from guest.monitored import BEHIND, MONITOR, RAM, SMC_ID, Memory, assembled, memory_of
from guest.programs import MissingError
from guest.serving import Served

import scmigen
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.text import to_text
from scmigen.pipeline import emit_outputs

#: Not ``guest``, of which CI skips none.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine")]

MACHINE = "virt,virtualization=on"
#: Between the device tree, which U-Boot has at the start of RAM, and the monitor; U-Boot itself
#: keeps there what it prints before it has a console, and its first stack.
AREA = RAM + 0x18_0000
#: The clock of the day has a power domain behind an empty entry, a rate to be set, a reset and a
#: supply; another regulator is called as that.
BOARD = f"""
/ {{
	cru: clock-controller@b000000 {{ compatible = "acme,cru"; reg = <0 0xb000000 0 0x1000>;
		clock-output-names = "uart", "bus", "rtc"; #clock-cells = <1>; #reset-cells = <1>;
		assigned-clocks = <&cru 1>; assigned-clock-rates = <100000000>; }};
	pmc: power-controller@b001000 {{ compatible = "acme,pmc"; reg = <0 0xb001000 0 0x1000>;
		#power-domain-cells = <1>; }};
	rails {{ compatible = "acme,rails"; vrtc: vrtc {{ regulator-name = "vrtc"; regulator-always-on;
		regulator-min-microvolt = <1800000>; regulator-max-microvolt = <3300000>; }}; }};
	usb {{ compatible = "regulator-fixed"; regulator-name = "vrtc"; }};
	area: sram@{AREA:x} {{ compatible = "arm,scmi-shmem"; reg = <0 {AREA:#x} 0 0x100>; }};
}};
&{{/pl031@9010000}} {{
	power-domains = <0>, <&pmc 4>; clocks = <&cru 2>, <&cru 1>; clock-names = "apb_pclk", "bus";
	resets = <&cru 3>; vdd-supply = <&vrtc>;
	assigned-clocks = <&cru 2>; assigned-clock-rates = <32768>;
}};
"""
COMMANDS = (
    *("scmi info", "date", "clk dump", "regulator list", "regulator dev scmi-vrtc"),
    *("regulator enable", "poweroff"),
)


def agents(os: str) -> str:
    return f"""
domains:
  boot:
    id: 1
    default: true
    scmi: {{role: ospm, transport: {{type: smc, smc-id: {SMC_ID:#x}, shmem: area}}}}
outputs: {{consumer: {{os: {os}}}}}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """U-Boot behind the monitor."""
    named = os.environ.get("SCMIGEN_GUEST_U_BOOT")
    if not named:
        pytest.skip("SCMIGEN_GUEST_U_BOOT names no u-boot.bin")
    program = Path(named).read_bytes()
    try:
        monitor = assembled(len(program), SMC_ID)
    except MissingError as problem:
        pytest.skip(str(problem))
    path = tmp_path_factory.mktemp("u-boot") / "image"
    path.write_bytes(monitor + bytes(BEHIND - len(monitor)) + program)
    return path


class Started:
    """U-Boot that was started on a tree for ``os``, and was given the commands."""

    def __init__(self, folder: Path, image: Path, os: str) -> None:
        files = built(os)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        with memory_of(folder) as memory:
            url = f"smt:{memory.file},offset={AREA - RAM:#x},p2a=none,doorbell={memory.doorbell}"
            with Served(folder, folder / "runtime.json", urls={"boot": url}) as server:
                self.answers = answers(folder, image, memory)
                self.events = [line for line in server.said if "boot" in line]
            self.trace = server.trace_file.read_text()


def built(os: str) -> Mapping[str, bytes]:
    """The configuration of the server, and the tree of the agent."""
    virt = to_text(read_blob(programs.virt(machine=MACHINE), "virt.dtb"))
    tree = scmigen.loads(virt + BOARD, "board.dts")
    model = scmigen.compile(tree, agents=[scmigen.Text("agents.yaml", agents(os))]).model
    files, *_ = emit_outputs(model, ["consumer", "runtime"], explicit=True)
    return {file.path.rpartition("/")[2]: file.content for file in files}


def answers(folder: Path, image: Path, memory: Memory) -> Mapping[str, str]:
    """What U-Boot prints to each command."""
    backend = f"memory-backend-file,id=ram,size={memory.size}M,mem-path={memory.file},share=on"
    command = [programs.qemu(), "-M", f"{MACHINE},memory-backend=ram", "-object", backend]
    command += ["-cpu", programs.CPU, "-m", f"{memory.size}M", "-display", "none", "-nic", "none"]
    command += ["-monitor", "none", "-serial", "stdio", *memory.arguments]
    command += ["-dtb", str(folder / "boot.dtb")]
    command += ["-device", f"loader,file={image},addr={MONITOR:#x},cpu-num=0,force-raw=on"]
    printed = folder / "printed.txt"
    with printed.open("wb") as output:
        machine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output)
    assert machine.stdin is not None
    found = {}
    try:
        until(printed, 0)
        for typed in COMMANDS:
            before = printed.stat().st_size
            machine.stdin.write(f"{typed}\n".encode())
            machine.stdin.flush()
            if typed == "poweroff":
                machine.wait(30)
            else:
                until(printed, before)
            found[typed] = printed.read_bytes()[before:].decode(errors="replace")
    finally:
        machine.kill()
        machine.communicate()
    return found


def until(printed: Path, before: int) -> None:
    """Wait for the prompt behind what was printed before."""
    end = time.monotonic() + 60
    while not re.search(rb"^=> $", printed.read_bytes()[before:], re.MULTILINE):
        assert time.monotonic() < end, printed.read_text(errors="replace")
        time.sleep(0.05)


@pytest.fixture(scope="module")
def started(image: Path) -> Iterator[Started]:
    """U-Boot on the tree that is for it."""
    with TemporaryDirectory(prefix="guest-") as folder:
        yield Started(Path(folder), image, "u-boot")


def test_u_boot_has_the_protocols_of_its_agent(started: Started) -> None:
    info = started.answers["scmi info"]
    assert "vendor: scmigen" in info
    for protocol in ("Power domain", "Clock", "Reset domain", "Voltage domain"):
        assert f"{protocol} management" in info


def test_a_device_gets_its_domain_and_its_rate(started: Started) -> None:
    """By the messages of U-Boot itself."""
    assert "Date: " in started.answers["date"]
    assert re.search(r"POWER_STATE_SET flags=0 domain=0 state=0\n.* SUCCESS", started.trace)
    assert re.search(r"CLOCK_RATE_SET flags=\d+ clock=\d+ rate=32768\n.* SUCCESS", started.trace)
    rates = re.findall(r"^ +(\d+) .*\|-- (?:scmi-\d|rtc)", started.answers["clk dump"], re.M)
    assert {"100000000", "32768"} <= set(rates)


def test_a_regulator_has_a_name_of_its_own_and_is_not_set_before_somebody_asks(
    started: Started,
) -> None:
    assert re.search(r"regulator@0 +\| scmi-vrtc ", started.answers["regulator list"])
    asked = re.findall(r"boot > .*VOLTAGE_CONFIG_SET", started.trace)
    assert len(asked) == 1
    assert "rror" not in started.answers["regulator enable"]


def test_on_a_tree_for_linux_the_device_does_not_come_up(image: Path, folder: Path) -> None:
    """The empty entry stops it; and the regulator that is always on is set at once."""
    found = Started(folder, image, "linux")
    assert "Cannot find RTC: err=-2" in found.answers["date"]
    assert "POWER_STATE_SET" not in found.trace
