"""Lanes: their order, and what a request gets."""

import pytest

from recto.jobs.lanes import BUDGETED, PRIORITIES, asked_lane, granted_lane


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
