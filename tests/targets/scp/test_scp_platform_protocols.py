"""Protocols of a product's own, which the permissions of SCP-firmware ask functions for."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import model_of, tree_of
from targets.scp.scp_build import FLAGS, HERE, run
from targets.scp.test_scp_channels import BELLS, BODY, BOXES, SHMEM, made, text
from targets.scp.test_scp_services import HEADER, MODULE, write

from scmigen.diagnostics import Diagnostic, Severity
from scmigen.model.platform import Model
from scmigen.targets.make import make, option_problems

#: As in product/neoverse-rd/sgi575 of SCP-firmware, and a protocol that the product itself defines.
PERMISSIONS = """
#include <mod_scmi_apcore.h>
/* MOD_SCMI_PROTOCOL_ID_OTHER is not one */
static int denied = MOD_SCMI_PROTOCOL_ID_BEFORE;
enum mod_res_perms_permissions mod_res_plat_agent_protocol_permissions(
    uint32_t agent_id,
    uint32_t protocol_id)
{
    if (protocol_id == MOD_SCMI_PROTOCOL_ID_APCORE ||
        protocol_id == MOD_SCMI_PROTOCOL_ID_FUSES ||
        protocol_id == MOD_SCMI_PROTOCOL_ID_CLOCK)
        return MOD_RES_PERMS_ACCESS_ALLOWED;

    return MOD_RES_PERMS_ACCESS_DENIED;
}
"""
CALLER = """
#include <mod_resource_perms.h>
#include <stdio.h>
enum mod_res_perms_permissions mod_res_plat_agent_protocol_permissions(uint32_t, uint32_t);
enum mod_res_perms_permissions mod_res_plat_agent_message_permissions(
    uint32_t, uint32_t, uint32_t);
enum mod_res_perms_permissions mod_res_plat_agent_resource_permissions(
    uint32_t, uint32_t, uint32_t, uint32_t);
int main(void)
{
    for (uint32_t agent = 0; agent < 5; agent++)
        for (uint32_t protocol = 0x10; protocol < 0x100; protocol++) {
            int whole = mod_res_plat_agent_protocol_permissions(agent, protocol);
            if (whole != (int)mod_res_plat_agent_message_permissions(agent, protocol, 3) ||
                whole != (int)mod_res_plat_agent_resource_permissions(agent, protocol, 4, 7))
                return 1;
            if (whole == MOD_RES_PERMS_ACCESS_ALLOWED)
                printf("%u:%x ", agent, protocol);
        }
    return 0;
}
"""
KEY = "platform-protocols"


def model(**scp: object) -> Model:
    """A product whose agents file has these options."""
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    return model_of(tree_of(body), text(BELLS, **scp))


def denied(**scp: object) -> list[Diagnostic]:
    _, found = make(model(**scp).platforms[0], "scp")
    return [item for item in found if "every agent, though" in item.message]


@pytest.fixture
def product(tmp_path: Path) -> Path:
    write(tmp_path / "include/acme_scmi.h", HEADER)
    write(tmp_path / "module/acme_system/src/mod_acme_system.c", MODULE)
    write(
        tmp_path / "fw/include/mod_scmi_fuses.h",
        "#define MOD_SCMI_PROTOCOL_ID_FUSES (UINT32_C(0xA4))\n",
    )
    write(tmp_path / "fw/config_resource_perms.c", PERMISSIONS)
    return tmp_path


def compiled(gcc: str, folder: Path, files: dict[str, str], *more: str) -> Path:
    for path in ("scmi_idx.h", "config_resource_perms.c"):
        write(folder / path, files[path])
    write(folder / "caller.c", CALLER)
    made = folder / "caller"
    sources = [str(folder / "config_resource_perms.c"), str(folder / "caller.c")]
    done = run([gcc, *FLAGS, *more, f"-I{HERE / 'include'}", *sources, "-o", str(made)])
    assert not done.returncode, done.stderr
    return made


def test_an_agent_has_the_protocols_that_it_is_given(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Each number of each agent, and with all messages; nothing else, whatever is asked for."""
    files, _ = made(**{KEY: {"psci": [0x90], "ospm": [0xFF, 0x80]}})
    program = compiled(tool("gcc"), tmp_path, files)
    numbers = dict(re.findall(r"SCMI_AGENT_IDX_(\w+) = (\d+)", files["scmi_idx.h"]))
    psci, ospm = numbers["PSCI"], numbers["OSPM"]
    wanted = {f"{psci}:90", f"{ospm}:80", f"{ospm}:ff"}
    done = run([str(program)])
    assert not done.returncode
    assert set(done.stdout.split()) == wanted


@pytest.mark.parametrize("said", [None, {}, {"psci": []}])
def test_nobody_has_one_unless_somebody_said_so(said: object) -> None:
    files, _ = made(**({} if said is None else {KEY: said}))
    table = files["config_resource_perms.c"]
    assert "mod_res_plat" not in table
    assert ("BUILD_HAS_MOD_SCMI_APCORE" in table) is (said is None)


def test_a_build_with_its_module_stops_where_nothing_was_said(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    files, _ = made()
    with pytest.raises(AssertionError, match="platform-protocols in the agents file"):
        compiled(tool("gcc"), tmp_path, files, "-DBUILD_HAS_MOD_SCMI_APCORE=1")


def test_there_is_room_for_all_protocols_of_a_product() -> None:
    """Eight of the standard besides base, for which SCP-firmware has modules, and the product's."""
    for said, most in (({}, 9), ({"psci": [0x90], "ospm": [0x90, 0x91, 0x92]}, 11)):
        files, _ = made(**{KEY: said})
        assert f".protocol_count_max = {most}," in files["config_scmi.c"]


def test_what_the_products_tables_allow_is_told(product: Path) -> None:
    apcore, fuses = denied(product=str(product))
    assert (apcore.id, apcore.severity) == ("scp-denied", Severity.WARNING)
    assert apcore.message.startswith("protocol APCORE (0x90) is denied to every agent")
    assert "platform-protocols: {psci: [0x90]}" in (apcore.hint or "")
    (where,) = apcore.related
    assert where.position is not None
    assert (where.position.line, where.position.column) == (9, 24)
    assert fuses.message.startswith("protocol FUSES (0xA4) is denied to every agent")
    assert not denied(product=str(product), **{KEY: {"psci": [0x90], "ospm": [0xA4]}})
    assert not denied(product=str(product), **{KEY: {}})
    (left,) = denied(product=str(product), **{KEY: {"ospm": [0x90]}})
    assert "FUSES" in left.message


def test_a_protocol_without_a_known_number_is_told(product: Path) -> None:
    (product / "fw/include/mod_scmi_fuses.h").unlink()
    (found,) = denied(product=str(product), **{KEY: {"psci": [0x90]}})
    assert found.message.startswith("protocol FUSES may be denied to every agent, though")


def test_a_firmware_with_the_module_is_told(product: Path) -> None:
    (product / "fw/config_resource_perms.c").unlink()
    assert not denied(product=str(product))
    write(product / "fw/Firmware.cmake", 'list(APPEND SCP_MODULES "scmi-apcore")\n')
    (found,) = denied(product=str(product))
    assert "the product's firmware has its module" in found.message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"psci": [0x7F]}, "must be the number of a protocol of the product, 0x80 to 0xFF"),
        ({"psci": [256]}, "must be the number of a protocol of the product, 0x80 to 0xFF"),
        ({"psci": 0x90}, "must be a list"),
        ({"pcsi": [0x90]}, "no agent 'pcsi'"),
    ],
)
def test_what_is_wrong_is_an_error(said: object, message: str) -> None:
    assert [found for found in option_problems(model(**{KEY: said})) if message in found.message]


def test_hostile_permissions_are_read_to_the_end(tmp_path: Path) -> None:
    hook = "mod_res_plat_agent_protocol_permissions("
    for text_ in (
        hook + " MOD_SCMI_PROTOCOL_ID_" * 40_000,
        "#define MOD_SCMI_PROTOCOL_ID_A " + " " * 200_000,
        "mod_res_plat_agent_" * 40_000 + "MOD_SCMI_PROTOCOL_ID_",
    ):
        write(tmp_path / "config_resource_perms.c", text_)
        write(tmp_path / "a.h", text_)
        denied(product=str(tmp_path))
