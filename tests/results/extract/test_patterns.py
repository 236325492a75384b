import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recto.results.extract.patterns import LONGEST_VALUE, fits


@pytest.mark.parametrize(
    ("pattern", "value", "has"),
    [
        (r"^INV-\d{4}$", "INV-2041", True),
        (r"^INV-\d{4}$", "INV-204", False),
        (r"^(\d{3}-){2}\d{4}$", "555-010-2041", True),
        (r"^(\d{3}-){2}\d{4}$", "555-010", False),
        (r"^(?:A|B)\d+$", "C1", False),
        (r"^[^)*+]+$", "a", True),
        (r"[", "a", True),
        (r"^a(b+)?c$", "ac", True),
    ],
)
def test_patterns_of_users(pattern: str, value: str, has: bool):
    assert fits(pattern, value) is has


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*$",
        "((a*)*)*$",
        "(?:a+){10}$",
        "(a{1,9}){1,9}$",
        ".*.*.*.*.*b",
        r"(a+)\1\1+$",
        "(?P<x>a+)+$",
        "([a]+)+$",
        "(a?){40}a{40}b",
        "a?" * 40 + "b",
        "(a|aa)" * 30 + "b",
    ],
)
def test_a_hostile_pattern_is_not_tried(pattern: str):
    begun = time.process_time()
    assert fits(pattern, "a" * (LONGEST_VALUE - 1) + "!")
    assert time.process_time() - begun < 1


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="a.()|*+?{}12,[]^$", max_size=14))
def test_any_pattern_has_a_quick_answer(pattern: str):
    begun = time.process_time()
    assert fits(pattern, "a" * LONGEST_VALUE) in (True, False)
    assert time.process_time() - begun < 2
