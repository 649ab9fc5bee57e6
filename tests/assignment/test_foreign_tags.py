"""Tags of YAML whose text does not fit them: an error with a position."""

import pytest

import scmigen

BOARD = "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; };"
WRONG = ("!!bool x", "!!int x", "!!int ''", "!!float x", "!!timestamp x", "!!binary é", "!!int 1:x")


@pytest.mark.parametrize("value", WRONG)
def test_a_tag_that_does_not_fit(value: str) -> None:
    text = f"domains: {{linux: {{scmi: {{role: ospm}}}}}}\nplatform:\n  extra: {{name: {value}}}\n"
    with pytest.raises(scmigen.InputError) as caught:
        scmigen.compile(scmigen.loads(BOARD), agents=scmigen.Text("a.yaml", text))
    first = next(item for item in caught.value.diagnostics if item.position)
    assert first.position == scmigen.Position("a.yaml", 3, 17)
    assert "must be a whole number, true, false, null or a string" in first.message
