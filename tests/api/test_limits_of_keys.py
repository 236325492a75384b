"""How often a key may call and how often an address may guess; with a clock in hand, then over HTTP."""

import secrets

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import running_server
from recto.api.limits import GOOD_FOR_S, WRONG_KEYS_WITHIN_S, Buckets, WrongKeys


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_bucket_gives_a_seconds_worth_at_once_and_then_its_rate():
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.take("a", 3) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 3) == pytest.approx(1 / 3)
    assert buckets.take("b", 3) == 0, "each has its own"
    clock.now += 0.34
    assert buckets.take("a", 3) == 0
    assert buckets.take("a", 3) > 0


def test_a_slow_rate_still_lets_one_through():
    clock = Clock()
    buckets = Buckets(clock)
    assert buckets.take("a", 1 / 60) == 0
    assert buckets.take("a", 1 / 60) == pytest.approx(60)
    clock.now += 60.01
    assert buckets.take("a", 1 / 60) == 0


@given(
    rate=st.floats(0.1, 100),
    waits=st.lists(st.floats(0, 2), min_size=1, max_size=60),
)
def test_never_more_than_the_rate(rate, waits):
    clock = Clock()
    buckets, passed = Buckets(clock), 0
    for wait in waits:
        clock.now += wait
        passed += buckets.take("a", rate) == 0
    assert passed <= max(1, rate) + sum(waits) * rate + 1e-6


def test_an_address_with_wrong_keys_is_not_listened_to_for_a_minute():
    clock = Clock()
    wrong = WrongKeys(3, clock)
    for _ in range(3):
        assert wrong.wait_s("1.2.3.4", "guess") == 0
        wrong.was_wrong("1.2.3.4")
    assert wrong.wait_s("1.2.3.4", "the right one") == pytest.approx(WRONG_KEYS_WITHIN_S)
    assert wrong.wait_s("1.2.3.5", "guess") == 0
    clock.now += WRONG_KEYS_WITHIN_S
    assert wrong.wait_s("1.2.3.4", "the right one") == 0


def test_who_was_right_a_moment_ago_is_not_locked_out_by_a_neighbour():
    clock = Clock()
    wrong = WrongKeys(1, clock)
    wrong.was_right("mine")
    wrong.was_wrong("1.2.3.4")
    assert wrong.wait_s("1.2.3.4", "mine") == 0
    assert wrong.wait_s("1.2.3.4", "other") > 0
    clock.now += GOOD_FOR_S
    wrong.was_wrong("1.2.3.4")
    assert wrong.wait_s("1.2.3.4", "mine") > 0


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that allows few wrong keys and few looks at jobs."""
    with running_server(
        tmp_path_factory.mktemp("strict"), wrong_keys="3", job_rate_limit="2", ocr_readers="0", readers="1"
    ) as running:
        yield running


def test_a_guesser_is_told_to_wait_and_the_owner_is_not(strict):
    assert httpx.get(f"{strict.url}/jobs", headers=strict.headers).status_code == 200
    answers = [
        httpx.get(f"{strict.url}/jobs", headers={"authorization": f"Bearer recto_{secrets.token_urlsafe()}"})
        for _ in range(5)
    ]
    assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json()["error"]["name"] == "RATE_LIMIT"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert httpx.get(f"{strict.url}/jobs").status_code == 401, "no key is no guess"
    assert httpx.get(f"{strict.url}/jobs", headers=strict.headers).status_code == 200


def test_looking_at_jobs_has_a_rate_of_its_own(strict):
    with httpx.Client(base_url=strict.url, headers=strict.headers) as http:
        looks = [http.get("/job/7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1") for _ in range(8)]
        refused = [one for one in looks if one.status_code == 429]
        assert looks[0].status_code == 404
        assert refused
        assert "timeout=60" in refused[0].json()["error"]["message"]
        assert refused[0].headers["x-should-retry"] == "true"
        assert http.get("/jobs").status_code == 200


def test_a_key_has_its_own_rate(strict):
    with httpx.Client(base_url=strict.url, headers=strict.headers) as http:
        slow = http.post("/recto/v1/keys", json={"name": "slow", "rate_per_s": 1}).json()["key"]
        headers = {"authorization": f"Bearer {slow}"}
        # The address has guessed before: a new key is let in once the minute is over, the old one at once.
        statuses = [http.get("/jobs", headers=headers).status_code for _ in range(3)]
        assert 429 in statuses
