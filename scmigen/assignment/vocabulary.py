"""The keys of the parts of an agents file that a system device tree shares with other tools.

System Device Tree specification, chapters 3, 4, 6 and 7, and what Lopper's own files add. A key is
ours, or belongs to another tool and is passed over, or is unknown. Passing over a key that nearly
is one of ours would change permissions, so that is an error.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from enum import Enum

from scmigen.data import Data, field

#: How similar to one of ours a key must be to count as misspelt (`difflib`, 0 to 1).
SIMILAR = 0.75


class Standing(Enum):
    """What a key is to us."""

    OURS = "ours"
    PASSED = "passed"
    UNKNOWN = "unknown"
    WRONG = "wrong"


class Vocabulary(Data):
    """The keys of one kind of mapping.

    ``elsewhere``: keys of ours that belong somewhere else, and what to write there.
    """

    ours: tuple[str, ...]
    passed: frozenset[str] = frozenset()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def standing(self, key: str) -> tuple[Standing, str | None]:
        """What ``key`` is, and where it is wrong a hint at the right one."""
        if key in self.ours:
            return Standing.OURS, None
        if key in self.elsewhere:
            return Standing.WRONG, f"write {self.elsewhere[key]}"
        base = key.partition("!")[0]
        if base in self.ours:
            return Standing.WRONG, f"resolve conditional keys first; only {base} is read here"
        if base.startswith(("scmigen,", "scmi,")):
            return Standing.WRONG, "properties of /domains are keys here: scmi: {id: …, role: …}"
        if base in self.passed or "," in base or base.startswith("#"):
            return Standing.PASSED, None
        near = get_close_matches(base.lower(), (*self.ours, *self.elsewhere), 3, SIMILAR)
        if near:
            words = dict.fromkeys(self.elsewhere.get(word, word) for word in near)
            return Standing.WRONG, "did you mean " + " or ".join(words) + "?"
        return Standing.UNKNOWN, None


def misplaced(key: str, known: Collection[str]) -> str | None:
    """A hint at where a key of ours belongs that is none of ``known``; none for a misspelt one."""
    near = get_close_matches(key, known, 1, SIMILAR)
    return None if near or key not in ELSEWHERE else f"write {ELSEWHERE[key]}"


def _inside(template: str, keys: Collection[str]) -> dict[str, str]:
    return {key: template.format(key) for key in keys}


#: An agents file as a whole. A system device tree in YAML may have any node of the tree here.
FILE = Vocabulary(
    ("format", "domains", "platform", "checks", "waivers", "policies", "outputs"),
    frozenset(
        {"aliases", "axi", "chosen", "compatible", "cpus", "definitions", "memory", "model"}
        | {"reserved-memory", "sram"}
    ),
    {
        **_inside(
            "platform: {{{}: …}}",
            (
                *("managed", "fixed", "local", "devices", "owners", "always-on", "assume", "opp"),
                *("vendor", "sub-vendor", "system-power", "extra", "elements"),
            ),
        ),
        **_inside("domains: {{NAME: {{{}: …}}}}", ("access", "grant", "scmi", "default")),
        **_inside(
            "domains: {{NAME: {{scmi: {{{}: …}}}}}}", ("role", "profile", "transport", "needs")
        ),
    },
)
#: A domain.
DOMAIN = Vocabulary(
    (
        *("compatible", "id", "scmi", "default", "access", "access-implicit-default", "grant"),
        *("domains", "parent"),
    ),
    frozenset(
        {"aliases", "chosen", "cpus", "domain-to-domain", "firewallconf", "firewallconf-default"}
        | {"firewallconfig", "firewallconfig-default", "label", "linker", "memory"}
        | {"memory-implicit-default", "reserved-memory", "spec_name", "sram"}
        | {"sram-implicit-default", "zephyr-version"}
    ),
    {
        **_inside(
            "scmi: {{{}: …}}",
            ("role", "profile", "transport", "permissions", "system-power", "needs"),
        ),
        **_inside("scmi: {{transport: {{{}: …}}}}", ("smc-id", "shmem")),
        **_inside("flags: {{{}: …}} in an entry of access", ("shared", "timeshare", "assignable")),
        **_inside("access: [{{{}: …}}]", ("dev", "flags")),
        **_inside("grant: [{{{}: …}}]", ("operations", "protocol")),
        **_inside("platform: {{{}: …}} at the top of the file", ("managed", "owners", "elements")),
    },
)
#: An entry of ``access``. Lopper splices in the list that ``<<+`` names.
ENTRY = Vocabulary(
    ("dev", "flags", "<<+"),
    frozenset({"bootph", "label", "pm_node", "source", "spec_name", "status"}),
    {
        "assignable": "flags: {assignable: [AGENT, …]}",
        "shared": "flags: {shared: true}",
        "timeshare": "flags: {timeshare: true}",
        "operations": "grant: [{KIND: …, operations: […]}] in the domain",
    },
)
#: Flags of an entry, and ``access-implicit-default``. ``timeshare`` is Lopper's word for shared.
FLAGS = Vocabulary(
    ("shared", "timeshare", "assignable"),
    frozenset(
        {"access", "allow-secure", "coherent", "context", "qos", "read-only", "requested"}
        | {"requested-secure", "requested_emit_wakeup", "requested_full_access"}
        | {"requested_preserve_context", "secure", "unusable", "virtualized", "wakeup"}
    ),
    {"dev": "dev: … beside flags"},
)
#: ``scmi`` of a domain, its ``transport``, and an entry of ``checks``: these are ours alone.
SCMI = ("id", "role", "profile", "transport", "permissions", "system-power", "needs")
TRANSPORT = ("type", "smc-id", "shmem", "channel")
CHECK = ("severity", "reason")
#: An entry of ``grant``, besides the kind of the resource.
GRANT = ("protocol", "id", "operations", "reason")
#: Keys of ours that belong elsewhere than in a part that is ours alone, and what to write there.
ELSEWHERE: Mapping[str, str] = {
    **_inside("{}: … at the top of the file", ("domains", "platform", "checks", "waivers")),
    **_inside("{}: … at the top of the file", ("policies", "outputs", "format")),
    **_inside("{}: … in a domain", ("access", "grant", "default", "parent")),
    **_inside("scmi: {{{}: …}} in a domain", ("role", "profile", "transport", "permissions")),
    **_inside("scmi: {{{}: …}} in a domain", ("needs",)),
    **_inside("scmi: {{transport: {{{}: …}}}} in a domain", ("smc-id", "shmem", "channel")),
    **_inside("flags: {{{}: …}} in an entry of access", ("shared", "timeshare", "assignable")),
    **_inside("access: [{{{}: …}}] in a domain", ("dev", "flags")),
    **_inside("grant: [{{{}: …}}] in a domain", ("operations", "protocol")),
    **_inside("platform: {{{}: …}}", ("managed", "fixed", "local", "devices", "owners", "assume")),
    **_inside("platform: {{{}: …}}", ("vendor", "sub-vendor", "system-power", "extra", "elements")),
    **_inside("platform: {{{}: …}}", ("opp", "always-on")),
    **_inside("platform: {{assume: {{{}: …}}}}", ("clock-rate", "values")),
    **_inside("platform: {{system-power: {{{}: …}}}}", ("grace",)),
    "allow": "operations: […]",
}
#: ``assume`` of ``platform``.
ASSUME = ("clock-rate", "values")
#: An entry of its ``values``, and an operating point in ``levels``.
VALUES = ("clock", "voltage", "performance", "range", "rates", "levels", "step")
POINT = ("frequency", "voltage", "power", "level")
#: An entry of ``opp`` of ``platform``.
OPP = ("table", "name", "supported-hw")
