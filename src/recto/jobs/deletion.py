"""Deletes what a job has stored: its objects first, then all of its row but a tombstone.

A job whose deletion has begun comes in (by DELETE /job, by its time being over, by its only delivery); nothing of
it is left when this ends. Begun in one transaction, finished in another, and harmless to repeat: when a process
dies in between, the sweep (`jobs.retention`) goes on. It never decides that a job is to go.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

import structlog

from recto.errors import InvalidConfig, JobDeleted, JobDeletionInProgress, RectoError
from recto.intake.reference import UploadReference, parse_reference
from recto.jobs.copying import citations_key, image_prefix
from recto.storage.database import Database
from recto.storage.objects import Objects
from recto.storage.queries import jobs, retention
from recto.storage.queries.jobs import JobRow

_WHY = {
    "asked": "Job {id} has been deleted.",
    "expired": "Job {id} has expired: the time this server keeps results is over, and its result is deleted.",
    "delivered": "Job {id} was to be kept no longer than until its delivery, and its result is deleted.",
}

log = structlog.get_logger(__name__)


def folder_of(job_id: UUID) -> str:
    """The prefix of everything a job has stored."""
    return f"jobs/{job_id}/"


def gone(row: JobRow) -> RectoError | None:
    """Why a job's result is no longer to be had; None while it is."""
    if row.deleted_at is not None:
        return JobDeleted(_WHY.get(row.deletion or "", _WHY["asked"]).format(id=row.id))
    if row.deleting_at is not None:
        return JobDeletionInProgress(f"Job {row.id} is being deleted at this moment.")
    return None


@dataclass(frozen=True, slots=True)
class Removed:
    """What went: objects of jobs, and uploads that went with a job which keeps nothing."""

    objects: int = 0
    uploads: int = 0


class Deletion:
    """Finishes deletions that have begun."""

    def __init__(self, database: Database, objects: Objects) -> None:
        """Keep the adapters."""
        self._database = database
        self._objects = objects

    async def finish_one(self, job_id: UUID) -> None:
        """Finish the deletion of a job; nothing when none has begun, or it is finished.

        Raises:
            Unavailable: database or storage fail; what is left is for the sweep.
        """
        async with self._database.look() as connection:
            found = await retention.being_deleted(connection, 1, job_id)
        for doomed in found:
            await self.finish(doomed)

    async def delivered(self, job_id: UUID, links_live_s: float) -> None:
        """A job that keeps nothing was handed out: it and its parts go at once, or when the answer's links end.

        Raises:
            Unavailable: database or storage fail; the sweep deletes it then.
        """
        async with self._database.begin() as connection:
            await retention.delivered(connection, job_id, links_live_s)
            begun = await retention.begin_delivered(connection, job_id)
        for one in begun:
            await self.finish_one(one)

    async def finish(self, doomed: retention.Doomed) -> Removed:
        """Remove the objects, then bury the row; a persisted result stays, with its citations and pictures.

        The parses inside an extraction go with it: their caller does not know them.
        """
        await self._finish_insides(doomed.id)
        persisted = doomed.keep == "persist" and doomed.result_key
        kept = {doomed.result_key, citations_key(doomed.id)} if persisted else set[str | None]()
        objects = await self._remove_objects(doomed.id, kept)
        async with self._database.begin() as connection:
            with_it = _uploads_of(doomed) if doomed.keep == "none" else []
            rows = await retention.unused_among(connection, with_it) if with_it else []
            rows = [row for row in rows if row.organisation_id == doomed.organisation_id]
            await retention.drop_uploads(connection, [row.id for row in rows])
            await retention.bury(connection, doomed.id)
        uploads = await self._objects.delete_all([row.key for row in rows])
        log.info("job deleted", job_id=str(doomed.id), objects=objects, uploads=uploads, keep=doomed.keep)
        return Removed(objects, uploads)

    async def _finish_insides(self, job_id: UUID) -> None:
        async with self._database.begin() as connection:
            inside = await jobs.insides(connection, job_id)
            for one in inside:
                await retention.begin_deletion(connection, one, persisted_too=True)
        for one in inside:
            await self.finish_one(one)

    async def _remove_objects(self, job_id: UUID, kept: AbstractSet[str | None]) -> int:
        if not kept:
            return await self._objects.delete_prefix(folder_of(job_id))
        pictures = image_prefix(job_id)
        keys = [
            key
            async for key in self._objects.list_keys(folder_of(job_id))
            if key not in kept and not key.startswith(pictures)
        ]
        return await self._objects.delete_all(keys)


def _uploads_of(doomed: retention.Doomed) -> list[UUID]:
    named = [doomed.request.get("reference"), *doomed.request.get("references", ())]
    found: list[UUID] = []
    for text in filter(None, named):
        try:
            reference = parse_reference(text)
        except InvalidConfig:
            continue  # accepted by another version; nothing of ours to remove
        if isinstance(reference, UploadReference):
            found.append(UUID(reference.file_id))
    return found
