from datetime import datetime, timedelta, timezone
from typing import get_args

import pytest

from recto.wire.jobs import (
    EnhancedAsyncJobResponse,
    JobsResponse,
    JobStatus,
    ShownStatus,
    job_response,
    jobs_response,
    shown_status,
    single_job,
)

BERLIN = timezone(timedelta(hours=1))
MADE = datetime(2026, 11, 24, 12, 30, tzinfo=BERLIN)


def test_every_status_inside_has_one_that_is_shown():
    assert {shown_status(status) for status in get_args(JobStatus)} == set(get_args(ShownStatus))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("Idle", "Idle"),
        ("Pending", "Pending"),
        ("InProgress", "Pending"),
        ("Completing", "Pending"),
        ("Completed", "Completed"),
        ("Failed", "Failed"),
        ("Cancelled", "Failed"),
    ],
)
def test_one_job_shows_four_states(status, told):
    assert shown_status(status) == told


def test_bodies_fit_their_schemas_and_times_are_utc():
    job = job_response("j", "InProgress", "Parse", created_at=MADE, progress=0.123456, duration=1.23456)
    assert job["created_at"] == "2026-11-24T11:30:00Z"
    assert (job["progress"], job["duration"]) == (0.1235, 1.235)
    EnhancedAsyncJobResponse.model_validate(job)
    listed = jobs_response([single_job("j", "InProgress", "Parse", created_at=MADE)])
    assert listed["jobs"][0]["created_at"] == job["created_at"]
    JobsResponse.model_validate(listed)


@pytest.mark.parametrize(("given", "shown"), [(None, None), (-1, 0.0), (1.5, 1.0)])
def test_progress_stays_between_nothing_and_all(given, shown):
    assert job_response("j", "Pending", "Parse", created_at=MADE, progress=given)["progress"] == shown


def test_a_result_is_shown_only_when_the_job_is_completed():
    result = {"response_type": "parse"}
    for status in set(get_args(JobStatus)) - {"Completed"}:
        assert job_response("j", status, "Parse", created_at=MADE, result=result)["result"] is None
    assert job_response("j", "Completed", "Parse", created_at=MADE, result=result)["result"] is result
