"""Whatever becomes of a board, a number that the lock file has never means something else."""

from hypothesis import given, settings
from hypothesis import strategies as st
from support import TWO_AGENTS, model_of, soc

from scmigen.model.lockfile import format_lock, parse_lock
from scmigen.runtime import Numbering

#: The clocks of agent a and of agent b, at some time.
STEP = st.tuples(st.frozensets(st.integers(0, 5)), st.frozensets(st.integers(0, 5)))


def body(clocks: tuple[frozenset[int], frozenset[int]]) -> str:
    nodes = []
    for name, cells in zip("de", clocks, strict=True):
        entries = ", ".join(f"<&cc {cell}>" for cell in sorted(cells))
        prop = f"clocks = {entries};" if entries else ""
        nodes.append(f'{name}: {name} {{ compatible = "acme,{name}"; {prop} }};')
    return " ".join(nodes)


@settings(deadline=None, max_examples=40)
@given(st.lists(STEP, min_size=2, max_size=4), st.sampled_from(list(Numbering)))
def test_numbers_and_names_never_move(
    steps: list[tuple[frozenset[int], frozenset[int]]], numbering: Numbering
) -> None:
    lock = None
    numbers: dict[object, object] = {}
    meanings: dict[object, object] = {}
    for step in steps:
        model = model_of(soc(body(step)), TWO_AGENTS + '    access: [{dev: "&e"}]', lock, numbering)
        (platform,) = model.platforms
        facts = [
            (("all", r.key), (r.number, r.name))
            for found in platform.resources.values()
            for r in found
        ]
        facts += [(("device", d.node.path), (d.number, d.name)) for d in platform.devices]
        facts += [((g.agent.name, g.resource.key), (g.id, None)) for g in platform.all_grants]
        for thing, known in facts:
            assert numbers.setdefault(thing, known) == known
            # The other way round: nothing else has that number, then or later.
            whose = (thing[0], known[0])
            assert meanings.setdefault(whose, thing) == thing
        lock = format_lock(model.lock)
        assert format_lock(parse_lock(lock, "ids")) == lock


@settings(deadline=None, max_examples=20)
@given(st.lists(STEP, min_size=1, max_size=3))
def test_the_numbers_of_an_agent_are_dense_after_repack(
    steps: list[tuple[frozenset[int], frozenset[int]]],
) -> None:
    lock = None
    agents = TWO_AGENTS + '    access: [{dev: "&e"}]'
    for step in steps:
        lock = format_lock(model_of(soc(body(step)), agents, lock, Numbering.PER_AGENT).lock)
    packed = model_of(soc(body(steps[-1])), agents, lock, Numbering.PER_AGENT, repack=True)
    for agent, cells in zip("ab", steps[-1], strict=True):
        ids = [g.id for g in packed.platforms[0].all_grants if g.agent.name == agent]
        assert ids == list(range(len(cells)))
