"""The PostgreSQL that comes with Recto: a data folder in, a database URL out. Knows no table; see database.

Only the programs of the wheel are used, started and watched here. One supervisor owns a data folder: it holds
a file lock that vanishes with it, whatever ends it. A server that outlived its supervisor is taken over by
the next. Where everything lies, and under which OS user, is decided in embedded_home.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psutil
import psycopg
import structlog

from recto.errors import Unavailable
from recto.storage.embedded_home import (
    MAJOR,
    PORT,
    Home,
    claim_private,
    database_account,
    earlier_clusters,
    existing_cluster,
    find_home,
    forget_pointer,
    is_private,
    prepare_data_dir,
)
from recto.storage.embedded_process import (
    LOG_TAIL_LINES,
    clear_stale_pid_file,
    end_server,
    end_strays,
    is_alive,
    log_tail,
    orphan_of,
    pid_file,
    serves,
)

log = structlog.get_logger(__name__)

USER = "recto"
DATABASE = "recto"
LOCK = "postgres.lock"

INITDB_TIMEOUT_S = 180.0  # 2 s here; slow disks and emulated processors take a minute
READY_TIMEOUT_S = 180.0  # replaying the log after a crash takes up to a minute with max_wal_size below
READY_POLL_S = 0.03
LAUNCH_ATTEMPTS = 3  # the children of a killed server hold its shared memory for a moment longer
LAUNCH_PAUSE_S = 1.0
SOCKET_LINE = 4  # of postmaster.pid, counted from 0: the folder of its socket
LOG_BEGINS = "redirecting log output"  # after these words it writes to its log file

CONNECTIONS = 100  # for one API, one worker (about 30 each at most) and some commands

# Given at every start, so that a new version of Recto changes them for existing clusters too.
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "0",  # containers often have 64 MB of shared memory
    "max_logical_replication_workers": "0",
    "io_method": "sync",  # spares three processes; the database fits into memory
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One file a weekday, overwritten a week later. No statements, no values: they may hold document text.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """A running server of our own. Use as a context manager, or call `stop`."""

    def __init__(self, data_dir: Path, home: Home, locks: list[IO[str]], max_connections: int) -> None:
        """Hold what `start` found; starts nothing."""
        self._max_connections = max_connections
        self._data_dir = data_dir
        self._home = home
        self._locks = locks
        self._process: psutil.Process | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, data_dir: Path, max_connections: int = CONNECTIONS) -> Self:
        """Start the server of this data folder, creating folder and database when new; ready on return.

        A server that is taken over from an earlier run keeps its own number of connections.

        Raises:
            Unavailable: another Recto owns the folder, or the server does not start (with its log's end).
        """
        account = database_account()
        data_dir = prepare_data_dir(data_dir, account)
        locks = [_lock(data_dir)]
        try:
            home = find_home(data_dir, account)
            if home.base != data_dir:
                locks.append(_lock(home.base))  # two data folders may name the same cluster: a copied folder
            if home.account:
                _end_forsaken(data_dir, home)
        except OSError as error:
            _release(locks)
            raise Unavailable(f"No database can be set up for {data_dir}: {error}.") from error
        except BaseException:
            _release(locks)
            raise
        server = cls(data_dir, home, locks, max_connections)
        try:
            server.ensure_running()
        except OSError as error:
            server.stop(immediate=True)
            raise Unavailable(f"The database in {home.cluster} cannot be set up: {error}.") from error
        except BaseException:
            server.stop(immediate=True)
            raise
        return server

    @property
    def url(self) -> str:
        """The database's URL, a Unix socket: postgresql://recto@/recto?host=/folder&port=5432."""
        return _url(self._home.sockets)

    @property
    def pid(self) -> int | None:
        """The process id of the server, None when it does not run."""
        return self._process.pid if self._process and self.running else None

    @property
    def cluster(self) -> Path:
        """The folder with the server's files."""
        return self._home.cluster

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        if self._child:
            return self._child.poll() is None
        return self._process is not None and is_alive(self._process)

    def ensure_running(self) -> None:
        """Start or take over the server unless it runs; ready on return.

        Raises:
            Unavailable: it does not start.
        """
        if self.running:
            return
        home = self._home
        orphan = orphan_of(home.cluster, home.account)
        if orphan and not serves(orphan, home):
            end_server(orphan, immediate=False)
            orphan = None
        self._child, self._process = None, orphan
        if orphan:
            log.info("taking over the database server of an earlier run", pid=orphan.pid)
            self._wait_until_ready(None)
            return
        _initialise(home)
        _check_version(home.cluster)
        for attempt in range(1, LAUNCH_ATTEMPTS + 1):
            if self._launched(last=attempt == LAUNCH_ATTEMPTS):
                return
            time.sleep(LAUNCH_PAUSE_S)

    def stop(self, *, immediate: bool = False) -> None:
        """End the server and let go of the data folder. Calling it again is harmless."""
        process, self._process = self._process, None
        child, self._child = self._child, None
        if process:
            end_server(process, immediate=immediate, child=child)
        _release(self._locks)

    def discard(self) -> None:
        """End the server and delete its database for good."""
        process, self._process = self._process, None
        child, self._child = self._child, None
        if process:
            end_server(process, immediate=True, child=child)
        for folder in (self._home.cluster, self._home.sockets):
            shutil.rmtree(folder, ignore_errors=True)
        if self._home.base != self._data_dir:
            shutil.rmtree(self._home.base, ignore_errors=True)
            forget_pointer(self._data_dir)
        _release(self._locks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launched(self, *, last: bool) -> bool:
        """Start the process and wait; False when it ended at once and another attempt is left."""
        clear_stale_pid_file(self._home.cluster)
        # The folder belongs to the server's OS user, so root writes no path in it: an unnamed file instead.
        with tempfile.TemporaryFile() as first_words:
            self._child = _launch(self._home, first_words, self._max_connections)
            self._process = psutil.Process(self._child.pid)
            try:
                self._wait_until_ready(first_words)
            except Unavailable:
                if last or self.running:
                    raise
                return False
        return True

    def _wait_until_ready(self, first_words: IO[bytes] | None) -> None:
        give_up = time.monotonic() + READY_TIMEOUT_S
        while True:
            try:
                _ensure_database(self._home.sockets)
            except psycopg.OperationalError as error:
                why = str(error).strip()
            else:
                return
            if not self.running:
                raise Unavailable(self._complaint("ended while starting", first_words))
            if time.monotonic() > give_up:
                late = f"was not ready within {READY_TIMEOUT_S:.0f} s ({why})"
                raise Unavailable(self._complaint(late, first_words))
            time.sleep(READY_POLL_S)

    def _complaint(self, what: str, first_words: IO[bytes] | None) -> str:
        words = ""
        if first_words:
            first_words.seek(0)
            words = first_words.read().decode(errors="replace")
        if not words or LOG_BEGINS in words:
            words = log_tail(self._home.cluster)
        tail = words.splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(
            [f"The embedded PostgreSQL in {self._home.cluster} {what}. The end of its log:", *tail]
        )


def running_url(data_dir: Path) -> str | None:
    """The database's URL while a running Recto owns the data folder, else None. Starts and changes nothing.

    Raises:
        Unavailable: the data folder or its database cannot be entered by this user.
    """
    try:
        data_dir = data_dir.expanduser().resolve()
        found = existing_cluster(data_dir)
        if found is None:
            return None
        cluster, account = found
        facts = pid_file(cluster)
        if len(facts) <= SOCKET_LINE or orphan_of(cluster, account) is None or not _is_owned(data_dir):
            return None
        sockets = Path(facts[SOCKET_LINE])
        return _url(sockets) if is_private(sockets, account) else None
    except OSError as error:
        raise Unavailable(f"The database of {data_dir} cannot be looked for: {error}.") from error


def _url(sockets: Path) -> str:
    return f"postgresql://{USER}@/{DATABASE}?host={quote(str(sockets))}&port={PORT}"


def _is_owned(folder: Path) -> bool:
    """Whether a living process holds the folder. To find out, a shared lock is taken and let go at once."""
    try:
        file = os.fdopen(os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock(folder: Path) -> IO[str]:
    """Take the folder for this process; the system lets go of it when the process ends, however it ends."""
    path = folder / LOCK
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+", encoding="ascii")
    except OSError as error:
        raise Unavailable(f"The lock file {path} cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = file.read().strip() or "unknown"
        file.close()
        raise Unavailable(
            f"Another Recto (process {owner}) is using {folder}: stop it first, or give this one a folder of "
            "its own with RECTO_DATA_DIR."
        ) from error
    except OSError as error:
        file.close()
        raise Unavailable(
            f"{folder} lies on a file system without locks ({error.strerror}): use a local folder."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _release(locks: list[IO[str]]) -> None:
    # The files stay: deleting one could delete the lock that a next owner has just taken.
    for file in reversed(locks):
        file.close()
    locks.clear()


def _initialise(home: Home) -> None:
    """Create the cluster unless there is one; made beside its place and renamed, so it is whole or absent."""
    if home.cluster.exists():
        return
    _check_user_has_a_name()
    end_strays(home.cluster)
    fresh = home.cluster.with_name(f"{home.cluster.name}.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    claim_private(fresh, home.account)
    # The builtin locale: the same order and case rules on every system, whatever it has installed.
    command = [
        str(home.binaries / "initdb"),
        f"--pgdata={fresh}",
        f"--username={USER}",
        "--auth-local=trust",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]
    with tempfile.TemporaryFile() as words:
        process = _spawn(command, home, words)
        try:
            code = process.wait(INITDB_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:  # too late, or interrupted: take the programs it started along
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code != 0:
            words.seek(0)
            said = "\n".join(words.read().decode(errors="replace").splitlines()[-LOG_TAIL_LINES:])
            ending = (
                f"failed (exit code {code})" if code is not None else f"took over {INITDB_TIMEOUT_S:.0f} s"
            )
            raise Unavailable(f"Creating the database in {fresh} {ending}:\n{said}")
    fresh.rename(home.cluster)


def _check_user_has_a_name() -> None:
    """PostgreSQL's initdb asks for the name; containers started with any user id may have none."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise Unavailable(
            f"PostgreSQL needs a name for the OS user {os.geteuid()}, and /etc/passwd has none: add a line "
            "for it, or set RECTO_DATABASE_URL to a server of your own."
        ) from error


def _check_version(cluster: Path) -> None:
    try:
        found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as error:
        raise Unavailable(f"{cluster} is not a PostgreSQL folder: PG_VERSION is missing.") from error
    if found != str(MAJOR):
        raise Unavailable(
            f"The database in {cluster} was made by PostgreSQL {found}, this Recto brings {MAJOR}: dump it "
            "with the old version (pg_dump), move the folder away, start Recto, and restore the dump."
        )


def _launch(home: Home, words: IO[bytes], max_connections: int) -> subprocess.Popen[bytes]:
    own = {"unix_socket_directories": str(home.sockets), "max_connections": str(max_connections)}
    options = OPTIONS | own
    command = [str(home.binaries / "postgres"), "-D", str(home.cluster), "-p", str(PORT)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return _spawn(command, home, words)


def _spawn(command: list[str], home: Home, words: IO[bytes]) -> subprocess.Popen[bytes]:
    account = home.account
    try:
        return subprocess.Popen(  # noqa: S603 - the wheel's own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},  # none of the user's PG* variables
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends the server last
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except (OSError, subprocess.SubprocessError) as error:
        who = f" as OS user {account.uid}" if account else ""
        raise Unavailable(f"{command[0]} cannot be started{who}: {error}.") from error


def _ensure_database(sockets: Path) -> None:
    with psycopg.connect(
        host=str(sockets), port=PORT, user=USER, dbname="postgres", connect_timeout=5, autocommit=True
    ) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _end_forsaken(data_dir: Path, home: Home) -> None:
    """End servers of this data folder's earlier lives: it was deleted while its cluster lay elsewhere."""
    for cluster in earlier_clusters(data_dir, home.cluster):
        with suppress(Unavailable):  # locked: the folder was moved, and its owner is at work
            lock = _lock(cluster.parent)
            if orphan := orphan_of(cluster, home.account):
                end_server(orphan, immediate=False)
            lock.close()
            log.warning(
                "an earlier database of this data folder is left; delete it by hand", folder=str(cluster)
            )
