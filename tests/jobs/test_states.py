"""The life of a job, as a table."""

import pytest

from recto.jobs import states
from recto.jobs.states import ENDED, OPEN, allowed_from, progress

ALL = sorted(OPEN | ENDED)


@pytest.mark.parametrize("after", sorted(ENDED))
@pytest.mark.parametrize("status", ALL)
def test_nothing_follows_an_end(after, status):
    assert after not in allowed_from(status)


@pytest.mark.parametrize("status", sorted(OPEN))
@pytest.mark.parametrize("end", ["Failed", "Cancelled"])
def test_every_open_job_can_fail_and_be_cancelled(status, end):
    assert status in allowed_from(end)


def test_what_may_complete():
    assert allowed_from("Completed") == {"Pending", "InProgress", "Completing"}


def test_only_work_under_way_is_put_together():
    assert "Idle" not in allowed_from("Completing")
    assert allowed_from("Completing") == {"Pending", "InProgress"}


@pytest.mark.parametrize("before", ALL)
def test_both_directions_of_the_table_agree(before):
    assert {status for status in ALL if before in allowed_from(status)} == states._MAY_FOLLOW[before]


def test_progress_never_reaches_one_before_the_end():
    values = [progress("InProgress", done, 10) for done in range(12)]
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] < 1
    assert progress("Completed", 0, None) == 1
    assert progress("Pending", 3, None) == 0
