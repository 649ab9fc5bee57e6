"""A small tree with the shape of imx-sm: a device, a board, peripherals, one configuration.

Names and numbers are ours; `CELLS` is worked out by hand from the documents of the language.
"""

from pathlib import Path

CLOCKS = """
#define CLOCK_NUM_SRC 3UL
#define CLOCK_SRC_OSC 0U
#define CLOCK_SRC_PLL 1U
#define CLOCK_ROOT_UART 0U
#define CLOCK_ROOT_CAN \\
    (CLOCK_ROOT_UART + 1U)
"""
DEVICE = """
/* #define DEV_SM_CLK_GONE 7U */
#define DEV_SM_NUM_CLOCK (CLOCK_NUM_SRC + 2U)
#define DEV_SM_CLK_OSC   CLOCK_SRC_OSC                    /*!< 0: a source */
#define DEV_SM_CLK_PLL   CLOCK_SRC_PLL                    /*!< 1: a source */
#define DEV_SM_CLK_UART  (CLOCK_ROOT_UART + CLOCK_NUM_SRC) /*!< 9: wrong on purpose, it is 3 */
#define DEV_SM_CLK_CAN   (CLOCK_ROOT_CAN \\
    + CLOCK_NUM_SRC)   /*!< 4: a root */
#define DEV_SM_PD_AON    0U
#define DEV_SM_PD_WAKEUP 1U
#define DEV_SM_PERF_CPU  0U
#define DEV_SM_PERF_LVL_LOW 1U
#define DEV_SM_PIN_TX    0x5U
#define DEV_SM_SENSOR_TEMP 0U
#define DEV_SM_NUM_SENSOR 1UL
#define DEV_SM_RST_USB   2U
#define DEV_SM_RST_COLD  0U
#define DEV_SM_CTRL_MCLK 0U
"""
BOARD = """
#define BRD_SM_SENSOR_PMIC (DEV_SM_NUM_SENSOR + 0U)
"""
PERIPHERALS = """
# what the tool calls peripherals
UART:     PD_WAKEUP, CLK_UART, MBC_W0=0.96, \\
          RST_USB
CAN:      PD_WAKEUP, CLK_CAN, MBC_W0=0.97
OWNER:    perm=rw
CPUX:     PERF_CPU OWNER2
PD_WAKEUP:
"""
CONFIG = """
MAKE    soc=ACME, board=acmeevk, build=gcc
include ../devices/ACME/configtool/device.cfg

OWNER:  api=set
ALL:    api=all
LM0     name="SM", rpc=none, boot=1, did=2
OWNER:  perm=sec_rw, api=all
PIN_TX  OWNER
LM1     name="AP", rpc=scmi, did=3
SCMI_AGENT0 name="AP-S", secure
MAILBOX type=mu, mu=1, test=0
CHANNEL db=0, xport=smt, rpc=scmi, type=a2p
UART    OWNER
CAN     clk=get, OWNER
OWNER:  api=set
CLK_OSC OWNER     # another level from here on
OWNER2: api=priv
CPUX
SYS     NOTIFY
SCMI_AGENT1 name="AP-NS"
MAILBOX type=mu, mu=3, test=2
CHANNEL db=0, xport=smt, rpc=scmi, type=a2p
CHANNEL db=1, xport=smt, rpc=scmi, type=p2a_notify
CLK_CAN api=set
CLK_CAN ALL
BRD_SM_SENSOR_PMIC api=notify
DEV_SM_PD_AON ALL
LMM_2   ALL
LM2     name="M7", rpc=scmi, did=4
SCMI_AGENT2 name="M7", dup=0
MAILBOX type=mu, mu=9, test=8, priority=high
CHANNEL db=0, xport=smt, check=crc32, rpc=scmi, type=a2p, \\
        test=default
CLK_PLL ALL
"""
#: Agent, resource and level.
CELLS = {
    (0, "DEV_SM_CLK_UART", "all"),
    (0, "DEV_SM_RST_USB", "all"),
    (0, "DEV_SM_CLK_CAN", "get"),
    (0, "DEV_SM_CLK_OSC", "set"),
    (0, "DEV_SM_PERF_CPU", "priv"),
    (1, "DEV_SM_CLK_CAN", "all"),
    (1, "BRD_SM_SENSOR_PMIC", "notify"),
    (1, "DEV_SM_PD_AON", "all"),
    (1, "DEV_SM_LMM_2", "all"),
    (2, "DEV_SM_CLK_UART", "all"),
    (2, "DEV_SM_RST_USB", "all"),
    (2, "DEV_SM_CLK_CAN", "get"),
    (2, "DEV_SM_CLK_OSC", "set"),
    (2, "DEV_SM_PERF_CPU", "priv"),
}
#: A generated header with two of the agents.
HEADER = """
#define SM_SCMI_AGNT0_CONFIG \\
    { \\
        .name = "AP-S", \\
        .scmiInst = 0U, \\
        .domId = 3U, \\
        .secure = 1U, \\
        .clkPerms[DEV_SM_CLK_UART] = SM_SCMI_PERM_ALL, \\
        .sysPerms = SM_SCMI_PERM_NOTIFY, \\
    }

#define SM_SCMI_AGNT1_CONFIG \\
    { \\
        .name = "AP-NS", \\
        .scmiInst = 0U, \\
        .lmmPerms[2] = SM_SCMI_PERM_PRIV, \\
    }
#define SM_SCMI_NUM_AGNT  2U
"""
MADE = """
BOARD ?= acmeevk
include ./devices/ACME/sm/Makefile
"""


def write(folder: Path, config: str = CONFIG, header: str = HEADER) -> Path:
    """The tree in a folder; the path of its configuration."""
    files = {
        "devices/ACME/drivers/fsl_clock.h": CLOCKS,
        "devices/ACME/sm/dev_sm_clock.h": DEVICE,
        "boards/acmeevk/sm/brd_sm_sensor.h": BOARD,
        "devices/ACME/configtool/device.cfg": PERIPHERALS,
        "configs/acme.cfg": config,
        "configs/acme/config_scmi.h": header,
        "configs/acme/config.mak": MADE,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "configs/acme.cfg"
