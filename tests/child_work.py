"""What children are made to do in tests: functions that a child process can import."""

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NoReturn

from recto.errors import DocumentLocked


class Stubborn(Exception):
    """Can be pickled, but not read back: its constructor wants more than it keeps."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


class Unpicklable(Exception):
    """Holds something that cannot be pickled."""

    def __init__(self) -> None:
        super().__init__(lambda: None)


def pid() -> int:
    return os.getpid()


def segfault() -> None:
    ctypes.string_at(0)


def leave(code: int) -> NoReturn:
    os._exit(code)


def sleep_noting_pid(path: Path, seconds: float) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(seconds)


def hang_in_native_code(path: Path) -> None:
    """Hang where no Python code runs, signal handlers of Python included."""
    path.write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the interpreter's lock


def eat(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


KEPT: list[bytearray] = []


def keep(megabytes: int) -> int:
    """Hold memory for good, as a leak does; gives the process's id."""
    KEPT.append(bytearray(b"x") * (megabytes * 1024 * 1024))
    return os.getpid()


def write_to(path: Path) -> None:
    path.write_bytes(b"x" * 4096)


def refuse() -> None:
    raise DocumentLocked("It wants a password.")


def raise_stubborn() -> None:
    raise Stubborn("a", "b")


def raise_unpicklable() -> None:
    raise Unpicklable


def give_lambda() -> object:
    return lambda: None


def reach(family: str) -> str:
    """Try to open a socket of a family, and tell what came of it."""
    try:
        socket.socket(getattr(socket, family)).close()
    except OSError as error:
        return type(error).__name__
    return "opened"


def reach_from_thread_and_program() -> list[str]:
    """The same from a new thread, and from a program that this process starts."""
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(reach("AF_INET")))
    thread.start()
    thread.join()
    code = "import child_work; print(child_work.reach('AF_INET'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [*told, done.stdout.strip()]


def read_memory_of(pid: int) -> int:
    """What process_vm_readv says about reading one byte of another process: -1 with its error, or bytes read."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(8)

    class Piece(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    piece = Piece(ctypes.addressof(buffer), 8)
    read = libc.process_vm_readv(pid, ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0)
    return ctypes.get_errno() if read < 0 else 0


def talk_to_itself() -> bytes:
    """A pair of connected sockets, which event loops need."""
    one, two = socket.socketpair()
    with one, two:
        one.sendall(b"still here")
        return two.recv(10)


def write_much(bytes_: int) -> int:
    with tempfile.TemporaryFile() as file:
        file.truncate(bytes_)
    return bytes_


def litter() -> str:
    """Leave temporary files and folders behind; tells the room."""
    folder = tempfile.mkdtemp()
    Path(folder, "left").write_text("secret of a document")
    Path(folder).parent.joinpath("link").symlink_to("/etc")
    tempfile.mkstemp()
    return str(Path(folder).parent)


def compute(seconds: float) -> float:
    """Use so much processor time, whatever the clock says."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds
