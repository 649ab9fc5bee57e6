"""Options that an import writes below ``outputs`` are read as they were, with any keys."""

import yaml

from scmigen.migration.outputs import outputs_text


def test_keys_and_values_are_read_back() -> None:
    rows = dict.fromkeys(("LMM_1", "SYS", "on", "NO", "null", "1", "a: b", "Null", "~"), "all")
    outputs = {"imx-sm": {"tree": "/x: y # z", "agents": {"AP-NS": {"number": 2, "rows": rows}}}}
    outputs["imx-sm"]["agents"]["M7"] = {"secure": True, "channels": ["db=0", 'a"b\n'], "rows": {}}
    assert yaml.safe_load(outputs_text(outputs)) == {"outputs": outputs}


def test_nothing_is_written_of_nothing() -> None:
    assert outputs_text({}) == ""
