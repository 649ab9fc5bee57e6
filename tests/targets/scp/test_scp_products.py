"""The agents files of ``examples/scp``, for three products of SCP-firmware: their tables, linked.

The products' own headers are not here. Those below have the same enumerators in the same order, and
the addresses that the products' firmware was linked with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("elftools", reason="pyelftools is not installed")

from conftest import EXAMPLES
from targets.scp.elf_image import Image
from targets.scp.elf_rules import findings, model_findings, report
from targets.scp.elf_tables import Firmware
from targets.scp.scp_build import FLAGS, HERE, definitions, run
from targets.scp.test_scp_elf import LINK

import scmigen
from scmigen import runtime
from scmigen.diagnostics import Severity
from scmigen.targets.make import make

FOLDER = EXAMPLES.parent / "scp"
NOTIFICATIONS = "BUILD_HAS_SCMI_NOTIFICATIONS"


@dataclass(frozen=True)
class Product:
    """A product: its tree, headers, the modules of its own, and what is to be read back."""

    tree: str
    headers: dict[str, str]
    waits: str
    services: tuple[str, ...]
    rows: tuple[str, ...] = ()
    with_notifications: tuple[str, ...] = field(default=())


JUNO = Product(
    tree="juno-scmi.dtb",
    headers={
        "juno_scmi.h": f"""enum juno_scmi_service_idx {{
            JUNO_SCMI_SERVICE_IDX_PSCI_A2P,
            JUNO_SCMI_SERVICE_IDX_OSPM_A2P_0,
            JUNO_SCMI_SERVICE_IDX_OSPM_A2P_1,
            #ifdef {NOTIFICATIONS}
            JUNO_SCMI_SERVICE_IDX_OSPM_P2A,
            #endif
            JUNO_SCMI_SERVICE_IDX_COUNT,
        }};""",
        "juno_mhu.h": "enum { JUNO_MHU_DEVICE_IDX_S, JUNO_MHU_DEVICE_IDX_NS_H, "
        "JUNO_MHU_DEVICE_IDX_NS_L };",
        "juno_clock.h": "enum { JUNO_CLOCK_IDX_I2SCLK, JUNO_CLOCK_IDX_HDLCDREFCLK, "
        "JUNO_CLOCK_IDX_HDLCDPXL, JUNO_CLOCK_IDX_HDLCD0, JUNO_CLOCK_IDX_HDLCD1, "
        "JUNO_CLOCK_IDX_BIGCLK, JUNO_CLOCK_IDX_LITTLECLK, JUNO_CLOCK_IDX_GPUCLK };",
        "config_power_domain.h": "enum { POWER_DOMAIN_IDX_BIG_CPU0, POWER_DOMAIN_IDX_BIG_CPU1, "
        "POWER_DOMAIN_IDX_LITTLE_CPU0, POWER_DOMAIN_IDX_LITTLE_CPU1, "
        "POWER_DOMAIN_IDX_LITTLE_CPU2, POWER_DOMAIN_IDX_LITTLE_CPU3, "
        "POWER_DOMAIN_IDX_BIG_SSTOP, POWER_DOMAIN_IDX_LITTLE_SSTOP, POWER_DOMAIN_IDX_DBGSYS, "
        "POWER_DOMAIN_IDX_GPUTOP, POWER_DOMAIN_IDX_SYSTOP };",
        "software_mmap.h": """
            #define SCMI_PAYLOAD_SIZE 128
            #define SCMI_PAYLOAD_S_A2P_BASE 0xA4000DC0
            #define SCMI_PAYLOAD_LOW_A2P_BASE 0xCE000000
            #define SCMI_PAYLOAD_HIGH_A2P_BASE 0xCE000100
            #define SCMI_PAYLOAD_HIGH_P2A_BASE 0xCE000180
        """,
    },
    waits="juno_scmi.h: JUNO_SCMI_SERVICE_IDX_PSCI_A2P, JUNO_SCMI_SERVICE_IDX_OSPM_A2P_0, "
    "JUNO_SCMI_SERVICE_IDX_OSPM_A2P_1",
    services=(
        "PSCI_A2P (psci): agent 2, 0xa4000dc0+128, policies 3, doorbell mhu 0.0, domain 10",
        "OSPM_A2P_0 (ospm): agent 1, 0xce000000+128, policies 2, doorbell mhu 2.0, domain 10",
        "OSPM_A2P_1 (ospm): agent 1, 0xce000100+128, policies 2, doorbell mhu 1.0, domain 10",
    ),
    with_notifications=(
        "OSPM_P2A (ospm): agent 1, 0xce000180+128, policies 2, doorbell mhu 1.1, domain 10",
    ),
    rows=tuple(
        f"clock {number} of agent 1: element {element} (?)"
        for number, element in enumerate((5, 6, 7, 3, 4, 0))
    ),
)
MORELLO = Product(
    tree="morello-sdp.dtb",
    headers={
        "morello_scp_scmi.h": "enum { SCP_MORELLO_SCMI_SERVICE_IDX_PSCI, "
        "SCP_MORELLO_SCMI_SERVICE_IDX_OSPM, SCP_MORELLO_SCMI_SERVICE_IDX_MCP, "
        "SCP_MORELLO_SCMI_SERVICE_IDX_COUNT };",
        "morello_scp_mhu.h": "enum { MORELLO_MHU_DEVICE_IDX_S_CLUS0, "
        "MORELLO_MHU_DEVICE_IDX_NS_CLUS0, MORELLO_MHU_DEVICE_IDX_NS_MCP };",
        "config_power_domain.h": "enum { PD_SINGLE_CHIP_IDX_CLUS0CORE0, "
        "PD_SINGLE_CHIP_IDX_CLUS0CORE1, PD_SINGLE_CHIP_IDX_CLUS1CORE0, "
        "PD_SINGLE_CHIP_IDX_CLUS1CORE1, PD_SINGLE_CHIP_IDX_CLUSTER0, PD_SINGLE_CHIP_IDX_CLUSTER1, "
        "PD_SINGLE_CHIP_IDX_DBGTOP0, PD_SINGLE_CHIP_IDX_SYSTOP0 };",
        "morello_scp_mmap.h": """
            #define SCP_AP_SHARED_SECURE_RAM 0x65400000
            #define SCP_AP_BASE_NS_MAILBOX_SRAM 0xA6000000
            #define SCP_MCP_NS_MAILBOX_SRAM 0xA6000400
        """,
        "morello_scp_software_mmap.h": "#define SCP_SCMI_PAYLOAD_SIZE 128",
    },
    waits="morello_scp_scmi.h: SCP_MORELLO_SCMI_SERVICE_IDX_PSCI, "
    "SCP_MORELLO_SCMI_SERVICE_IDX_OSPM",
    services=(
        "PSCI (psci): agent 2, 0x65400000+128, policies 3, doorbell mhu 0.0, domain 7",
        "OSPM (ospm): agent 1, 0xa6000000+128, policies 2, doorbell mhu 1.0, domain 7",
        "MCP (mcp): agent 3, 0xa6000400+128, policies 2, doorbell mhu 2.0, domain 7",
    ),
)
SGI575 = Product(
    tree="sgi575.dts",
    headers={
        "scp_sgi575_scmi.h": "enum { SCP_SGI575_SCMI_SERVICE_IDX_PSCI, "
        "SCP_SGI575_SCMI_SERVICE_IDX_OSPM, SCP_SGI575_SCMI_SERVICE_IDX_COUNT };",
        "scp_sgi575_mhu.h": "enum { SCP_SGI575_MHU_DEVICE_IDX_SCP_AP_S, "
        "SCP_SGI575_MHU_DEVICE_IDX_SCP_AP_NS };",
        "scp_software_mmap.h": """
            #define SCP_SCMI_PAYLOAD_SIZE 128
            #define SCP_SCMI_PAYLOAD_S_A2P_BASE 0xA4000DC0
            #define SCP_SCMI_PAYLOAD_NS_A2P_BASE 0xA6000000
        """,
    },
    waits="scp_sgi575_scmi.h: SCP_SGI575_SCMI_SERVICE_IDX_PSCI, SCP_SGI575_SCMI_SERVICE_IDX_OSPM",
    services=(
        "PSCI (psci): agent 2, 0xa4000dc0+128, policies 3, doorbell mhu 0.0, domain none",
        "OSPM (ospm): agent 1, 0xa6000000+128, policies 2, doorbell mhu 1.0, domain none",
    ),
)
PRODUCTS = {"juno": JUNO, "morello": MORELLO, "sgi575": SGI575}


def build(gcc: str, name: str, tree: Path, folder: Path, *more: str) -> list[str]:
    """What is wrong in the linked tables of a product, then what they say."""
    product = PRODUCTS[name]
    (platform,) = scmigen.compile(tree, agents=[FOLDER / f"{name}.yaml"]).model.platforms
    files, found = make(platform, "scp")
    assert [item for item in found if item.severity is not Severity.NOTE] == []
    for file in files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(file.content)
    for header, text in product.headers.items():
        (folder / header).write_text("\n".join(line.strip() for line in text.splitlines()))
    header, _, services = product.waits.partition(": ")
    (folder / f"mod_{name}_system.c").write_text(
        f'#include "{header}"\n'
        f"static const unsigned int scmi_notification_table[] = {{ {services} }};\n"
        "const unsigned int *services = scmi_notification_table;\n"
    )
    fragment = (folder / "scmi.cmake").read_text()
    listed = fragment.partition("foreach(module")[2].partition(")")[0]
    names = [f"{name}-system", *(word.strip('"') for word in listed.split())]
    entries = ", ".join(f"FWK_MODULE_IDX_{word.upper().replace('-', '_')}" for word in names)
    (folder / "fwk_module_idx.h").write_text(f"enum fwk_module_idx {{ {entries} }};\n")
    options = ("BUILD_HAS_NOTIFICATION", "BUILD_HAS_OUTBAND_MSG_SUPPORT", *more)
    command = [gcc, *FLAGS, *definitions(names, options), f"-I{folder}", f"-I{HERE / 'include'}"]
    made = folder / "firmware.elf"
    done = run([*command, *LINK, *map(str, sorted(folder.glob("*.c"))), "-o", str(made)])
    assert not done.returncode, done.stderr
    given = {file.path: file.content for file in make(platform, "runtime")[0]}["runtime.json"]
    firmware = Firmware(Image(made))
    said = [*findings(firmware), *model_findings(firmware, runtime.decode(given))]
    return [*(f"wrong: {what}" for what in said), *report(firmware)]


@pytest.mark.parametrize(
    ("name", "notifications"),
    [
        pytest.param("juno", True),
        pytest.param("juno", False, marks=pytest.mark.slow),
        pytest.param("morello", False),
        pytest.param("sgi575", False, marks=pytest.mark.slow),
    ],
)
def test_the_tables_of_a_product_are_those_of_its_agents_file(
    name: str,
    notifications: bool,
    request: pytest.FixtureRequest,
    tool: Callable[[str], str],
    tmp_path: Path,
) -> None:
    product = PRODUCTS[name]
    own = product.tree.endswith(".dts")
    tree = (FOLDER if own else request.getfixturevalue("corpus")) / product.tree
    said = build(tool("gcc"), name, tree, tmp_path, *([NOTIFICATIONS] if notifications else []))
    assert not [line for line in said if line.startswith("wrong: ")]
    wanted = product.services + (product.with_notifications if notifications else ())
    for index, line in enumerate(wanted):
        ends, _, channel = line.partition(", ")
        (service,) = (line for line in said if line.startswith(f"service {index} "))
        assert f"_{ends}, channel {index}, " in service
        (found,) = (line for line in said if line.startswith(f"channel {index} "))
        assert found.endswith(f"{'P2A' if '_P2A' in ends else 'A2P'} {channel}")
    assert not [line for line in said if line.startswith(f"service {len(wanted)} ")]
    rows = [line for line in said if line.startswith("clock ")]
    assert rows == list(product.rows)
