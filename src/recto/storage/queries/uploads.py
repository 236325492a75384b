"""Uploaded files: a row each, the bytes in object storage under `key_of`."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import NotFound
from recto.storage.tables import upload


@dataclass(frozen=True, slots=True)
class UploadRow:
    """An upload; size_bytes is None while a presigned upload has not arrived."""

    id: UUID
    organisation_id: UUID
    extension: str
    name: str | None
    size_bytes: int | None

    @property
    def key(self) -> str:
        """Where the bytes lie."""
        return key_of(self.organisation_id, self.id, self.extension)

    @property
    def file_id(self) -> str:
        """The reference the caller gets."""
        return f"reducto://{self.id}{self.extension}"


def key_of(organisation_id: UUID, upload_id: UUID, extension: str) -> str:
    """The object key of an upload."""
    return f"uploads/{organisation_id}/{upload_id}{extension}"


async def add(connection: AsyncConnection, row: UploadRow) -> None:
    """Record an upload."""
    await connection.execute(
        upload.insert().values(
            id=row.id,
            organisation_id=row.organisation_id,
            extension=row.extension,
            name=row.name,
            size_bytes=row.size_bytes,
        )
    )


async def find(connection: AsyncConnection, organisation_id: UUID, upload_id: UUID) -> UploadRow:
    """The organisation's upload; NotFound otherwise."""
    (row,) = await find_all(connection, organisation_id, [upload_id])
    return row


async def find_all(
    connection: AsyncConnection, organisation_id: UUID, upload_ids: Sequence[UUID]
) -> list[UploadRow]:
    """The organisation's uploads in this order; NotFound when one of them is not there."""
    if not upload_ids:
        return []
    columns = upload.c
    query = sa.select(
        columns.id, columns.organisation_id, columns.extension, columns.name, columns.size_bytes
    ).where(columns.id.in_(upload_ids), columns.organisation_id == organisation_id)
    found = {row[0]: UploadRow(*row) for row in await connection.execute(query)}
    missing = next((one for one in upload_ids if one not in found), None)
    if missing is not None:
        raise NotFound(f"There is no upload {missing}; it may have been deleted.")
    return [found[one] for one in upload_ids]


async def record_size(connection: AsyncConnection, upload_id: UUID, size_bytes: int) -> bool:
    """The bytes of a presigned upload have arrived; False when it has been deleted meanwhile."""
    done = await connection.execute(
        upload.update().where(upload.c.id == upload_id).values(size_bytes=size_bytes)
    )
    return done.rowcount == 1


async def remove(connection: AsyncConnection, upload_id: UUID) -> None:
    """Forget an upload; the caller deletes the bytes."""
    await connection.execute(upload.delete().where(upload.c.id == upload_id))
