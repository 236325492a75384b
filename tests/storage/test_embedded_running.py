"""`running_url`: finding the database of a running Recto from another process's point of view."""

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from recto.errors import Unavailable
from recto.storage import embedded_home
from recto.storage.embedded import LOCK, EmbeddedPostgres, running_url


@pytest.fixture(scope="module")
def folder():
    """A folder that every user may pass through, unlike pytest's own."""
    place = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(autouse=True)
def system_roots(folder, monkeypatch):
    monkeypatch.setattr(embedded_home, "SYSTEM_ROOTS", (folder / "var-lib-recto",))


def cities(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 'Bern'").fetchone()[0]


def test_finds_the_database_while_its_owner_lives(folder):
    data_dir = folder / "data"
    assert running_url(data_dir) is None
    assert not data_dir.exists(), "looking must not create the folder"

    with EmbeddedPostgres.start(data_dir) as postgres:
        assert running_url(data_dir) == postgres.url
        assert cities(running_url(data_dir)) == "Bern"
    assert running_url(data_dir) is None, "the owner has ended it"

    # Looking has not taken the folder: the next owner gets it, with as many connections as it asks for.
    with EmbeddedPostgres.start(data_dir, max_connections=180) as postgres:
        assert running_url(data_dir) == postgres.url
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("180",)


def test_a_cluster_outside_the_data_folder_is_found_through_its_pointer(folder):
    private = folder / "home"
    private.mkdir(mode=0o700)
    with EmbeddedPostgres.start(private / "data") as postgres:
        assert cities(running_url(private / "data")) == "Bern"
        assert running_url(private / "data") == postgres.url


def test_an_orphan_without_an_owner_counts_as_not_running(folder):
    postgres = EmbeddedPostgres.start(folder / "orphaned")
    orphan = postgres._process
    try:
        for lock in postgres._locks:
            lock.close()
        assert orphan.is_running()
        assert running_url(folder / "orphaned") is None
    finally:
        postgres.stop(immediate=True)


def test_a_dead_server_with_a_living_owner_counts_as_not_running(folder):
    with EmbeddedPostgres.start(folder / "dead") as postgres:
        os.kill(postgres.pid, signal.SIGKILL)
        give_up = time.monotonic() + 10
        while postgres.running:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        assert running_url(folder / "dead") is None


def test_a_socket_folder_open_to_others_is_not_trusted(folder):
    with EmbeddedPostgres.start(folder / "data") as postgres:
        sockets = Path(postgres._home.sockets)
        sockets.chmod(0o777)
        try:
            assert running_url(folder / "data") is None
        finally:
            sockets.chmod(0o700)


def test_a_pointer_to_nowhere_is_told(folder, tmp_path):
    (tmp_path / embedded_home.POINTER).write_text("/nowhere/at/all\n")
    (tmp_path / LOCK).touch()
    with pytest.raises(Unavailable, match="/nowhere/at/all, which is gone"):
        running_url(tmp_path)
