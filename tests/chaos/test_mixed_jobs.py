"""Mixed jobs while workers, the API and the database are killed at random: all end, right, each told once."""

import itertools
import os
import signal
import threading
import time
from random import Random

import pytest

from chaos.crowd import Crowd, Expected, check
from chaos.receiver import receiver
from chaos.site import Site, dice, until
from chaos.sizes import SIZES

WORKERS = 3
STANDSTILL_S = 15.0
LONG_PAGES = 24


class Breaking(threading.Thread):
    """Kills something every few seconds, and starts it again as a service manager would."""

    def __init__(self, made: Site, chance: Random) -> None:
        super().__init__()
        self.made, self.chance = made, chance
        self.done = threading.Event()
        self.kills: list[tuple[str, float]] = []
        self.error: BaseException | None = None

    def victims(self) -> list[str]:
        rounds = ["worker"] * SIZES.kill_rounds
        for place, what in ((0.3, "api"), (0.5, "database"), (0.8, "api")):
            rounds.insert(max(1, int(place * len(rounds))), what)
        return rounds

    def run(self) -> None:
        try:
            for victim in self.victims():
                if self.done.wait(SIZES.kill_every_s):
                    return
                self.kills.append((victim, time.time()))
                getattr(self, f"kill_{victim}")()
        except BaseException as error:
            self.error = error

    def kill_worker(self) -> None:
        alive = [one for one in self.made.processes if one.args[-1] == "worker" and one.poll() is None]
        self.made.kill(self.chance.choice(alive))
        self.made.start("worker")

    def kill_api(self) -> None:
        (alive,) = [one for one in self.made.processes if one.args[-1] == "api" and one.poll() is None]
        self.made.kill(alive)
        self.made.start("api")

    def kill_database(self) -> None:
        assert self.made.postgres.pid is not None
        os.kill(self.made.postgres.pid, signal.SIGKILL)
        until(lambda: not self.made.postgres.running, 10)
        self.made.postgres.ensure_running()


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_mixed_jobs_while_everything_is_killed(made):
    chance = dice(7)
    with receiver() as hook:
        made.start_api()
        for _ in range(WORKERS):
            made.start("worker")
        until(lambda: len(made.alive_workers()) == WORKERS)
        crowd = Crowd.prepare(made, LONG_PAGES)
        breaking = Breaking(made, chance)
        expected: list[Expected] = []
        breaking.start()
        try:
            # Some at once, the others as the killing goes on, so that every kill meets work.
            for number in range(SIZES.mixed_jobs):
                expected.append(crowd.submit(chance, hook))
                if number >= SIZES.mixed_jobs // 2:
                    time.sleep(SIZES.kill_every_s * SIZES.kill_rounds / SIZES.mixed_jobs)
            breaking.join(SIZES.patience_s)
            made.all_end()
        finally:
            breaking.done.set()
            breaking.join()
        assert breaking.error is None, breaking.error
        assert {victim for victim, _ in breaking.kills} == {"worker", "api", "database"}
        count = made.rows("SELECT count(*) FROM job WHERE parent_id IS NULL")
        assert count == [(len(expected),)], "a repeated call has made no second job"
        assert made.open_units() == []
        until(lambda: all(hook.about(one.job_id) for one in expected))
        check(made, expected, hook)
        assert standstill_s(made, breaking) < STANDSTILL_S


def standstill_s(made: Site, breaking: Breaking) -> float:
    """The longest time without the end of any unit or job, from the first kill on."""
    began = breaking.kills[0][1]
    ends = [began, *(moment for moment in made.ends() if moment > began)]
    longest = max(b - a for a, b in itertools.pairwise(ends))
    print(f"{len(breaking.kills)} kills, longest standstill {longest:.1f} s")
    return longest
