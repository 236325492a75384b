"""The command as a whole: its words, and how errors reach people: one line each, never a trace."""

import pytest

from recto.cli import main
from recto.errors import Unavailable

NO_DATABASE = {"RECTO_DATABASE_URL": "postgresql://ada:topsecret@127.0.0.1:1/recto"}


def one_line(ended):
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    return line


def test_without_words_it_lists_its_commands(recto):
    ended = recto()
    for word in ("serve", "api", "worker", "migrate", "parse", "doctor", "keys", "pipeline", "jobs"):
        assert word in ended.out + ended.err


@pytest.mark.parametrize(
    "words", [("keys", "list"), ("pipeline", "list"), ("jobs", "list"), ("doctor",), ("migrate",), ("serve",)]
)
def test_a_wrong_setting_is_named_in_one_line(recto, words):
    ended = recto(*words, env={"RECTO_PORT": "eighty"})
    assert ended.code == 2
    assert "RECTO_PORT is not valid" in one_line(ended)


def test_every_wrong_setting_is_named_and_no_value_repeated(recto):
    env = {"RECTO_PORT": "99999", "RECTO_LEASE_S": "soon", "RECTO_WEBHOOK_BACKOFF_S": "1,s3cr3t,3"}
    ended = recto("jobs", "list", env=env | {"RECTO_DATABASE_URL": "mysql://ada:topsecret@db/x"})
    assert ended.code == 2
    named = [line.split()[3] for line in ended.err.splitlines()]
    assert named == [
        "RECTO_PORT",
        "RECTO_DATABASE_URL",
        "RECTO_LEASE_S",
        "RECTO_WEBHOOK_BACKOFF_S",
    ]
    assert "must begin with postgresql://" in ended.err
    assert "topsecret" not in ended.err


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://db/x", "must begin with postgresql://"),
        ("db.example:5432/x", "must begin with postgresql://"),
        ("postgresql://ada:pw@db:port/x", "port must be a number"),
        ("postgresql://db:99999/x", "port must be a number"),
    ],
)
def test_a_database_url_that_cannot_be_one_is_a_wrong_setting(recto, url, told):
    ended = recto("migrate", env={"RECTO_DATABASE_URL": url})
    assert ended.code == 2
    assert told in one_line(ended)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgres_url_is_taken(recto, scheme):
    ended = recto("migrate", env={"RECTO_DATABASE_URL": f"{scheme}://ada@127.0.0.1:1/x"})
    assert ended.code == 1
    assert "database cannot be reached" in one_line(ended)


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "list"),
        ("keys", "create", "ci"),
        ("pipeline", "list"),
        ("jobs", "list"),
        ("jobs", "cancel", "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1"),
        ("migrate",),
    ],
)
def test_a_database_out_of_reach_is_told_in_one_line_without_its_password(recto, words):
    ended = recto(*words, env=NO_DATABASE)
    assert ended.code == 1
    line = one_line(ended)
    assert "database cannot be reached" in line
    assert "topsecret" not in line


def test_a_real_process_ends_the_same_way(recto_process):
    ended = recto_process("keys", "list", env=NO_DATABASE)
    assert ended.code == 1
    assert "database cannot be reached" in one_line(ended)
    ended = recto_process("jobs", "list", env={"RECTO_AUTH": "perhaps"})
    assert ended.code == 2
    assert "RECTO_AUTH is not valid" in one_line(ended)


def test_a_defect_of_ours_keeps_its_trace(recto, monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr("recto.cli.jobs.Settings", broken)
    with pytest.raises(ZeroDivisionError):
        recto("jobs", "list")


def test_a_message_that_quotes_a_log_keeps_its_lines(recto, monkeypatch):
    log = "\n".join(["The embedded PostgreSQL ended. The end of its log:", *(f"line {n}" for n in range(9))])

    def broken():
        raise Unavailable(log)

    monkeypatch.setattr("recto.cli.jobs.Settings", broken)
    assert recto("jobs", "list").err == f"recto: {log}\n"
    assert main.FEW_LINES < 10
