"""docs/operations.md is true: its queries run, its table names every test of chaos, its numbers are those tried."""

import re
from pathlib import Path

import psycopg
import pytest

from chaos import sizes
from job_yard import job_database
from recto.storage import database

__all__ = ["job_database"]

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text()
QUERIES = re.findall(r"^```sql\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_there_are_queries():
    assert len(QUERIES) >= 4


@pytest.mark.parametrize("query", QUERIES)
def test_its_queries_run(query, job_database):
    with psycopg.connect(job_database) as connection:
        connection.execute("SET default_transaction_read_only = on")
        assert connection.execute(query).description


def test_every_test_of_chaos_is_in_its_table():
    named = set(re.findall(r"\| \[\w+\]\(\.\./tests/chaos/(\w+)\.py\) \|", TEXT))
    assert named == {path.stem for path in (ROOT / "tests" / "chaos").glob("test_*.py")}


def test_its_numbers_are_those_of_the_whole_table():
    full = sizes.WHOLE
    for claim in (
        f"{full.mixed_jobs} mixed jobs",
        f"every {full.kill_every_s:.0f} seconds one is killed, {full.kill_rounds} in all",
        f"stopped for {full.frozen_s:.0f} s",
        f"{full.cancelled_jobs} jobs are cancelled",
        f"{full.batch_jobs} batch jobs",
        f"{full.soaked} documents",
        f"cut off for {full.cut_off_s:.0f} s",
        f"503 for {full.storage_away_s:.0f} s",
        f"silent for {full.database_away_s:.0f} s",
        f"nothing has happened for {database.IDLE_TRANSACTION_S} seconds",
        f"not answered for {database.SILENCE_S}.",
    ):
        assert claim in TEXT, claim


def test_the_short_table_breaks_the_same_things():
    assert [name for name in sizes.Sizes.__dataclass_fields__ if getattr(sizes.SHORT, name) <= 0] == []
