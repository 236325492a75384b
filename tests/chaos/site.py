"""A Recto whose parts are processes of their own, to be killed one by one: database, APIs, workers, storage.

`recto serve` would start again what died; here the test is the service manager, so it knows who lives.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import psycopg

from chaos.receiver import Receiver
from chaos.sizes import SIZES
from conftest import COMMAND, KEY, free_port
from recto.storage.embedded import EmbeddedPostgres

SECRET = "a-secret-of-the-tests-of-chaos"
ENDED = {"Completed", "Failed"}
KEPT_TABLES = ("organisation", "api_key", "alembic_version")
TRIES_S = 60.0  # for a call that meets an API which was just killed
FAULTY = (sys.executable, str(Path(__file__).with_name("faulty.py")))


def until(condition: Callable[[], object], seconds: float = SIZES.patience_s, pause_s: float = 0.05) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(pause_s)


@dataclass
class Site:
    """One installation. Everything is under `folder`."""

    folder: Path
    postgres: EmbeddedPostgres
    settings: dict[str, str]
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    keys: Iterator[str] = field(default_factory=lambda: (f"chaos-{n}" for n in range(10**9)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> Path:
        """Where the database listens."""
        return Path(parse_qs(urlsplit(self.postgres.url).query)["host"][0]) / ".s.PGSQL.5432"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.folder / "own"),
            "DATABASE_URL": self.postgres.url,
            "STORAGE_URL": (self.folder / "objects").as_uri(),
            "SECRET_KEY": SECRET,
            "PORT": str(self.port),
            "BOOTSTRAP_KEY": KEY,
            "ALLOWED_HOSTS": "127.0.0.1",
            "OCR_READERS": "0",
            "READERS": "1",
            "UNIT_PAGES": "4",
            "LEASE_S": str(SIZES.lease_s),
            "WEBHOOK_BACKOFF_S": "0.5,1,2,4",
            "WEBHOOK_TIMEOUT_S": "2",
        }
        given = {name.upper(): value for name, value in {**self.settings, **(more or {})}.items()}
        recto = {
            f"RECTO_{name}": value for name, value in {**own, **given}.items() if not name.startswith("_")
        }
        return os.environ | recto | {name[1:]: value for name, value in given.items() if name.startswith("_")}

    # --- processes ---------------------------------------------------------------------------------------

    def start(
        self,
        *words: str,
        more: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
        inside: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a role; `inside` goes before the command, as for a network namespace."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*inside, *command, *words],
                env=self.env(more),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_api(self, **more: Any) -> subprocess.Popen[bytes]:
        process = self.start("api", **more)
        until(lambda: self.answers() or process.poll() is not None)
        assert process.poll() is None, self.last_words()
        return process

    def start_worker(self, **more: Any) -> subprocess.Popen[bytes]:
        before = self.alive_workers()
        process = self.start("worker", **more)
        until(lambda: process.poll() is not None or self.alive_workers() - before)
        assert process.poll() is None, self.last_words()
        return process

    def alive_workers(self) -> set[str]:
        """The names of workers that said a moment ago that they live."""
        query = "SELECT name FROM worker WHERE beat_at > clock_timestamp() - interval '8 seconds'"
        return {name for (name,) in self.rows(query)}

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill_all(self) -> None:
        """End whatever runs, at once."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def renew(self, **settings: str) -> "Site":
        """Nothing runs, nothing is known but the key, and these settings hold."""
        self.kill_all()
        self.postgres.ensure_running()
        self.settings = settings
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)"
            tables = [name for (name,) in connection.execute(query, [list(KEPT_TABLES)])]
            connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        for folder in (self.folder / "objects", *self.folder.glob("host-*"), self.folder / "own" / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
        self.log.write_text("")
        return self

    def last_words(self) -> str:
        return self.log.read_text()[-4000:]

    def children(self, worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """The processes that read for a worker (below its fork server)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(worker.pid).children(recursive=True)
        return []

    # --- what it knows -----------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def open_units(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT u.id, u.kind, u.status, u.worker FROM unit u JOIN job j ON j.id = u.job_id"
            " WHERE u.status = 'running' OR (u.status = 'pending' AND j.ended_at IS NULL)"
        )

    def ends(self) -> list[float]:
        """When units and jobs ended, in seconds, in order."""
        query = (
            "SELECT extract(epoch FROM ended_at)::float FROM unit WHERE ended_at IS NOT NULL"
            " UNION ALL SELECT extract(epoch FROM ended_at)::float FROM job WHERE ended_at IS NOT NULL ORDER BY 1"
        )
        return [moment for (moment,) in self.rows(query)]

    # --- calls -------------------------------------------------------------------------------------------

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + "/ready", timeout=5).status_code == 200
        return False

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=SIZES.patience_s)

    def call(self, method: str, path: str, **body: Any) -> httpx.Response:
        """As a careful client calls: again while nobody answers, or answers 5xx, with the same key."""
        headers = {"idempotency-key": next(self.keys)} if method == "POST" else {}
        end = time.monotonic() + TRIES_S
        while True:
            with contextlib.suppress(httpx.TransportError), self.client() as client:
                answer = client.request(method, path, headers=headers, **body)
                if answer.status_code < 500 or time.monotonic() > end:
                    return answer
            assert time.monotonic() < end, f"{method} {path}: nobody answers"
            time.sleep(0.2)

    def upload(self, document: bytes, name: str = "a.pdf") -> str:
        answer = self.call("POST", "/upload", files={"file": (name, document)})
        assert answer.status_code == 200, answer.text
        return answer.json()["file_id"]

    def submit(self, file_id: str, hook: Receiver | None = None, **more: Any) -> str:
        body: dict[str, Any] = {"input": file_id, **more}
        if hook is not None:
            body["async"] = {"webhook": {"mode": "direct", "url": hook.url}}
        answer = self.call("POST", "/parse_async", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["job_id"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.call("GET", f"/job/{job_id}").json()

    def all_end(self, seconds: float = SIZES.patience_s) -> None:
        """Wait until no job is open."""
        open_jobs = "SELECT count(*) FROM job WHERE ended_at IS NULL"

        def none_open() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return self.rows(open_jobs) == [(0,)]
            return False

        try:
            until(none_open, seconds, pause_s=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.open_units()}\n{self.last_words()}") from error

    def text_of(self, job: dict[str, Any]) -> str:
        result = job["result"]["result"]
        if result["type"] == "url":
            result = httpx.get(result["url"], timeout=60).json()
        return "\n".join(chunk["content"] for chunk in result["chunks"])


def worker_of(name: str) -> int:
    """The process id in a worker's name."""
    return int(name.rsplit("-", 2)[1])


@contextmanager
def site(**settings: str) -> Iterator[Site]:
    """An installation with a database that is ready and nothing else running yet.

    A setting is one of RECTO_*; one that begins with an underscore is another variable of the environment.
    """
    folder = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    folder.chmod(0o755)  # root's database user must get through
    postgres = EmbeddedPostgres.start(folder / "data")
    made = Site(folder, postgres, settings, free_port())
    try:
        subprocess.run([*COMMAND, "migrate"], env=made.env(), check=True, capture_output=True)
        yield made
    finally:
        made.stop()
        postgres.discard()
        shutil.rmtree(folder, ignore_errors=True)


def dice(seed: int) -> random.Random:
    """Chance that falls the same way each time, so that a failure can be repeated."""
    return random.Random(seed)
