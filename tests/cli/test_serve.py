"""`recto serve`: the real process tree with the real database; API, worker and migrations are stand-ins."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from recto.cli import serve
from recto.errors import InvalidConfig, Unavailable
from recto.settings import Settings

CHILD = """
import http.server, os, sys
from recto.cli.supervise import exit_with_supervisor
exit_with_supervisor()
import psycopg
with psycopg.connect(os.environ["RECTO_DATABASE_URL"]) as connection:
    connection.execute("SELECT 1")
if sys.argv[1] == "worker":
    import time
    time.sleep(600)

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer((os.environ["RECTO_HOST"], int(os.environ["RECTO_PORT"])), Health).serve_forever()
"""
SERVER = f"""
import sys, types
from types import SimpleNamespace
import psycopg
from recto.cli import serve
from recto.settings import Settings

def prepare(settings):
    with psycopg.connect(settings.database_url) as connection:
        if connection.execute("SELECT to_regclass('keys')").fetchone()[0]:
            return SimpleNamespace(first_key=None)
        connection.execute("CREATE TABLE keys ()")
    return SimpleNamespace(first_key="the-first-key")

async def wait_for_worker(settings, started_within_s, patience_s):
    return True

app = types.ModuleType("recto.app")
app.prepare = prepare
app.wait_for_worker = wait_for_worker
sys.modules["recto.app"] = app
serve.RUN_RECTO = (sys.executable, "-c", {CHILD!r})
sys.exit(serve.serve(Settings()))
"""


@pytest.fixture(scope="module")
def data_dir():
    with tempfile.TemporaryDirectory(prefix="recto-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"


@pytest.fixture(scope="module")
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(data_dir, port):
    env = {**os.environ, "RECTO_DATA_DIR": str(data_dir), "RECTO_PORT": str(port), "RECTO_BOOTSTRAP_KEY": ""}
    env.pop("RECTO_DATABASE_URL", None)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    words = ""
    for line in server.stdout:
        words += line
        if "Stop" in line:
            return server, words
    raise AssertionError(words + server.stderr.read())


def close(server):
    server.wait(20)
    server.stdout.close()
    server.stderr.close()


def gone(processes, within_s=10):
    give_up = time.monotonic() + within_s
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def family(server):
    return psutil.Process(server.pid).children(recursive=True)


def test_a_life_of_the_server(data_dir, free_port):
    server, words = start(data_dir, free_port)
    assert f"http://127.0.0.1:{free_port}" in words
    assert words.count("the-first-key") == 1
    assert str(data_dir) in words
    members = family(server)
    assert {"postgres"} < {member.name() for member in members}
    server.send_signal(signal.SIGINT)
    close(server)
    assert server.returncode == 0
    assert gone(members)

    # The second start has no key to show; then it is killed without a chance to clean up.
    server, words = start(data_dir, free_port)
    assert "key" not in words.lower()
    (postgres,) = [m for m in psutil.Process(server.pid).children() if m.name() == "postgres"]
    programs = [m for m in psutil.Process(server.pid).children() if m.name() != "postgres"]
    server.kill()
    close(server)

    # The third takes over: API and worker of the second end by themselves, the database goes on.
    server, _ = start(data_dir, free_port)
    assert gone(programs)
    assert postgres.is_running()
    server.terminate()
    close(server)
    assert server.returncode == 0
    assert gone([postgres])


def test_a_database_that_dies_is_started_again(data_dir, free_port):
    server, _ = start(data_dir, free_port)
    (postgres,) = [m for m in psutil.Process(server.pid).children() if m.name() == "postgres"]
    postgres.kill()
    give_up = time.monotonic() + 15
    while not [m for m in psutil.Process(server.pid).children() if m.name() == "postgres" and m != postgres]:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    server.terminate()
    close(server)
    assert server.returncode == 0


def test_a_taken_port_is_told_before_anything_starts(tmp_path, free_port, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"Port {port} on 127\.0\.0\.1 is in use.*RECTO_PORT"):
            serve.wait_for_port("127.0.0.1", port, patience_s=0.3)
    assert "waiting" in capsys.readouterr().err
    serve.wait_for_port("127.0.0.1", port, patience_s=0)


def test_a_host_that_is_not_ours_is_named():
    with pytest.raises(InvalidConfig, match=r"RECTO_HOST=192\.0\.2\.1: cannot listen there"):
        serve.wait_for_port("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/health"),
        ("0.0.0.0", "http://127.0.0.1:8000/health"),
        ("::", "http://[::1]:8000/health"),
        ("recto.internal", "http://recto.internal:8000/health"),
    ],
)
def test_the_address_of_ones_own_api(host, url):
    assert serve.health_url(host, 8000) == url


def test_children_share_the_database_but_not_the_first_key(tmp_path, monkeypatch):
    monkeypatch.setenv("RECTO_BOOTSTRAP_KEY", "recto_a-secret-for-the-first-start")
    settings = Settings(data_dir=tmp_path, database_url="postgresql://db/recto", workers=2)
    api, *workers = serve.children(settings)
    assert api.argv[-1] == "api"
    assert [(w.name, w.argv[-1]) for w in workers] == [("worker 1", "worker"), ("worker 2", "worker")]
    assert all(child.env["RECTO_DATABASE_URL"] == "postgresql://db/recto" for child in (api, *workers))
    assert "a-secret" not in str(api.env)


def test_a_key_given_by_its_owner_is_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setenv("RECTO_BOOTSTRAP_KEY", "owners-secret-of-his-own")
    words = serve.welcome(Settings(data_dir=tmp_path), "owners-secret-of-his-own")
    assert "RECTO_BOOTSTRAP_KEY" in words
    assert "owners-secret-of-his-own" not in words
