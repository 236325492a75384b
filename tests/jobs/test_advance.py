"""What a parse job does next, as tables and as properties."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.options import PageSpan
from recto.errors import InvalidPageRange
from recto.jobs.advance import (
    MAX_ATTEMPTS,
    after_failure,
    anything_read,
    chosen_pages,
    lost_pages,
    next_step,
    reading_units,
    recognition_units,
)
from recto.storage.queries.units import NewUnit, UnitRow

JOB = UUID(int=1)
KINDS = st.sampled_from(["intake", "read", "ocr", "assemble"])
TALLIES = st.dictionaries(
    st.tuples(KINDS, st.sampled_from(["pending", "running", "done", "failed", "replaced"])),
    st.integers(0, 3),
    max_size=8,
)


def unit(kind="read", pages=(1, 2), attempt=1):
    return UnitRow(7, JOB, kind, pages, attempt)


@pytest.mark.parametrize(
    ("tally", "step"),
    [
        ({("intake", "done"): 1, ("read", "pending"): 1}, "wait"),
        ({("intake", "done"): 1, ("read", "done"): 3, ("read", "running"): 1}, "wait"),
        ({("intake", "done"): 1, ("read", "done"): 3, ("ocr", "pending"): 1}, "wait"),
        ({("intake", "done"): 1, ("read", "done"): 4}, "assemble"),
        ({("read", "done"): 3, ("read", "failed"): 1, ("read", "replaced"): 1}, "assemble"),
        ({("read", "done"): 4, ("assemble", "running"): 1}, "wait"),
        ({("read", "done"): 4, ("assemble", "done"): 1}, "end"),
        ({("read", "done"): 4, ("assemble", "failed"): 1}, "end"),
        ({("read", "done"): 4, ("read", "running"): 0}, "assemble"),
    ],
)
def test_next_step(tally, step):
    assert next_step(tally) == step


@given(TALLIES)
def test_nothing_is_put_together_while_anything_is_open(tally):
    waiting = any(count and status in {"pending", "running"} for (_, status), count in tally.items())
    assert (next_step(tally) == "wait") == waiting


@given(st.sets(st.integers(1, 5000), max_size=60), st.integers(1, 20))
def test_reading_units_hold_every_page_once_and_in_order(pages, size):
    planned = reading_units(sorted(pages), size)
    assert [page for one in planned for page in one.pages] == sorted(pages)
    assert all(1 <= len(one.pages) <= size and one.kind == "read" for one in planned)
    assert all(len(one.pages) == size for one in planned[:-1])


@pytest.mark.parametrize(
    ("tally", "read"),
    [
        ({("intake", "done"): 1}, False),
        ({("intake", "done"): 1, ("read", "failed"): 2}, False),
        ({("read", "done"): 1, ("read", "failed"): 2}, True),
        ({("read", "replaced"): 1, ("ocr", "done"): 1}, True),
    ],
)
def test_whether_anything_was_read(tally, read):
    assert anything_read(tally) == read


def test_each_page_to_recognise_is_a_unit():
    assert recognition_units([4, 9]) == [NewUnit("ocr", (4,)), NewUnit("ocr", (9,))]


@pytest.mark.parametrize(
    ("held", "callers_fault", "ocr", "status", "instead"),
    [
        (unit(), False, True, "pending", ()),
        (unit(attempt=2), False, True, "replaced", (NewUnit("read", (1,)), NewUnit("read", (2,)))),
        (unit(), True, True, "replaced", (NewUnit("read", (1,)), NewUnit("read", (2,)))),
        (unit(pages=(3,)), False, True, "pending", ()),
        (unit(pages=(3,), attempt=2), False, True, "replaced", (NewUnit("ocr", (3,)),)),
        (unit(pages=(3,), attempt=2), False, False, "failed", ()),
        (unit(pages=(3,)), True, False, "failed", ()),
        (unit("ocr", (3,)), False, True, "pending", ()),
        (unit("ocr", (3,), 2), False, True, "failed", ()),
        (unit("ocr", (3,)), True, True, "failed", ()),
        (unit("intake", ()), False, True, "pending", ()),
        (unit("intake", (), 2), False, True, "failed", ()),
        (unit("intake", ()), True, True, "failed", ()),
        (unit("assemble", ()), False, True, "pending", ()),
        (unit("assemble", (), 2), False, True, "failed", ()),
    ],
)
def test_after_failure(held, callers_fault, ocr, status, instead):
    after = after_failure(held, callers_fault=callers_fault, ocr_available=ocr)
    assert (after.status, after.instead) == (status, instead)


@given(
    st.sampled_from(["read", "ocr"]),
    st.lists(st.integers(1, 99), min_size=1, max_size=12, unique=True),
    st.booleans(),
    st.booleans(),
)
def test_a_range_that_always_fails_is_given_up_page_by_page_after_bounded_work(kind, pages, fault, ocr):
    """Nothing loops for ever, and no page is lost on the way."""
    todo, given_up, tries = [unit(kind, tuple(pages))], [], 0
    while todo:
        held = todo.pop()
        tries += 1
        after = after_failure(held, callers_fault=fault, ocr_available=ocr)
        if after.status == "pending":
            todo.append(unit(held.kind, held.pages, held.attempt + 1))
        elif after.status == "replaced":
            assert sorted(page for one in after.instead for page in one.pages) == sorted(held.pages)
            todo += [unit(one.kind, one.pages) for one in after.instead]
        else:
            given_up += held.pages
    assert sorted(given_up) == sorted(pages)
    assert tries <= MAX_ATTEMPTS * (1 + 2 * len(pages))


SPANS = st.lists(
    st.builds(
        lambda start, length: PageSpan(start, None if length is None else start + length),
        st.integers(1, 30),
        st.one_of(st.none(), st.integers(0, 40)),
    ),
    max_size=4,
)


@given(SPANS, st.integers(30, 60))
def test_chosen_pages_are_those_named_and_exist(spans, pages):
    chosen = chosen_pages(spans, pages)
    named = {
        page
        for page in range(1, pages + 1)
        if not spans or any(s.start <= page <= (s.end or pages) for s in spans)
    }
    assert set(chosen) == named
    assert all(a < b for a, b in pairwise(chosen))


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (PageSpan(5, 6), "begins at page 5; the document has 4 pages"),
        (PageSpan(3, 2), "3..2"),
        (PageSpan(0, 2), "0..2"),
        (PageSpan(None, 0), "1..0"),
    ],
)
def test_page_ranges_that_are_none(span, said):
    with pytest.raises(InvalidPageRange, match=said):
        chosen_pages([span], 4)


def test_lost_pages_are_named_with_their_reason():
    (sentence,) = lost_pages([((3,), {"kind": "ReadTimedOut", "message": "Too slow."})])
    assert "3" in sentence
    assert "Too slow." in sentence
