"""Shows how a job gets on: a bar where a person looks, a line for each change where a program reads.

Snapshots (as JSON values, see jobs/progress) in, text on standard error out, so that standard output stays the
result's. It never asks for a snapshot itself.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn


class Display(Protocol):
    """Somewhere to show snapshots."""

    def show(self, now: dict[str, Any]) -> None:
        """Show this one in place of the last."""
        ...


@contextmanager
def display(console: Console | None = None) -> Generator[Display]:
    """A bar on a terminal, lines elsewhere; what the bar leaves on leaving is its last state."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.fields[stage]}"),
        BarColumn(),
        TextColumn("{task.fields[pages]}"),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=console) as bar:
        yield _Bar(bar, bar.add_task("", total=1.0, stage="waiting", pages="", left=""))


class _Bar:
    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def show(self, now: dict[str, Any]) -> None:
        self._bar.update(
            self._task,
            completed=now["progress"],
            stage=stage(now),
            pages=pages(now),
            left=f"about {time_left(now['seconds_left'])} left" if now["seconds_left"] else "",
        )


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def show(self, now: dict[str, Any]) -> None:
        line = f"{stage(now)}  {pages(now)}".rstrip()
        if line != self._last:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._last = line


def stage(now: dict[str, Any]) -> str:
    """What the job is at; its status once it has ended."""
    return now["status"] if now["stage"] == "ended" else now["stage"]


def pages(now: dict[str, Any]) -> str:
    """How many pages are done, and which failed.

    >>> pages({"pages_done": 3, "pages_total": None, "failed_pages": [2]})
    '3/? pages, failed: 2'
    """
    total = "?" if now["pages_total"] is None else now["pages_total"]
    failed = ", failed: " + ", ".join(map(str, now["failed_pages"])) if now["failed_pages"] else ""
    return f"{now['pages_done']}/{total} pages{failed}"


def time_left(seconds: float) -> str:
    """A number of seconds as people say it.

    >>> time_left(7.2), time_left(200), time_left(5400)
    ('7 s', '3 min', '1 h 30 min')
    """
    minutes = round(seconds / 60)
    if minutes < 2:  # noqa: PLR2004 - below that seconds are clearer
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 - of an hour
