"""What a pipeline does next, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.results.pipeline import ChildJob, ChildState, Next, next_move

STEPS = [{"parse": {"enhance": {"agentic": []}}}]
ONE, TWO = ["reducto://a"], ["reducto://a", "reducto://b"]


def child(position: int, outcome: str) -> ChildState:
    return ChildState(position, outcome)


def made(position: int, reference: str) -> ChildJob:
    return ChildJob(position, "parse", reference, STEPS[0]["parse"])


@pytest.mark.parametrize(
    ("references", "children", "move"),
    [
        (ONE, [], Next(make=(made(0, "reducto://a"),))),
        (TWO, [], Next(make=(made(0, "reducto://a"), made(1, "reducto://b")))),
        (TWO, [child(0, "open")], Next(make=(made(1, "reducto://b"),))),
        (ONE, [child(0, "open")], Next()),
        (ONE, [child(0, "Completed")], Next(ends=True)),
        (TWO, [child(0, "Completed"), child(1, "open")], Next()),
        (TWO, [child(0, "Completed"), child(1, "Completed")], Next(ends=True)),
        (TWO, [child(0, "open"), child(1, "Failed")], Next(ends=True, failed_child=1)),
        (TWO, [child(0, "Cancelled"), child(1, "Completed")], Next(ends=True, failed_child=0)),
        (TWO, [child(1, "Failed")], Next(ends=True, failed_child=1)),
    ],
)
def test_next_move(references, children, move):
    assert next_move(STEPS, references, children) == move


CHAIN = [*STEPS, {"extract": {"instructions": {"schema": {}}}}]


def extract(position: int, *reads: int) -> ChildJob:
    return ChildJob(position, "extract", "", CHAIN[1]["extract"], reads=reads)


@pytest.mark.parametrize(
    ("references", "children", "move"),
    [
        (TWO, [], Next(make=(made(0, "reducto://a"), made(1, "reducto://b")))),
        (ONE, [child(0, "open")], Next()),
        (TWO, [child(0, "Completed"), child(1, "open")], Next()),
        (ONE, [child(0, "Completed")], Next(make=(extract(1, 0),))),
        (TWO, [child(0, "Completed"), child(1, "Completed")], Next(make=(extract(2, 0, 1),))),
        (ONE, [child(0, "Completed"), child(1, "open")], Next()),
        (ONE, [child(0, "Completed"), child(1, "Completed")], Next(ends=True)),
        (ONE, [child(0, "Completed"), child(1, "Failed")], Next(ends=True, failed_child=1)),
        (TWO, [child(0, "Failed"), child(1, "open")], Next(ends=True, failed_child=0)),
    ],
)
def test_the_extraction_follows_when_every_document_is_parsed(references, children, move):
    assert next_move(CHAIN, references, children) == move


@given(
    st.lists(st.sampled_from(["open", "Completed", "Failed", "Cancelled"]), min_size=1, max_size=6), st.data()
)
def test_a_pipeline_that_has_not_ended_makes_what_is_missing_or_waits_for_something(outcomes, data):
    references = [f"reducto://{n}" for n in range(len(outcomes))]
    there = data.draw(st.sets(st.sampled_from(range(len(outcomes)))))
    children = [child(n, outcomes[n]) for n in sorted(there)]
    move = next_move(STEPS, references, children)
    if move.ends:
        assert not move.make
        completed = all(one.outcome == "Completed" for one in children)
        assert (move.failed_child is None) == (completed and len(there) == len(references))
    else:
        assert {one.position for one in move.make} == set(range(len(references))) - there
        assert move.make or any(one.outcome == "open" for one in children)
