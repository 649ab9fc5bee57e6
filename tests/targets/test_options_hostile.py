"""Any text below ``outputs`` ends in options and diagnostics, never in a traceback."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support import TWO_AGENTS, model_of, soc

from scmigen.assignment.given import Given, Outputs
from scmigen.diagnostics import Position, has_errors
from scmigen.model.platform import Model
from scmigen.targets import registry
from scmigen.targets.make import make, option_problems
from scmigen.targets.options import MOVED, raw_options, read_options

WORDS = st.sampled_from(
    (
        *registry.BUILT_IN,
        *("drivers", "target", "trip-points", "fast-channels", "memory", "rate-limit", "system"),
        *("acme,cc", "acme,rc", "clock", "reset", "doorbell", "doorbell a", "module", "struct"),
        *("data", "element", "mailbox", "api", "sub-element", "host", "product", "optee"),
        *("&cc", "*", "/", "true", "0x10", "-1", "99999999999999999999", "= X", "cell 0", "cell ²"),
        *("property reg", "struct s", "acme-clock", ""),
    )
)
TEXT = st.one_of(WORDS, st.text(max_size=8))
PLACE = Position("agents.yaml", 1, 1)
VALUES = st.recursive(
    TEXT.map(lambda text: Given(text, PLACE, PLACE)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: Given(tuple(items), PLACE, PLACE)),
        st.dictionaries(TEXT, inner, max_size=4).map(lambda items: Given(items, PLACE, PLACE)),
    ),
    max_leaves=25,
)
MODEL = model_of(
    soc('uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>; resets = <&rc 1>; };'),
    TWO_AGENTS,
)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from(sorted(registry.BUILT_IN)), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(sorted(MOVED)), VALUES, max_size=3),
)
def test_any_options_are_read(given_: dict[str, Given], former: dict[str, Given]) -> None:
    outputs = Outputs((Given(given_, PLACE),), (Given(former, PLACE),))
    model = with_outputs(outputs)
    problems = option_problems(model)
    for name in registry.BUILT_IN:
        made = make(model.platforms[0], name)
        assert bool(made.files) != has_errors(made.diagnostics)
    for name, raw in raw_options(outputs).given.items():
        _, wrong = read_options(raw, registry.find(name).options)
        assert set(wrong) <= set(problems)


def with_outputs(outputs: Outputs) -> Model:
    """`MODEL` as if an agents file had these options."""
    assigned = replace(MODEL.assignment.options, outputs=outputs)
    return replace(
        MODEL,
        assignment=replace(MODEL.assignment, options=assigned),
        platforms=tuple(replace(p, options=assigned) for p in MODEL.platforms),
    )
