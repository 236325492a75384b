"""`recto keys`: the key it prints opens the running server, and stops doing so when revoked."""

import httpx
import pytest

from recto.settings import Settings
from recto.storage.embedded_home import SYSTEM_ROOTS


def status_with(server, key):
    return httpx.get(f"{server.url}/jobs", headers={"authorization": f"Bearer {key}"}).status_code


def test_a_life_of_a_key(recto, server, of_server):
    ended = recto("keys", "create", "nightly import", env=of_server)
    assert (ended.code, ended.err) == (0, "")
    (key,) = ended.out.split()
    assert key.startswith("recto_")
    assert status_with(server, key) == 200

    listed = recto("keys", "list", env=of_server).out
    (line,) = [line for line in listed.splitlines() if "nightly import" in line]
    assert line.startswith(key[:10])
    assert "active" in line
    assert key not in listed

    assert recto("keys", "revoke", "nightly import", env=of_server).out.startswith("revoked")
    assert status_with(server, key) == 401
    (line,) = [line for line in recto("keys", "list", env=of_server).out.splitlines() if key[:10] in line]
    assert "revoked" in line

    again = recto("keys", "revoke", "nightly import", env=of_server)
    assert again.code == 1
    assert again.err.startswith("recto: 0 active keys")


def test_an_ambiguous_name_revokes_nothing(recto, server, of_server):
    keys = [recto("keys", "create", "twin", env=of_server).out.strip() for _ in range(2)]
    ended = recto("keys", "revoke", "twin", env=of_server)
    assert ended.code == 1
    assert ended.err.startswith("recto: 2 active keys")
    assert [status_with(server, key) for key in keys] == [200, 200]
    assert recto("keys", "revoke", keys[0][:10], env=of_server).code == 0
    assert [status_with(server, key) for key in keys] == [401, 200]


def test_organisations_are_apart(recto, server, of_server):
    key = recto("keys", "create", "theirs", "--organisation", "Other GmbH", env=of_server).out.strip()
    assert status_with(server, key) == 200
    assert "theirs" not in recto("keys", "list", env=of_server).out
    assert "theirs" in recto("keys", "list", "--organisation", "Other GmbH", env=of_server).out
    ended = recto("keys", "list", "--organisation", "Nobody", env=of_server)
    assert (ended.code, ended.err) == (1, "recto: There is no organisation named 'Nobody'.\n")


@pytest.fixture
def own_roots(open_folder, monkeypatch):
    """Keep a cluster that root would put elsewhere out of the system's own folders."""
    assert SYSTEM_ROOTS
    monkeypatch.setattr("recto.storage.embedded_home.SYSTEM_ROOTS", (open_folder / "roots",))


@pytest.mark.usefixtures("own_roots")
def test_without_a_server_the_database_is_started_for_the_command(recto, open_folder):
    env = {"RECTO_DATA_DIR": str(open_folder / "data"), "RECTO_BOOTSTRAP_KEY": "recto_of-the-first-start"}
    ended = recto("keys", "create", "mine", env=env)
    assert ended.code == 0
    assert len(ended.out.split()) == 1, "only the key asked for, so that a script can take it"
    assert "the first API key is recto_of-the-first-start" in ended.err
    ended = recto("keys", "list", env=env)
    assert [line.split()[-1] for line in ended.out.splitlines()] == ["first", "mine"]
    assert ended.err == ""
    assert Settings(data_dir=open_folder / "data").database_url is None
    # A command on jobs meets tables too.
    ended = recto("jobs", "cancel", "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1", env=env)
    assert ended.code == 1
    assert "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1" in ended.err
    assert len(ended.err.splitlines()) == 1
