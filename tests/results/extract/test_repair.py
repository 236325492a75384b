import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.results.extract.repair import MAX_DEPTH, NotJson, json_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_sound_json_is_read_as_it_is(value):
    assert json_in(json.dumps(value)).value == value


@given(st.dictionaries(st.text(st.characters(exclude_characters="#/"), max_size=8), VALUES, max_size=3))
def test_words_around_it_change_nothing(value):
    text = f"Sure, here it is:\n```json\n{json.dumps(value, indent=1)}\n```\nI hope this helps."
    assert json_in(text).value == value


@given(st.dictionaries(st.text(max_size=8), VALUES, min_size=1, max_size=4), st.data())
def test_whatever_is_cut_off_is_told_and_never_raises(value, data):
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    found = json_in(cut)
    assert not found.whole
    assert isinstance(found.value, dict)


@given(st.text(alphabet="{}[]:,'\"\\#/*ab1.- \n“”", max_size=60))
def test_no_text_breaks_it(text):
    with contextlib.suppress(NotJson):
        assert isinstance(json_in(text).value, dict | list)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'it's fine', b: True, 'c': None,}", {"a": "it's fine", "b": True, "c": None}),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        ('{"a": [1, 2,, 3], /* why */ "b": .5}', {"a": [1, 2, 3], "b": ".5"}),
        ('{"a": 12abc, "b": -3.5e2}', {"a": "12abc", "b": -350.0}),
        ('{"a": "\\u00e9\\n"}', {"a": "é\n"}),
        ("{“a”: “b”}", {"a": "b"}),
        ('{"a": }', {"a": None}),
        ('{"number": 123456789012345678901234, x}', {"number": "123456789012345678901234", "x": None}),
        ('{"items": [{"a": 1}, {"a": 2}', {"items": [{"a": 1}, {"a": 2}]}),
        ('Look: [ {"a": 1}, {"a": 2} ] and {"b": 3}', [{"a": 1}, {"a": 2}]),
        ("{} or rather {'a': 1}", {}),
        ('{} or rather {"a": 1}', {"a": 1}),
        ("<think>{'a': 2}</think>{'a': 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_loose_writing(text, value):
    assert json_in(text).value == value


@pytest.mark.parametrize("text", ["", "No.", "[1, 2]x", "null", "{" * 200 + "}"])
def test_what_holds_nothing_is_told(text):
    with pytest.raises(NotJson) as caught:
        json_in(text.replace("{", '{"a":') if len(text) > MAX_DEPTH else text)
    assert str(caught.value)


def test_time_grows_with_the_length_only():
    text = "{" + "'a': [1, {'b': 'c'}], " * 20_000 + "x"
    began = time.process_time()
    assert not json_in(text).whole
    assert time.process_time() - began < 5
