"""What has to hold of who may do what: ``policies`` of an agents file."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import PolicySaid
from scmigen.assignment.located import Located
from scmigen.scmi.operations import Operation

#: The forms of a policy, and the keys of one.
FORMS = ("never", "only", "isolated")
KEYS = (*FORMS, "reason")
#: How the forms name agents, and what else they have.
AGENTS = {"never": "agent", "only": "agents"}
TARGETS = ("affects", "on", "operation")

#: Each is held against all devices.
MAX_POLICIES = 250
#: Devices and resources that all of them name, each of which is looked for in the tree.
MAX_NAMES = 1000

_EXAMPLE = 'never: {agent: vm1, affects: "&npu"}'


def read_policies(where: Located) -> Iterator[PolicySaid]:
    """The policies in a list; what is wrong with one is reported, and that one is left out."""
    names = 0
    for number, item in enumerate(where.items("policies")):
        if number == MAX_POLICIES:
            item.wrong(f"there are more than {MAX_POLICIES} policies", "name patterns or lists")
            return
        policy = _policy(item)
        if policy is not None:
            names += len(policy.affects) + len(policy.on)
            if names > MAX_NAMES:
                problem = f"policies name more than {MAX_NAMES} devices and resources"
                item.wrong(problem, 'name patterns, or "&cru *" for all that a provider has')
                return
            yield policy


def _policy(item: Located) -> PolicySaid | None:
    parts = item.mapping("a policy", KEYS)
    reason = parts["reason"].text("reason") if "reason" in parts else ""
    forms = [form for form in FORMS if form in parts]
    if len(forms) != 1:
        item.lacks(f"a policy has one of {', '.join(FORMS)}", f"write {_EXAMPLE}")
    elif reason is not None and not reason.strip():
        item.lacks("a policy needs a reason", 'write reason: "why it has to be so"')
    elif reason is not None:
        (form,) = forms
        read = _isolated if form == "isolated" else _of_agents
        return read(form, parts[form], reason)
    return None


def _isolated(form: str, where: Located, reason: str) -> PolicySaid | None:
    agents = dict.fromkeys(where.texts("isolated"))
    if len(agents) < 2:
        where.wrong("isolated needs two agents or more", "write isolated: [vm1, vm2]")
        return None
    return PolicySaid(form, reason, tuple(agents), position=where.position)


def _of_agents(form: str, where: Located, reason: str) -> PolicySaid | None:
    word = AGENTS[form]
    parts = where.mapping(form, (word, *TARGETS))
    lists = {key: parts[key].texts(key) for key in (word, "affects", "on") if key in parts}
    targets = [key for key in ("affects", "on") if key in parts]
    if not lists.get(word):
        where.lacks(f"{form} needs {word}", f"write {word}: vm1 or {word}: [vm1, vm2]")
    elif len(targets) != 1 or not lists[targets[0]]:
        hint = f'write {_EXAMPLE}, or on: "&cru *"'
        where.lacks(f"{form} needs devices that it affects, or resources that it is on", hint)
    else:
        operations = _operations(parts)
        if operations == frozenset({Operation.READ}) and "affects" in parts:
            parts["operation"].wrong(
                "reading affects no device",
                'name the resources that nobody is to read: on: "&cru *"',
            )
        elif operations is not None:
            return PolicySaid(
                form,
                reason,
                lists[word],
                lists.get("affects", ()),
                lists.get("on", ()),
                operations,
                where.position,
            )
    return None


def _operations(parts: Mapping[str, Located]) -> frozenset[Operation] | None:
    """The operations that are named, all valid; None if one is not."""
    if "operation" not in parts:
        return frozenset()
    where = parts["operation"]
    values = list(where.items("operation")) if where.is_list else [where]
    if not values:
        where.wrong("operation names none", "leave it out for any that changes something")
        return None
    found = [value.choice("operation", list(Operation)) for value in values]
    return None if None in found else frozenset(Operation(word) for word in found if word)
