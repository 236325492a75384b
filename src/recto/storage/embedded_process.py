"""The embedded server's processes: finding the one of a cluster, and ending it. Starts none; see embedded.

As root, the cluster's folder belongs to another user, so nothing in it is trusted: links are not followed,
and a process id counts only when that process is this cluster's server.
"""

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
import structlog

from recto.storage.embedded_home import Account, Home

log = structlog.get_logger(__name__)

FAST_STOP_S = 30.0  # ends transactions, writes a checkpoint
END_POLL_S = 0.01
IMMEDIATE_STOP_S = 10.0  # as if crashed: replays the log at the next start
LOG_TAIL_LINES = 15
STOPPING = "stopping"  # the state in the last line of postmaster.pid


def pid_file(cluster: Path) -> list[str]:
    """The lines of postmaster.pid (process id first, state last), none without it."""
    try:
        with _open_plainly(cluster / "postmaster.pid") as file:
            return [line.strip() for line in file.read().splitlines()]
    except OSError:
        return []


@contextmanager
def _open_plainly(path: Path) -> Generator[IO[str]]:
    """Open for reading, but follow no link: as root we read in a folder of another user."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8", errors="replace") as file:
        yield file


def orphan_of(cluster: Path, account: Account | None) -> psutil.Process | None:
    """The living server of this cluster that an earlier supervisor left behind."""
    lines = pid_file(cluster)
    if not lines or not lines[0].isdigit():
        return None
    with suppress(psutil.Error, OSError):
        process = psutil.Process(int(lines[0]))
        owner = account.uid if account else os.geteuid()
        in_cluster = cluster.samefile(process.cwd())
        if process.name() == "postgres" and process.uids().real == owner and in_cluster and is_alive(process):
            return process
    return None


def serves(orphan: psutil.Process, home: Home) -> bool:
    """Whether the orphan is as we would start it: our program, our socket, and not on its way out."""
    lines = pid_file(home.cluster)
    with suppress(psutil.Error, OSError):
        return (
            (home.binaries / "postgres").samefile(orphan.exe())
            and str(home.sockets) in lines
            and lines[-1] != STOPPING
        )
    return False


def end_strays(cluster: Path) -> None:
    """End servers whose folder of this name was deleted under them, before a new one takes the name."""
    for process in psutil.process_iter(["name", "cmdline"]):
        options = (process.info["cmdline"] or [])[1:3]
        if process.info["name"] == "postgres" and options == ["-D", str(cluster)]:
            log.warning("ending a database server whose folder was deleted", pid=process.pid)
            end_server(process, immediate=True)


def clear_stale_pid_file(cluster: Path) -> None:
    """Remove a pid file whose process id is by now somebody else's; PostgreSQL would refuse to start over it.

    The lock guards this: no other supervisor is here, and `orphan_of` saw no server of this cluster.
    """
    lines = pid_file(cluster)
    if lines and lines[0].isdigit() and psutil.pid_exists(int(lines[0])):
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def end_server(
    process: psutil.Process, *, immediate: bool, child: subprocess.Popen[bytes] | None = None
) -> None:
    """Fast shutdown, then immediate shutdown, then kill, each with its deadline."""
    steps = (
        (signal.SIGINT, FAST_STOP_S),
        (signal.SIGQUIT, IMMEDIATE_STOP_S),
        (signal.SIGKILL, IMMEDIATE_STOP_S),
    )
    for which, wait_s in steps[1:] if immediate else steps:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(which)
        if _ended_within(wait_s, process, child):
            return
        log.warning("the database server does not end", pid=process.pid, signal=which.name, waited_s=wait_s)


def _ended_within(wait_s: float, process: psutil.Process, child: subprocess.Popen[bytes] | None) -> bool:
    """Wait for the end. An adopted process may stay a zombie for ever: in a container nobody may reap it."""
    give_up = time.monotonic() + wait_s
    while time.monotonic() < give_up:
        gone = child.poll() is not None if child else not is_alive(process)  # our own is reaped by poll
        if gone:
            return True
        time.sleep(END_POLL_S)
    return False


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie does not."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def log_tail(cluster: Path) -> str:
    """The last lines of the server's log, empty when there is none."""
    try:
        newest = max((cluster / "log").glob("*.log"), key=lambda path: path.lstat().st_mtime)
        with _open_plainly(newest) as file:
            return "".join(file.readlines()[-LOG_TAIL_LINES:])
    except (OSError, ValueError):
        return ""
