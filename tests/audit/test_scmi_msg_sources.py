"""Platforms of OP-TEE and TF-A, as sources: what each channel may do, worked out by hand."""

from pathlib import Path

import pytest
from scmi_msg_sources import SERVER, channels, write

from scmigen.audit.registry import find, recognised
from scmigen.diagnostics import InputError
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind


def test_a_platform_is_recognised_by_its_sources(tmp_path: Path) -> None:
    for path in (write(tmp_path), tmp_path / "plat-acme/scmi_server.c"):
        reader = recognised(path)
        assert reader is not None
        assert reader.name == "scmi-msg"


def test_each_channel_may_do_what_the_functions_answer(tmp_path: Path) -> None:
    audit = find("scmi-msg").read(write(tmp_path))
    assert [item.message for item in audit.diagnostics] == []
    assert channels(audit) == {
        "channel0": {
            "clock": {0: ("uart", "state+read", ""), 2: ("gpu", "read", "")},
            # What a pointer is set to at run time decides.
            "reset": {0: ("uart_rst", "", "reset")},
        },
        "channel1": {"clock": {0: ("pll", "state+read", "")}},
    }
    assert audit.served.numbering is Numbering.PER_AGENT


def test_each_row_is_where_its_name_is_written(tmp_path: Path) -> None:
    platform = write(tmp_path)
    served = find("scmi-msg").read(platform).served
    rows = [
        (row, served.resources[kind][row.resource])
        for agent in served.agents
        for kind, grants in agent.grants.items()
        for row in grants
    ]
    assert len(rows) == 4
    for row, resource in rows:
        assert row.source == resource.source is not None
        file, line = row.source.rsplit(":", 1)
        assert f'"{resource.name}"' in Path(file).read_text().split("\n")[int(line) - 1]


def test_flags_beside_the_sources_are_those_of_the_compiler(tmp_path: Path) -> None:
    platform = write(tmp_path)
    (platform / "compile_flags.txt").write_text("-Wall\n-DCFG_ACME_NPU\n")
    found = channels(find("scmi-msg").read(platform))
    assert found["channel0"]["clock"][3] == ("npu", "state+read", "")


def test_the_configuration_of_a_build_of_op_tee_is_that_of_the_compiler(tmp_path: Path) -> None:
    write(tmp_path)
    root = tmp_path / "optee"
    arch = root / "core/arch/arm"
    arch.mkdir(parents=True)
    (tmp_path / "plat-acme").rename(arch / "plat-acme")
    (root / "core/include/drivers").mkdir(parents=True)
    (root / "core/include/drivers/scmi-msg.h").write_text("#define CFG_SEEN 1\n")
    generated = root / "out/arm-plat-acme/include/generated"
    generated.mkdir(parents=True)
    (generated / "conf.h").write_text("#define CFG_ACME_NPU 1 /* '1' */\n")
    found = channels(find("scmi-msg").read(root / "out/arm-plat-acme"))
    assert found["channel0"]["clock"][3] == ("npu", "state+read", "")


def test_a_count_that_cannot_be_told_takes_its_kind_out(tmp_path: Path) -> None:
    server = SERVER.replace("return resources[channel_id].clock_count;", "return acme_count();")
    audit = find("scmi-msg").read(write(tmp_path, server))
    assert Kind.CLOCK not in audit.served.kinds
    (first, *_) = audit.diagnostics
    assert first.message == (
        "how many clock resources channel 0 has: what acme_count() gives is known only at run time"
    )
    assert first.position is not None
    assert first.position.line == server.split("\n").index("\treturn acme_count();") + 1


def test_a_directory_without_such_functions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scmi.c").write_text("#include <drivers/scmi-msg.h>\nint x;\n")
    with pytest.raises(InputError) as raised:
        find("scmi-msg").read(tmp_path)
    assert [item.message for item in raised.value.diagnostics] == [
        "no source has functions plat_scmi_…_count"
    ]
