"""Shuts a child process in before it opens any document: no network, no look into other processes, limits, a room.

Called once in each child, first thing. What comes in are limits; what goes out is which fence the kernel granted.
A fence holds for the rest of the process's life and for everything that it starts. It never raises: a kernel
that grants nothing leaves the child with its limits alone, and `recto doctor` says so.

Two fences. A system call filter (seccomp) is tried first: it needs no right, costs nothing to set up, holds for
all threads, and refuses sockets of every family, so that the database's own socket is out of reach as well.
Where it is not to be had, a network namespace without any interface keeps the network out.
"""

import ctypes
import math
import os
import platform
import resource
import shutil
import struct
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EACCES
from pathlib import Path
from typing import Literal

Fence = Literal["seccomp", "namespace", "none"]

PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
SECCOMP_SET_MODE_FILTER = 1  # linux/seccomp.h, as the next three
SECCOMP_FILTER_FLAG_TSYNC = 1
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
CALL_AT, ARCHITECTURE_AT = 0, 4  # offsets in struct seccomp_data
X32_CALLS = 0x40000000  # calls of the x32 interface, which would pass by the numbers below
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
ROOM = "child-"


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor's name in the filter (linux/audit.h), and its numbers of seccomp and of what is refused."""

    architecture: int
    seccomp: int
    refused: tuple[int, ...]


# socket, connect, bind, listen, accept, accept4: the network. ptrace, process_vm_readv, process_vm_writev,
# pidfd_getfd: the memory and files of other processes. io_uring_setup: calls that no filter sees. unshare, setns,
# mount, bpf, perf_event_open, keyctl, userfaultfd: parts of the kernel that reading documents has no use for.
MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        317,
        (41, 42, 49, 50, 43, 288, 101, 310, 311, 438, 425, 272, 308, 165, 321, 298, 250, 323),
    ),
    "aarch64": Machine(
        0xC00000B7,
        277,
        (198, 203, 200, 201, 202, 242, 117, 270, 271, 438, 425, 97, 268, 40, 280, 241, 219, 282),
    ),
}


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def fence() -> Fence:
    """Shut this process off from the network and from other processes; which fence holds from now on."""
    if sys.platform != "linux":
        return "none"
    machine = MACHINES.get(platform.machine())
    if machine is not None and _filter_calls(machine):
        return "seccomp"
    return "namespace" if _leave_network() else "none"


def program(machine: Machine) -> bytes:
    """The filter: struct sock_filter after struct sock_filter. Whatever is no call of this machine is refused."""
    refuse = SECCOMP_RET_ERRNO | EACCES
    calls = machine.refused
    last = len(
        calls
    )  # jumps count the instructions between: from call i to the refusal behind the permission
    steps: list[tuple[int, int, int, int]] = [
        (LOAD_WORD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 0, last + 3, machine.architecture),
        (LOAD_WORD, 0, 0, CALL_AT),
        (JUMP_AT_LEAST, last + 1, 0, X32_CALLS),
        *((JUMP_EQUAL, last - index, 0, call) for index, call in enumerate(calls)),
        (RETURN, 0, 0, SECCOMP_RET_ALLOW),
        (RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _filter_calls(machine: Machine) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    code = program(machine)
    made = _Program(len(code) // struct.calcsize("=HBBI"), code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    call = (ctypes.c_long(machine.seccomp), ctypes.c_long(SECCOMP_SET_MODE_FILTER))
    return libc.syscall(*call, ctypes.c_long(SECCOMP_FILTER_FLAG_TSYNC), ctypes.byref(made)) == 0


def _leave_network() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def limit_files(most_bytes: int) -> None:
    """Let no file that this process writes grow beyond; OSError (EFBIG) says so then."""
    with suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def limit_time(seconds: float) -> None:
    """Let this process compute for so many more seconds of all processors; the kernel ends it then (SIGXCPU).

    Stands behind the deadline that the worker keeps: it holds when the worker has no time to look.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1)) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or until < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def take_room(scratch: Path) -> Path:
    """Make a folder that only this process uses for temporary files; rooms of children that died are removed."""
    for other in scratch.glob(ROOM + "*"):
        if not _is_alive(other.name.removeprefix(ROOM)):
            shutil.rmtree(other, ignore_errors=True)
    room = scratch / f"{ROOM}{os.getpid()}"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700, parents=True)
    tempfile.tempdir = str(room)
    for name in ("TMPDIR", "TMP", "TEMP"):  # for native code and for programs that it starts
        os.environ[name] = str(room)
    return room


def tidy_room(room: Path) -> None:
    """Remove what a piece of work has left in its room."""
    with suppress(OSError), os.scandir(room) as left:
        for entry in left:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _is_alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def granted(command: Sequence[str]) -> Fence:
    """Which fence this machine grants, tried in a process that ends at once; `command` runs Python."""
    import subprocess  # noqa: PLC0415 - for the doctor only

    code = "from recto.jobs.confinement import fence; print(fence())"
    done = subprocess.run([*command, "-c", code], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - this program's own interpreter
    told = done.stdout.strip()
    return told if told in {"seccomp", "namespace"} else "none"  # pyright: ignore[reportReturnType]
