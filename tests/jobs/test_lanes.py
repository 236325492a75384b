"""Lanes: their order, what a request gets, and whose turn it is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.jobs.lanes import (
    BUDGETED,
    OVERDUE_EVERY,
    PATIENCE_S,
    PRIORITIES,
    QUEUES,
    Line,
    Turns,
    asked_lane,
    granted_lane,
    lanes_before,
    served_lanes,
    turn,
)


def test_the_order_of_the_lanes():
    ranked = sorted(PRIORITIES, key=lambda lane: -PRIORITIES[lane])
    assert ranked == ["sync-priority", "priority", "sync", "async", "batch"]
    assert len(set(PRIORITIES.values())) == len(PRIORITIES)


@pytest.mark.parametrize(
    ("sync", "priority", "batch", "lane"),
    [
        (True, True, False, "sync-priority"),
        (True, False, False, "sync"),
        (True, False, True, "sync"),
        (False, True, False, "priority"),
        (False, True, True, "priority"),
        (False, False, True, "batch"),
        (False, False, False, "async"),
    ],
)
def test_the_lane_asked_for(sync, priority, batch, lane):
    assert asked_lane(sync=sync, priority=priority, batch=batch) == lane


@pytest.mark.parametrize("lane", sorted(PRIORITIES))
@pytest.mark.parametrize("active", [0, 4, 5, 6])
def test_the_lane_granted(lane, active):
    granted = granted_lane(lane, active, 5)
    if lane not in BUDGETED or active < 5:
        assert granted == lane
    else:
        assert granted == {"sync-priority": "sync", "priority": "async"}[lane]


def test_without_a_budget_nobody_has_priority():
    assert granted_lane("priority", 0, 0) == "async"


ADA, BOB, CLEO = (UUID(int=n) for n in (1, 2, 3))


def line(lane="async", organisation=ADA, waited_s=0.0, **values):
    return Line(values.pop("kind", "read"), lane, organisation, waited_s=waited_s, **values)


def first(lines, running=None, turns=None, slots=4):
    ordered, _ = turn(lines, running or {}, turns or Turns(), slots)
    return ordered[0]


def served(lines, claims, running=None, slots=4):
    """The owners of so many claims in a row, when nothing ends and nothing new comes."""
    turns, owners = Turns(), []
    for _ in range(claims):
        taken = first(lines, running, turns, slots)
        turns.note(taken)
        owners.append(taken)
    return owners


def test_a_higher_lane_goes_first_however_long_the_lower_waits_within_its_patience():
    waiting = [line(lane, waited_s=20.0 - rank) for rank, lane in enumerate(reversed(PRIORITIES))]
    ordered, _ = turn(waiting, {}, Turns(), 4)
    assert [one.lane for one in ordered] == list(PRIORITIES)


def test_organisations_take_turns_in_a_lane_whoever_came_first():
    waiting = [line(organisation=ADA, waited_s=100), line(organisation=BOB, waited_s=1)]
    owners = [one.organisation for one in served(waiting, 6)]
    assert owners == [ADA, BOB] * 3


def test_the_organisation_with_fewest_units_running_goes_first():
    waiting = [line(organisation=ADA, waited_s=100), line(organisation=BOB)]
    assert first(waiting, {(ADA, ""): 3, (BOB, ""): 1}).organisation == BOB
    assert first(waiting, {(ADA, "x"): 1, (ADA, "y"): 1, (BOB, ""): 1}).organisation == BOB


def test_tenants_take_turns_within_their_organisation_and_do_not_gain_it_any():
    waiting = [line(organisation=ADA, tenant=tenant) for tenant in ("x", "y")] + [line(organisation=BOB)]
    owners = [one.owner for one in served(waiting, 8)]
    assert sum(organisation == BOB for organisation, _ in owners) == 4
    assert owners.count((ADA, "x")) == owners.count((ADA, "y")) == 2


def test_a_result_is_put_together_before_more_is_read():
    assert first([line(waited_s=100), line(kind="assemble", organisation=BOB)]).kind == "assemble"


@pytest.mark.parametrize(
    ("share", "slots", "running", "may"),
    [(0.5, 8, 3, True), (0.5, 8, 4, False), (0.1, 4, 0, True), (0.1, 4, 1, False), (None, 1, 99, True)],
)
def test_a_tenant_holds_no_more_than_its_share(share, slots, running, may):
    bounded = line(tenant="t", share=share)
    ordered, held_back = turn([bounded, line("batch", BOB)], {(ADA, "t"): running}, Turns(), slots)
    assert (bounded in ordered, held_back) == (may, not may)
    assert ordered[-1].lane == "batch", "others are not held back with it"


def simulate(arrives, claims, seconds_per_claim):
    """A worker that is never idle: how long each unit of each lane waited, by the clock of the simulation."""
    turns, waits, now = Turns(), {}, 0.0
    waiting = {lane: [0.0] * count for lane, count in arrives.items() if count > 1}
    for _ in range(claims):
        for lane, count in arrives.items():
            if count == 1:  # one of these comes with every claim: it alone would fill the worker
                waiting.setdefault(lane, []).append(now)
        lines = [line(lane, waited_s=now - came[0]) for lane, came in waiting.items() if came]
        taken = first(lines, turns=turns)
        waits.setdefault(taken.lane, []).append(now - waiting[taken.lane].pop(0))
        turns.note(taken)
        now += seconds_per_claim
    return waits


@pytest.mark.parametrize("above", ["sync", "async", "sync-priority"])
def test_batch_never_starves_and_takes_an_eighth_at_most(above):
    waits = simulate({above: 1, "batch": 500}, claims=1600, seconds_per_claim=1.0)
    after = (1600 - PATIENCE_S["batch"]) / OVERDUE_EVERY
    assert after * 0.9 < len(waits["batch"]) <= after + 1
    assert min(waits["batch"]) >= PATIENCE_S["batch"], "before that the higher lane has everything"


def test_every_lane_gets_its_turn_when_all_are_full():
    waits = simulate(dict.fromkeys(PRIORITIES, 1), claims=4000, seconds_per_claim=5.0)
    assert set(waits) == set(PRIORITIES)


def test_those_who_wait_for_nothing_are_forgotten():
    turns = Turns()
    for who in (ADA, BOB, CLEO):
        turns.note(line(organisation=who))
    turns.keep_only([line(organisation=CLEO)])
    assert set(turns.last) == {CLEO, (CLEO, "")}


@given(st.lists(st.builds(line, st.sampled_from(sorted(PRIORITIES)), st.sampled_from([ADA, BOB]))))
def test_no_line_is_lost_or_doubled(lines):
    ordered, held_back = turn(lines, {}, Turns(), 4)
    assert sorted(map(str, ordered)) == sorted(map(str, lines))
    assert not held_back


@pytest.mark.parametrize(
    ("asked", "served"),
    [([], list(PRIORITIES)), (["batch", "sync"], ["sync", "batch"])],
)
def test_the_lanes_a_worker_serves(asked, served):
    assert served_lanes(asked) == served


def test_a_lane_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"no lane 'fast'; the lanes are sync-priority, "):
        served_lanes(["sync", "fast"])


def test_the_lanes_before_a_lane():
    assert lanes_before("async") == ["sync-priority", "priority", "sync"]
    assert lanes_before("sync-priority") == []


def test_every_kind_of_unit_has_a_queue():
    assert {"intake", "read", "assemble", "ocr"} <= set(QUEUES)
