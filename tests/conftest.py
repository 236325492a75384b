"""What many tests share: one running Recto (`recto serve`: database, API, worker), and ways to start more."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

KEY = "recto_test-key-of-the-test-server"
START_S = 60.0
STOP_S = 30.0
COMMAND = (sys.executable, "-c", "from recto.cli.main import app; app()")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class RunningServer:
    """A `recto serve` process tree that tests talk to over HTTP."""

    data_dir: Path
    port: int
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    key: str = KEY

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def environment(self) -> dict[str, str]:
        own = {
            "RECTO_DATA_DIR": str(self.data_dir),
            "RECTO_PORT": str(self.port),
            "RECTO_BOOTSTRAP_KEY": self.key,
            "RECTO_ALLOWED_HOSTS": "127.0.0.1",
        }
        return os.environ | own | self.env

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve"], env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.url + "/ready", timeout=2).status_code == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> int:
        """SIGTERM, as a service manager does; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextlib.contextmanager
def running_server(folder: Path, **env: str) -> Iterator[RunningServer]:
    """A server of its own for one test, with settings of its own (RECTO_* names without the mark)."""
    settings = {f"RECTO_{name.upper()}": value for name, value in env.items()}
    # As root the database's own user must be able to enter: pytest's folders are private, and the database
    # would then be kept, and left behind, elsewhere.
    home = Path(tempfile.mkdtemp(prefix="recto-test-"))
    home.chmod(0o755)
    server = RunningServer(home / "data", free_port(), settings, log=folder / "server.log")
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that do not break it. Unit size and backoff are small, to keep tests quick."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(
        folder, unit_pages="5", webhook_backoff_s="0.2,0.4", webhook_timeout_s="3"
    ) as running:
        yield running
