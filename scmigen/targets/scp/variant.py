"""The three kinds of firmware that get tables, as values that state their differences."""

from collections.abc import Mapping
from enum import Enum

from scmigen.data import Data


class Mocks(Enum):
    """What becomes of a provider without a driver: a mock in silence, one with a warning, or an
    error."""

    SILENT = "silent"
    REPORTED = "reported"
    REFUSED = "refused"


class Channels(Data):
    """The module that moves messages, as SCMI services name it, and its header."""

    module: str
    api: str
    header: str


class Variant(Data):
    """A kind of firmware.

    ``name`` is its word in messages and ``title`` what it is. ``simulated``: a program of the build
    machine, with memory, doorbells and a timer of its own. ``ways`` are the directions of an
    agent's channels: A2P (agent to platform), P2A. ``transport`` are the modules below the SCMI
    module, ``last`` those after all others. ``transport_files`` and ``build_files`` map paths to
    templates. ``mailboxes``: the agents' shared memory and doorbells are the product's own.
    ``indexed_by_channel``: agents' channel numbers are the indices of their mailboxes.
    ``included``: the tables become part of a firmware that may have more protocols, and modules of
    its own for them. ``assumed_allowed``: whether the tables may contain assumed values.
    ``power_views``: agents can have numbers of their own for power domains. ``no_system_power``,
    ``no_fast_channels`` and ``no_power_capping`` say why it cannot have these.
    """

    name: str
    title: str
    mocks: Mocks
    channels: Channels
    transport: tuple[str, ...]
    transport_files: Mapping[str, str]
    build_files: Mapping[str, str]
    ways: tuple[str, ...] = ("A2P",)
    last: tuple[str, ...] = ()
    simulated: bool = False
    mailboxes: bool = False
    indexed_by_channel: bool = False
    included: bool = False
    assumed_allowed: bool = True
    power_views: bool = True
    no_system_power: str | None = None
    no_fast_channels: str | None = None
    no_power_capping: str | None = None


_TRANSPORT = Channels("TRANSPORT", "MOD_TRANSPORT_API_IDX_SCMI_TO_TRANSPORT", "mod_transport.h")

HOST = Variant(
    name="host",
    title="a program of the build machine",
    mocks=Mocks.SILENT,
    simulated=True,
    ways=("A2P", "P2A"),
    channels=_TRANSPORT,
    transport=("mock-interrupt", "mock-doorbell", "transport"),
    transport_files={
        "config_transport.c": "config_transport.c",
        "config_mock_interrupt.c": "host/config_mock_interrupt.c",
        "config_mock_doorbell.c": "host/config_mock_doorbell.c",
    },
    build_files={
        "Firmware.cmake": "Firmware.cmake",
        "CMakeLists.txt": "CMakeLists.txt",
        "product.mk": "host/product.mk",
        "fmw_notification.h": "host/fmw_notification.h",
    },
)

PRODUCT = Variant(
    name="product",
    title="tables of a product",
    mocks=Mocks.REFUSED,
    mailboxes=True,
    included=True,
    assumed_allowed=False,
    channels=_TRANSPORT,
    transport=("transport",),
    transport_files={"config_transport.c": "config_transport.c"},
    build_files={"scmi.cmake": "product/scmi.cmake"},
)

OPTEE = Variant(
    name="optee",
    title="a library for OP-TEE",
    mocks=Mocks.REPORTED,
    indexed_by_channel=True,
    channels=Channels("MSG_SMT", "MOD_MSG_SMT_API_IDX_SCMI_TRANSPORT", "mod_msg_smt.h"),
    transport=("optee-mbx", "msg-smt"),
    last=("optee-console",),
    transport_files={
        "config_msg_smt.c": "optee/config_msg_smt.c",
        "config_optee_mbx.c": "optee/config_optee_mbx.c",
    },
    build_files={
        "Firmware.cmake": "Firmware.cmake",
        "CMakeLists.txt": "CMakeLists.txt",
        "fmw_notification.h": "host/fmw_notification.h",
        "optee-conf.mk": "optee/optee-conf.mk",
        "optee-sub.mk": "optee/optee-sub.mk",
        "fmw_io.h": "optee/fmw_io.h",
        "fmw_log.h": "optee/fmw_log.h",
        "scmi_configure.h": "optee/scmi_configure.h",
    },
    # Its makefiles compile SCP-firmware's module, which needs a guard for them.
    power_views=False,
    no_system_power="OP-TEE has no timer for it, and PSCI switches the system off",
    no_fast_channels="fast channels belong to the module transport, which OP-TEE does not have",
    no_power_capping="OP-TEE's makefiles do not know the modules of power caps",
)

#: The variants by the word that ``outputs: {scp: {target: …}}`` and ``--scp-target`` have for them.
VARIANTS: Mapping[str, Variant] = {variant.name: variant for variant in (HOST, PRODUCT, OPTEE)}
