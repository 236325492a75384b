"""What children are made to do in tests: functions that a child process can import."""

import ctypes
import os
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
