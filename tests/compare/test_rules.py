"""Files of rules: where each is wrong, and what they explain."""

import json

import pytest

from scmigen.compare.facts import Facts
from scmigen.compare.rules_file import read_rules
from scmigen.diagnostics import InputError

RULE = '{"name": "a", "protocol": "0x14", "message": "0x6", "when": "ours == 0", "theirs": -3}'
OK, DENIED, BUSY = bytes(4), b"\xfd\xff\xff\xff", b"\xfa\xff\xff\xff"


def rules(*entries, platform=True):
    return read_rules(f'{{"differences": [{", ".join(entries)}]}}', "f.json", platform=platform)


def changed(**keys):
    return json.dumps(json.loads(RULE) | keys)


def explained(listed, ours, theirs, message=0x6, payload=bytes(4)):
    names = Facts({0x14: 0x10000}).names(1, 0x14, message, payload, ours, theirs)
    return [rule.name for rule in listed.explaining(ours, theirs, names)]


def problems(text, platform=True):
    with pytest.raises(InputError) as raised:
        read_rules(text, "f.json", platform=platform)
    return [f"{it.position}: {it.message}" for it in raised.value.diagnostics]


def test_a_status_in_place_of_a_reply():
    listed = rules(RULE)
    assert explained(listed, OK + bytes(8), DENIED) == ["a"]
    assert explained(listed, OK + bytes(8), BUSY) == []
    assert explained(listed, BUSY, DENIED) == []
    assert explained(listed, OK + bytes(8), DENIED, message=0x5) == []


@pytest.mark.parametrize(
    "theirs",
    ["[300]", "o + [256]", "range(1<<30, (1<<30)+1)", "'abc'", "['abc']", "[[1]]", "place(5, 1)"],
)
def test_what_is_no_reply_explains_nothing_and_is_told(theirs):
    listed = rules(changed(theirs=theirs), changed(name="b"))
    assert explained(listed, b"\xff\xff\xff\xff", OK) == []
    assert explained(listed, OK, DENIED) == ["b"]
    assert list(listed.failures) == ["a"]


def test_a_reply_of_bytes_as_numbers():
    assert explained(rules(changed(theirs="[253, 255, 255, 255]")), OK, DENIED) == ["a"]
    assert explained(rules(changed(theirs="[255] * 1")), OK, DENIED) == []


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (99999999999, "theirs is no status"),
        (-0x8000_0001, "theirs is no status"),
        ({"\u0663": "1"}, "theirs has no word '\u0663'"),
        ({"1024": "1"}, "theirs has no word '1024'"),
    ],
)
def test_statuses_and_words_that_there_are_not(theirs, message):
    (told,) = problems(f'{{"differences": [{changed(theirs=theirs)}]}}')
    assert message in told


def test_a_word_of_many_digits():
    theirs = f'{{? "{"9" * 5000}" : "1"}}'
    (told,) = problems(f'{{"differences": [{RULE.replace("-3", theirs)}]}}')
    assert f"theirs has no word '{'9' * 60}…'" in told


def test_words_of_a_reply_and_several_rules_together():
    first = changed(name="low", theirs={"1": "o[1] + 1"})
    second = changed(name="high", theirs={"2": "7"})
    ours, theirs = OK + b"\5\0\0\0\0\0\0\0", OK + b"\6\0\0\0\7\0\0\0"
    assert explained(rules(first), ours, theirs) == []
    assert explained(rules(first, second), ours, theirs) == ["low", "high"]


def test_a_reply_as_a_whole_whose_end_is_unwritten():
    listed = rules(changed(theirs="words(0, 5)", unwritten="2"))
    assert explained(listed, OK, OK + b"\5\0\xaa\xbb") == ["a"]
    assert explained(listed, OK, OK + b"\5\1\xaa\xbb") == []
    assert explained(listed, OK, OK + b"\5\0\xaa") == []


def test_what_comes_first_is_what_the_others_start_from():
    first = changed(name="first", theirs=-3, first=True)
    then = changed(name="then", when="ours == -3", theirs=-6)
    assert explained(rules(first, then), OK, BUSY) == ["first", "then"]
    assert explained(rules(first, then), OK, DENIED) == ["first"]
    assert explained(rules(first, then), DENIED, BUSY) == ["then"]
    assert explained(rules(first, then), OK, b"\xff\xff\xff\xff") == []


def test_a_rule_without_a_value_explains_nothing_and_is_told():
    listed = rules(changed(when="o[9] == 1"), changed(name="b"))
    assert explained(listed, OK, DENIED) == ["b"]
    assert listed.failures == {"a": "f.json:1:18: list index out of range"}


def test_rules_may_be_written_in_yaml():
    text = """
    differences:
      - name: renamed
        protocol: 0x14
        message: 0x3-0x4
        when: ours == 0
        theirs: {1: "t[1]"}
    """
    listed = read_rules(text, "f.yaml", platform=False)
    ours, theirs = OK + b"\1\0\0\0", OK + b"\2\0\0\0"
    assert explained(listed, ours, theirs, message=0x3) == ["renamed"]
    assert explained(listed, ours, theirs, message=0x5) == []


def test_all_that_is_wrong_is_said_at_its_place():
    text = """{"differences": [
      {"name": "a", "protocol": "0x14", "message": "0x300", "when": "ours = 0", "theirs": "o[1"},
      {"name": "b", "protocol": "", "message": "*", "when": "alowed", "theirs": {"x": "1"}},
      {"name": "c", "protocol": "*", "mesage": "*", "when": "1", "theirs": 1},
      {"name": "d", "protocol": "*", "message": "*", "when": "1", "theirs": 1, "lasting": "no"},
      {"name": "d", "protocol": "*", "message": "*", "when": "1", "theirs": 1}
    ]}"""
    found = [line.partition(" expression:")[0] for line in problems(text)]  # Python says the rest
    assert found == [
        "f.json:2:52: message cannot be '0x300'",
        "f.json:2:69: when: not an",
        "f.json:2:91: theirs: not an",
        "f.json:3:33: protocol is empty",
        "f.json:3:61: when: unknown name 'alowed'",
        "f.json:3:87: theirs has no word 'x'",
        "f.json:4:38: a rule has no key 'mesage'",
        "f.json:5:91: lasting must be true or false, not 'no'",
        "f.json:6:7: two rules have the name 'd'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "f.json:1:1: a file of rules must be a mapping"),
        ("{}", "f.json:1:1: a file of rules needs differences"),
        ('{"differences": 3}', "f.json:1:17: differences must be a list"),
        ('{"differences": [{', "f.json:1:19: this is not YAML:"),
        ('{"format": "scmigen-differences-9", "differences": []}', "f.json:1:12: the format is"),
    ],
)
def test_what_is_no_file_of_rules_is_said(text, said):
    assert problems(text)[0].startswith(said)


def test_what_only_the_platform_tells_needs_it():
    text = f'{{"differences": [{changed(when="allowed and rates")}]}}'
    (said,) = problems(text, platform=False)
    assert "when asks for allowed, rates" in said
    assert read_rules(text, "f.json", platform=True).listed


def test_wrong_rules_are_not_listed_for_ever():
    wrong = '{"name": "a", "protocol": "x", "message": "x", "when": "x", "theirs": "x"}'
    text = f'{{"differences": [{", ".join([wrong] * 2000)}]}}'
    assert len(problems(text)) < 200
