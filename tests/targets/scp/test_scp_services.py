"""The SCMI services that a product's own modules name, read from its sources."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import marked, model_of, tree_of
from targets.scp.test_scp_channels import BODY, BOXES, NAMED, SHMEM, made, merged
from targets.scp.test_scp_channels import text as channel_text

import scmigen
from scmigen.diagnostics import Severity
from scmigen.pipeline import emit_outputs
from scmigen.resources import directory
from scmigen.targets.make import make
from scmigen.targets.scp import product_sources
from scmigen.targets.scp.product_sources import read_product

EXAMPLES = directory("templates").parent / "examples" / "dts"
#: As in product/juno of SCP-firmware.
HEADER = """
enum acme_scmi_service_idx {
    ACME_SCMI_SERVICE_IDX_PSCI_A2P, /* not ACME_SCMI_SERVICE_IDX_X = 7, */
    ACME_SCMI_SERVICE_IDX_OSPM_A2P_0,
    ACME_SCMI_SERVICE_IDX_OSPM_A2P_1,
#ifdef BUILD_HAS_SCMI_NOTIFICATIONS
    ACME_SCMI_SERVICE_IDX_OSPM_P2A,
#endif
    ACME_SCMI_SERVICE_IDX_COUNT,
};
"""
MODULE = """
// ACME_SCMI_SERVICE_IDX_COMMENT
static unsigned int scmi_notification_table[] = {
    (unsigned int)ACME_SCMI_SERVICE_IDX_PSCI_A2P,
    (unsigned int)ACME_SCMI_SERVICE_IDX_OSPM_A2P_0,
    (unsigned int)ACME_SCMI_SERVICE_IDX_OSPM_A2P_1,
#ifdef BUILD_HAS_SCMI_NOTIFICATIONS
    (unsigned int)ACME_SCMI_SERVICE_IDX_OSPM_P2A,
#endif
};
"""
ALL = merged(
    ("psci", "a2p", {"index": "ACME_SCMI_SERVICE_IDX_PSCI_A2P"}),
    ("ospm", "a2p", {"index": "ACME_SCMI_SERVICE_IDX_OSPM_A2P_0"}),
    ("ospm", "a2p performance", {"index": "ACME_SCMI_SERVICE_IDX_OSPM_A2P_1"}),
    ("ospm", "p2a", {"index": "ACME_SCMI_SERVICE_IDX_OSPM_P2A"}),
    ("ospm", "p2a performance", {"left-out": True}),
)


@pytest.fixture
def product(tmp_path: Path) -> Path:
    write(tmp_path / "include/acme_scmi.h", HEADER)
    write(tmp_path / "module/acme_system/src/mod_acme_system.c", MODULE)
    write(tmp_path / "fw/config_scmi.c", "int a = ACME_SCMI_SERVICE_IDX_OF_A_TABLE;")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_enumerators_are_counted_and_uses_found(product: Path) -> None:
    found = read_product(product)
    stem = "ACME_SCMI_SERVICE_IDX_"
    assert {name.removeprefix(stem): value for name, value in found.values.items()} == {
        "PSCI_A2P": 0,
        "OSPM_A2P_0": 1,
        "OSPM_A2P_1": 2,
        "OSPM_P2A": 3,
        "COUNT": 4,
    }
    uses = {n.removeprefix(stem): (u.position.line, u.optional) for n, u in found.uses.items()}
    assert uses == {
        "PSCI_A2P": (4, False),
        "OSPM_A2P_0": (5, False),
        "OSPM_A2P_1": (6, False),
        "OSPM_P2A": (8, True),
    }


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("A_SCMI_SERVICE_IDX_Z = 4", 4),
        ("FIRST = (2U), A_SCMI_SERVICE_IDX_Z", 3),
        ("FIRST = 3, A_SCMI_SERVICE_IDX_Z = FIRST", 3),
        ("FIRST = OTHER, A_SCMI_SERVICE_IDX_Z", None),
        ("FIRST = 1 << 2, A_SCMI_SERVICE_IDX_Z", None),
        ("A_SCMI_SERVICE_IDX_Z", 0),
    ],
)
def test_what_an_enumerator_is(body: str, value: int | None, tmp_path: Path) -> None:
    write(tmp_path / "a.h", f"typedef enum {{ {body} }} a;")
    assert read_product(tmp_path).values == {"A_SCMI_SERVICE_IDX_Z": value}


@pytest.mark.parametrize(
    ("begin", "middle", "optional"),
    [
        ("#ifdef N", "", True),
        ("#if defined(N)", "", True),
        ("#ifndef N", "", False),
        ("#if !defined(N)", "", False),
        ("#if ! defined N", "#else", True),
        ("#ifndef N", "#else", True),
        ("#ifdef N", "#else", False),
        ("#ifndef N", "#elif X", False),
        ("#ifdef OTHER", "", False),
    ],
)
def test_what_only_a_build_with_notifications_names(
    begin: str, middle: str, optional: bool, tmp_path: Path
) -> None:
    begin = begin.replace("N", "BUILD_HAS_SCMI_NOTIFICATIONS") if "OTHER" not in begin else begin
    text = f"{begin}\n{middle}\nint a = A_SCMI_SERVICE_IDX_Z;\n#endif\n"
    write(tmp_path / "module/a/a.c", text)
    (use,) = read_product(tmp_path).uses.values()
    assert use.optional is optional


def test_a_name_of_any_length_is_none(tmp_path: Path) -> None:
    name = "A_SCMI_SERVICE_IDX_" + "Z" * 1000
    write(tmp_path / "module/a/a.c", f"int a = {name};")
    write(tmp_path / "a.h", f"enum {{ {name} }};")
    found = read_product(tmp_path)
    assert (found.values, found.uses, found.constants) == ({}, {}, {})


def test_two_values_of_one_name_are_none(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / f"{number}/a.h", f"enum {{ A_SCMI_SERVICE_IDX_Z = {number} }};")
    assert read_product(tmp_path).values == {"A_SCMI_SERVICE_IDX_Z": None}


MHU = """
enum acme_mhu_idx { ACME_MHU_S, /* secure */ ACME_MHU_NS, ACME_MHU_LAST = 7, ACME_MHU_END };
enum { ACME_ONE = 1, };
enum acme_other {
#ifdef ACME_BIG
    ACME_BIG,
#endif
    ACME_SMALL,
};
"""


def test_enumerators_have_a_value_where_it_is_one_in_every_build(product: Path) -> None:
    """As C counts them; those of an enumeration with a condition in it have none."""
    write(product / "include/acme_mhu.h", MHU)
    write(product / "fw1/twice.h", "enum { ACME_TWICE };")
    write(product / "fw2/twice.h", "enum { ACME_FIRST, ACME_TWICE };")
    known = read_product(product).constants
    assert known == {
        "ACME_MHU_S": 0,
        "ACME_MHU_NS": 1,
        "ACME_MHU_LAST": 7,
        "ACME_MHU_END": 8,
        "ACME_ONE": 1,
        "ACME_FIRST": 0,
    }


@pytest.mark.parametrize(
    ("psci", "ospm", "told"),
    [
        ("= ACME_MHU_NS", 1, ["has the doorbell of"]),
        ("= ACME_MHU_S", 1, []),
        ("= (ACME_MHU_NS)", "= ACME_ONE", ["has the doorbell of"]),
        ("= ACME_MHU_S", None, ["nothing says which element"]),
    ],
)
def test_a_doorbell_is_one_by_its_number(
    psci: str, ospm: object, told: list[str], product: Path
) -> None:
    write(product / "include/acme_mhu.h", MHU)
    bells = {"element": ospm} if ospm is not None else {}
    channels: dict[str, dict[str, dict[str, object]]] = {
        agent: {word: dict(said) for word, said in words.items()} for agent, words in ALL.items()
    }
    channels["psci"]["a2p"] |= {"element": psci, "slot": 6}
    channels["ospm"]["a2p"] |= {"slot": 6} | bells
    if ospm is None:
        channels["ospm"]["*"] = {}
        channels["ospm"]["p2a"]["element"] = 5
    _, said = made(channels, product=str(product))
    errors = [item.message for item in said if item.severity is Severity.ERROR]
    assert len(errors) == len(told), errors
    assert all(part in message for part, message in zip(told, errors, strict=True))


def test_the_tables_have_what_the_modules_name(product: Path) -> None:
    files, said = made(ALL, product=str(product))
    assert files, [item.message for item in said]
    service = files["config_scmi.c"]
    order = [
        service.index(f"[ACME_SCMI_SERVICE_IDX_{n}]")
        for n in ("PSCI_A2P", "OSPM_A2P_0", "OSPM_P2A")
    ]
    assert order == sorted(order)
    assert not [item for item in said if item.id == "scp-service"]


@pytest.mark.parametrize("known", [True, False])
def test_a_channel_without_an_index_has_the_free_one(known: bool, product: Path) -> None:
    """Beside enumerators only where their values are known."""
    channels = {agent: {w: dict(said) for w, said in words.items()} for agent, words in ALL.items()}
    del channels["ospm"]["p2a"]["index"]
    files, said = made(channels, **({"product": str(product)} if known else {}))
    if known:
        assert said == []
        assert "SCMI_CHANNEL_IDX_OSPM_P2A = 3," in files["scmi_idx.h"]
    else:
        (found,) = said
        assert "channel p2a of ospm needs an index" in found.message


def test_the_product_counts_as_many_services(product: Path) -> None:
    """A service that the product gets later stops its build; one that it has already is no error:
    perhaps nothing uses it."""
    wanted = (
        "#ifdef BUILD_HAS_SCMI_NOTIFICATIONS\n"
        "_Static_assert(\n"
        "    ACME_SCMI_SERVICE_IDX_COUNT == SCMI_CHANNEL_IDX_COUNT,\n"
        '    "the product has a service that is not here");\n'
        "#endif\n"
    )
    assert wanted in made(ALL, product=str(product))[0]["config_scmi.c"]
    (header,) = product.rglob("*scmi*.h")
    count = "    ACME_SCMI_SERVICE_IDX_COUNT,"
    write(header, header.read_text().replace(count, f"    ACME_SCMI_SERVICE_IDX_NEW,\n{count}"))
    assert "SERVICE_IDX_COUNT" not in made(ALL, product=str(product))[0]["config_scmi.c"]
    assert "SERVICE_IDX_COUNT" not in made(ALL)[0]["config_scmi.c"]


def test_a_service_that_is_missing_stops_the_build(product: Path) -> None:
    channels = merged(
        ("psci", "a2p", {"index": 0}),
        ("ospm", "a2p performance", {"left-out": True}),
        ("ospm", "p2a performance", {"left-out": True}),
        ("ospm", "p2a", {"left-out": True}),
    )
    files, said = made(channels, product=str(product))
    assert not files
    error, warning = sorted(said, key=lambda item: -item.severity)
    assert error.severity is Severity.ERROR
    assert "(2 in all): ACME_SCMI_SERVICE_IDX_OSPM_A2P_1 (2);" in error.message
    (place,) = [each.position for each in error.related]
    assert place is not None
    assert (Path(place.file).name, place.line) == ("mod_acme_system.c", 6)
    assert warning.severity is Severity.WARNING
    assert "ACME_SCMI_SERVICE_IDX_OSPM_P2A (3); built with SCMI notifications" in warning.message


def test_a_service_of_another_agent_is_no_substitute(product: Path) -> None:
    """Two agents in the order of their ids, as before there were indices: Juno's fault."""
    _, said = made(merged(), product=str(product))
    told = [item.message for item in said if item.severity is Severity.ERROR]
    assert told == [
        "ACME_SCMI_SERVICE_IDX_PSCI_A2P of the product is service 0, which here is the channel a2p "
        "of ospm",
        "ACME_SCMI_SERVICE_IDX_OSPM_A2P_1 of the product is service 2, which here is the channel "
        "a2p of psci",
    ]


LIST = 'list(APPEND SCP_MODULES "{}")\n'


@pytest.mark.parametrize(
    ("order", "ready", "told"),
    [
        ("acme-system scmi", "start", 0),
        ("scmi acme-system", "start", 2),
        ("scmi acme-system", "mailbox", 0),
        ("scmi", "start", 0),
    ],
)
def test_a_module_that_listens_too_late_is_told(
    order: str, ready: str, told: int, product: Path
) -> None:
    """As Morello's and N1SDP's, whose own tables have the services ready with the mailbox."""
    listed = "".join(LIST.format(name) for name in order.split())
    write(product / "fw/Firmware.cmake", f"# {LIST.format('acme-system')}{listed}")
    late = {"ready": ready, "power-domain": "= TOP"}
    channels = {agent: {w: dict(said) for w, said in words.items()} for agent, words in ALL.items()}
    channels["psci"]["a2p"] |= late
    channels["ospm"]["a2p"] |= late
    channels["ospm"]["a2p performance"] |= {"ready": "mailbox", "power-domain": "= TOP"}
    channels["ospm"]["p2a"] |= {"ready": "mailbox", "power-domain": "= TOP"}
    _, said = made(channels, product=str(product))
    late_ones = [item for item in said if "starts after scmi" in item.message]
    assert len(late_ones) == told
    assert {item.severity for item in late_ones} <= {Severity.WARNING}


def test_a_misspelt_enumerator_is_told(product: Path) -> None:
    _, said = made(
        merged(("psci", "a2p", {"index": "ACME_SCMI_SERVICE_IDX_PSCI"})), product=str(product)
    )
    (found,) = [item for item in said if "no enumerator" in item.message]
    assert "did you mean ACME_SCMI_SERVICE_IDX_PSCI_A2P" in (found.hint or "")


@pytest.mark.parametrize(
    ("key", "name", "meant"),
    [
        ("element", "ACME_MHU_NR", "ACME_MHU_NS"),
        ("memory", "ACME_PAYLOAD_HI_BASE + 4", "ACME_PAYLOAD_HIGH_BASE"),
        ("size", "ACME_PAYLOAD_SIZ", "ACME_PAYLOAD_SIZE"),
        ("power-domain", "ACME_POWER_IDX_SYSTOPP", "ACME_POWER_IDX_SYSTOP"),
        ("power-domain", "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_POWER_DOMAIN, 3)", None),
        ("slot", "ACME_MHU_NS", None),
        ("memory", "OTHER_BASE", None),
    ],
)
def test_names_of_channels_are_those_of_headers(
    key: str, name: str, meant: str | None, product: Path
) -> None:
    write(
        product / "include/acme_mmap.h",
        "enum { ACME_MHU_S, ACME_MHU_NS, ACME_POWER_IDX_SYSTOP };\n"
        "#define ACME_PAYLOAD_HIGH_BASE 0x1000\n#define ACME_PAYLOAD_SIZE 128\n"
        "#define ACME_DOMAIN FWK_ID_SUB_ELEMENT_INIT(FWK_MODULE_IDX_POWER_DOMAINS, 0, 3)\n",
    )
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    agents = channel_text(merged(("ospm", "a2p", {key: f"= {name}"})), product=str(product))
    found = make(model_of(tree_of(body), agents).platforms[0], "scp").diagnostics
    told = [item for item in found if item.id == "scp-element"]
    assert ["no header of the product has" in item.message for item in told] == [True] * bool(meant)
    assert all(f"did you mean {meant}" in (item.hint or "") for item in told)


def test_enumerators_of_declared_elements_are_those_of_headers(product: Path) -> None:
    write(product / "include/acme_power.h", "enum { ACME_POWER_IDX_BIG, ACME_POWER_IDX_LITTLE };")
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    declared = """
platform:
  elements:
    power:
      1: {name: little, enumerator: ACME_POWER_IDX_LITTLE}
      ^2: {name: big, enumerator: ACME_POWER_IDX_BIGG}
"""
    agents = channel_text(ALL, product=str(product)) + declared
    plain, position = marked(agents, "agents.yaml")
    found = make(model_of(tree_of(body), plain).platforms[0], "scp").diagnostics
    (told,) = [item for item in found if "no header of the product" in item.message]
    assert (told.position, told.severity) == (position, Severity.ERROR)
    assert "did you mean ACME_POWER_IDX_BIG" in (told.hint or "")


def test_a_directory_without_services_is_told(tmp_path: Path) -> None:
    files, said = made(product=str(tmp_path))
    assert files
    assert [item.message for item in said if item.id == "scp-service"] == [
        f"no source below {tmp_path} names an SCMI service"
    ]


def test_links_are_not_followed(product: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "b.h", "enum { B_SCMI_SERVICE_IDX_Z };")
    (product / "link").symlink_to(outside)
    (product / "c.h").symlink_to(outside / "b.h")
    (product / "self").symlink_to(product)
    os.mkfifo(product / "d.h")
    assert all(name.startswith("ACME") for name in read_product(product).values)


@pytest.mark.parametrize(
    ("limit", "why"),
    [("_MAX_FILES", "sources below it"), ("_MAX_ENTRIES", "files below"), ("_MAX_BYTES", "MiB")],
)
def test_more_than_a_product_is_refused(
    limit: str, why: str, product: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_sources, limit, 2)
    found = read_product(product)
    assert why in (found.problem or "")
    assert not found.values


def test_what_is_no_directory_is_refused(product: Path) -> None:
    assert read_product(product / "include/acme_scmi.h").problem == "Not a directory"
    assert read_product(product / "nothing").problem == "No such file or directory"


HOSTILE: dict[str, Callable[[], str]] = {
    "an open comment": lambda: "/*" * 20_000 + " SCMI_SERVICE_IDX_",
    "quotes": lambda: '"\\' * 20_000 + " SCMI_SERVICE_IDX_",
    "enum after enum": lambda: "enum " * 20_000 + "{ A_SCMI_SERVICE_IDX_Z",
    "parentheses": lambda: "enum { A_SCMI_SERVICE_IDX_Z = " + "(" * 20_000 + "}",
    "a name": lambda: "enum { A_SCMI_SERVICE_IDX_" + "Z_" * 20_000 + " = 1 }",
    "a huge number": lambda: "enum { A_SCMI_SERVICE_IDX_Z = " + "9" * 20_000 + " }",
    "directives": lambda: "#if\n" * 20_000 + "SCMI_SERVICE_IDX_" + "\n#endif" * 20_000,
    "no text": lambda: "\0\ud7ff" * 1000 + "SCMI_SERVICE_IDX_",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_are_read_to_the_end(name: str, tmp_path: Path) -> None:
    write(tmp_path / "a.h", HOSTILE[name]())
    write(tmp_path / "module/a.c", HOSTILE[name]())
    read_product(tmp_path)


def test_enumerators_without_the_product_need_no_values() -> None:
    files, said = made(NAMED)
    assert files, said


def test_the_sources_are_what_a_build_depends_on(product: Path) -> None:
    """With the paths that the agents file makes of it; a directory that is none has none."""
    agents = product / "agents.yaml"
    for name, expected in (
        ("fw", ["fw/config_scmi.c"]),
        (".", ["fw/config_scmi.c", "include/acme_scmi.h", "module/acme_system/src/"]),
        ("none", []),
    ):
        agents.write_text(
            "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
            f"outputs: {{scp: {{product: {name}}}}}\n"
        )
        model = scmigen.compile(EXAMPLES / "minimal.dts", agents=[agents]).model
        read = emit_outputs(model, ["scp-product"], explicit=True).read
        assert len(read) == len(expected)
        for path, end in zip(read, expected, strict=True):
            assert f"/{end}" in path
    assert emit_outputs(model, ["runtime"], explicit=True).read == ()


def test_one_build_reads_a_source_once(product: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks and files are of the same sources, though these change meanwhile."""
    opened: list[str] = []
    real = product_sources.read_part

    def read_part(path: Path, size: int) -> bytes:
        opened.append(path.name)
        data = real(path, size)
        path.write_bytes(b"")
        return data

    monkeypatch.setattr(product_sources, "read_part", read_part)
    files, _ = made(ALL, product=str(product))
    assert sorted(opened) == ["acme_scmi.h", "config_scmi.c", "mod_acme_system.c"]
    assert "ACME_SCMI_SERVICE_IDX_COUNT" in files["config_scmi.c"]
