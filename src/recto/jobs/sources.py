"""Documents kept near while their pages are read: a worker fetches each once from a cloud, not once per unit.

Keys in, paths out, to be read and never written. What is kept is bounded: the documents used longest ago go
first, and a job's go when it has ended. File storage hands out its own files, so nothing is kept for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from uuid import UUID

from recto.storage.objects import Objects


@dataclass(slots=True)
class _Kept:
    """One document: the task that fetches it, who reads it now, and the jobs that use it."""

    path: Path
    fetched: asyncio.Task[int]
    readers: int = 0
    jobs: set[UUID] = field(default_factory=set[UUID])

    @property
    def size_bytes(self) -> int:
        """Its size; 0 as long as it is on its way, or when it did not come."""
        there = self.fetched.done() and not self.fetched.cancelled() and self.fetched.exception() is None
        return self.fetched.result() if there else 0


class Sources:
    """The documents that one worker keeps."""

    def __init__(self, objects: Objects, scratch: Path, limit_bytes: int) -> None:
        """Keep at most so many bytes that nobody reads at the moment, in a folder of their own in `scratch`."""
        self._objects = objects
        self._scratch = scratch
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def kept_bytes(self) -> int:
        """How much is kept at present."""
        return sum(one.size_bytes for one in self._kept.values())

    @asynccontextmanager
    async def file(self, job_id: UUID, key: str) -> AsyncGenerator[Path]:
        """The object as a file, for one of the job's units.

        Raises:
            NotFound: there is no such object. Unavailable: the storage fails, or the disk here is full.
        """
        if self._objects.in_place:
            async with self._objects.local_file(key) as path:
                yield path
            return
        kept = self._kept.get(key) or self._fetch(key)
        self._kept.move_to_end(key)
        kept.readers += 1
        kept.jobs.add(job_id)
        try:
            try:
                await asyncio.shield(kept.fetched)  # others may wait for it too
            except Exception:
                self._drop(key, kept)
                raise
            yield kept.path
        finally:
            kept.readers -= 1
            self._make_room()

    def job_ended(self, job_id: UUID) -> None:
        """Let go of what only this job used."""
        for key, kept in list(self._kept.items()):
            if job_id in kept.jobs:
                kept.jobs.discard(job_id)
                if not kept.jobs and not kept.readers:
                    self._drop(key, kept)

    def _fetch(self, key: str) -> _Kept:
        folder = Path(mkdtemp(prefix="source-", dir=self._scratch))
        path = folder / PurePosixPath(key).name
        kept = self._kept[key] = _Kept(path, asyncio.create_task(self._objects.fetch(key, path)))
        return kept

    def _make_room(self) -> None:
        for key, kept in list(self._kept.items()):
            over = self.kept_bytes > self._limit_bytes
            if not kept.readers and (over or not kept.jobs):
                self._drop(key, kept)

    def _drop(self, key: str, kept: _Kept) -> None:
        if self._kept.get(key) is not kept:
            return
        del self._kept[key]
        kept.fetched.cancel()
        with suppress(OSError):
            kept.path.unlink(missing_ok=True)
            kept.path.parent.rmdir()
