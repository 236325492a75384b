"""How large the breaking is: small in `script/test`, the whole table of docs/operations.md in `script/chaos`."""

import os
from dataclasses import dataclass

FULL = os.environ.get("CHAOS_SIZES") == "full"


@dataclass(frozen=True)
class Sizes:
    """Counts, and seconds of what is broken for a while."""

    mixed_jobs: int = 24
    kill_every_s: float = 2.0
    kill_rounds: int = 3
    cancelled_jobs: int = 12
    batch_jobs: int = 120
    soaked: int = 120
    soaked_before: int = 40  # read before anything is measured: caches fill, children are born
    cut_off_s: float = 6.0
    database_away_s: float = 4.0
    storage_away_s: float = 6.0
    frozen_s: float = 6.0
    lease_s: float = 3.0
    patience_s: float = 90.0  # for what takes seconds on an idle machine


SHORT = Sizes()
WHOLE = Sizes(
    mixed_jobs=300,
    kill_every_s=3.0,
    kill_rounds=20,
    cancelled_jobs=100,
    batch_jobs=2000,
    soaked=2000,
    soaked_before=200,
    cut_off_s=20.0,
    database_away_s=10.0,
    storage_away_s=30.0,
    frozen_s=15.0,
    lease_s=10.0,
    patience_s=600.0,
)
SIZES = WHOLE if FULL else SHORT
