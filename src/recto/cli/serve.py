"""The body of `recto serve`: settings in, one running server out. Starts and stops; does no work itself.

Order: is the port free, embedded PostgreSQL (unless RECTO_DATABASE_URL names a server), migrations and first
key, API and workers under one supervisor, and once the API answers a few lines for people. At the end the
database stops last, when nobody uses it any more.
"""

import asyncio
import contextlib
import errno
import signal
import socket
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

import httpx

from recto.cli.logs import set_up_logging
from recto.cli.supervise import ORPHAN_GRACE_S, ORPHAN_POLL_S, Child, Supervisor, tell
from recto.errors import InvalidConfig, RectoError, Unavailable
from recto.settings import Settings

if TYPE_CHECKING:
    from recto.storage.embedded import EmbeddedPostgres

RUN_RECTO = (sys.executable, "-P", "-c", "from recto.cli.main import app; app()")
API = "api"

PORT_PATIENCE_S = ORPHAN_POLL_S + ORPHAN_GRACE_S + 1  # the API of a killed server ends within this time
PORT_POLL_S = 0.25
HEALTH_TIMEOUT_S = 120.0  # from the launch of the API to its first answer; 2 s on a laptop
HEALTH_POLL_S = 0.1
WORKER_TIMEOUT_S = 60.0  # for the first worker, from the first answer of the API; it is ready a second later
HEALTHY = 200
DATABASE_POLL_S = 1.0
LONGEST_DATABASE_PAUSE_S = 30.0
INTERRUPTED = 130  # the shell's code for a program ended by Ctrl-C
WORKER_CONNECTIONS = 40  # of a worker to the database: its pools open 28 at most, and it listens on more
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def serve(settings: Settings) -> int:
    """Run the whole server until Ctrl-C or SIGTERM; returns the exit code (0: ended as asked).

    Says in one line what is wrong and returns 1 when the server cannot be started.
    """
    set_up_logging(settings.log_level, "serve")
    for which in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(which) == signal.SIG_DFL:
            signal.signal(which, _leave)  # until the supervisor takes over, so that the database stops too
    try:
        return _Server(settings).run()
    except RectoError as error:
        tell(error.message)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


class _Server:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._postgres: EmbeddedPostgres | None = None
        self._first_key: str | None = None
        self._forced = False

    def run(self) -> int:
        wait_for_port(self._settings.host, self._settings.port)
        try:
            if self._settings.database_url is None:
                self._start_database()
            self._prepare()
            return asyncio.run(self._supervise())
        finally:
            if self._first_key:  # made, but never shown: the start failed in between
                tell(f"the first API key is {self._first_key}")
            if self._postgres:
                for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(which, signal.SIG_IGN)  # the rest has deadlines of its own
                self._postgres.stop(immediate=self._forced)

    def _start_database(self) -> None:
        from recto.storage.embedded import (  # noqa: PLC0415 - not on Windows, nor when unused
            CONNECTIONS,
            EmbeddedPostgres,
        )

        connections = CONNECTIONS + WORKER_CONNECTIONS * (self._settings.workers - 1)
        self._postgres = EmbeddedPostgres.start(self._settings.data_dir, connections)
        self._settings = self._settings.model_copy(update={"database_url": self._postgres.url})

    def _prepare(self) -> None:
        from recto.app import prepare  # noqa: PLC0415 - loads the whole server: a taken port is told before

        self._first_key = prepare(self._settings).first_key

    async def _supervise(self) -> int:
        supervisor = Supervisor(children(self._settings))

        began = time.monotonic()

        async def started() -> None:
            from recto.app import wait_for_worker  # noqa: PLC0415 - loaded by now

            await _wait_until_healthy(self._settings, supervisor)
            if not await wait_for_worker(self._settings, time.monotonic() - began, WORKER_TIMEOUT_S):
                tell("no worker is ready yet: jobs wait until one is")
            print(welcome(self._settings, self._first_key), flush=True)
            self._first_key = None

        postgres = self._postgres
        watch = (lambda: keep_database(postgres)) if postgres else None
        try:
            return await supervisor.run(started, watch)
        finally:
            self._forced = supervisor.forced


def children(settings: Settings) -> tuple[Child, ...]:
    """The processes of a server: the API and its workers, with the settings they must share."""
    env = {
        "RECTO_DATA_DIR": str(settings.data_dir.absolute()),
        "RECTO_HOST": settings.host,
        "RECTO_PORT": str(settings.port),
        "RECTO_DATABASE_URL": settings.database_url or "",
        "RECTO_BOOTSTRAP_KEY": "",  # used up by `prepare`; secrets go no further than needed
    }
    workers = [Child(f"worker {n}", (*RUN_RECTO, "worker"), env) for n in range(1, settings.workers + 1)]
    return (Child(API, (*RUN_RECTO, API), env), *workers)


def welcome(settings: Settings, first_key: str | None) -> str:
    """What people read once the server answers."""
    lines = ["", "Recto is running.", f"  URL      {settings.base_url}"]
    if first_key and settings.bootstrap_key:
        lines.append("  API key  the one in RECTO_BOOTSTRAP_KEY")
    elif first_key:
        lines.append(f"  API key  {first_key}   (shown only now: keep it)")
    lines += [f"  Data     {settings.data_dir.absolute()}", "  Stop     Ctrl-C", ""]
    return "\n".join(lines)


def wait_for_port(host: str, port: int, patience_s: float = PORT_PATIENCE_S) -> None:
    """Return when the API can listen there; wait a little, for an earlier server may be just ending.

    Raises:
        Unavailable: another program listens there, or the port is reserved for root.
        InvalidConfig: the host is no address of this machine.
    """
    give_up = time.monotonic() + patience_s
    told = False
    while not _is_free(host, port):
        if time.monotonic() >= give_up:
            raise Unavailable(
                f"Port {port} on {host} is in use by another program: end that one, or set RECTO_PORT to a "
                "free port."
            )
        if not told:
            tell(f"port {port} is in use; waiting {patience_s:.0f} s in case an earlier Recto is just ending")
            told = True
        time.sleep(PORT_POLL_S)


def _is_free(host: str, port: int) -> bool:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in places:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except socket.gaierror as error:
        raise InvalidConfig(f"RECTO_HOST={host}: there is no such host ({error.strerror}).") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        if error.errno == errno.EACCES:
            raise Unavailable(f"Port {port} is reserved for root: set RECTO_PORT to 1024 or more.") from error
        raise InvalidConfig(f"RECTO_HOST={host}: cannot listen there ({error.strerror}).") from error
    return True


def health_url(host: str, port: int) -> str:
    """The address at which this machine reaches its own API."""
    host = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/health"


async def _wait_until_healthy(settings: Settings, supervisor: Supervisor) -> None:
    url = health_url(settings.host, settings.port)
    give_up = time.monotonic() + HEALTH_TIMEOUT_S
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:  # a proxy is not for ourselves
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == HEALTHY:
                    return
            if supervisor.deaths(API):
                raise Unavailable("The API ended while starting: its messages are above.")
            if time.monotonic() > give_up:
                raise Unavailable(f"The API did not answer at {url} within {HEALTH_TIMEOUT_S:.0f} s.")
            await asyncio.sleep(HEALTH_POLL_S)


async def keep_database(postgres: "EmbeddedPostgres") -> None:
    """Start the embedded database again whenever it has ended by itself; runs until cancelled."""
    pause_s = DATABASE_POLL_S
    while True:
        await asyncio.sleep(pause_s)
        if postgres.running:
            continue
        tell("the database ended; starting it again")
        try:
            await asyncio.to_thread(postgres.ensure_running)
        except Unavailable as error:
            pause_s = min(pause_s * 2, LONGEST_DATABASE_PAUSE_S)
            tell(f"{error.message}\nrecto: next attempt in {pause_s:.0f} s")
        else:
            pause_s = DATABASE_POLL_S


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
