"""Pipelines and their immutable, numbered versions. `pipeline.deployed_version` says which one runs."""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import NotFound
from recto.storage.tables import pipeline, pipeline_version

ID_LENGTH = 32
ID_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """A pipeline and the version it points at."""

    id: str
    name: str
    deployed_version: int
    hash: str
    definition: dict[str, Any]
    created_at: datetime
    deployed_at: datetime


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One immutable version."""

    version: int
    hash: str
    definition: dict[str, Any]
    created_at: datetime


def new_pipeline_id() -> str:
    """32 lower-case letters and digits, beginning with k, as the wire contract has them."""
    return "k" + "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH - 1))


_deployed = (
    sa.select(
        pipeline.c.id,
        pipeline.c.name,
        pipeline.c.deployed_version,
        pipeline_version.c.hash,
        pipeline_version.c.definition,
        pipeline.c.created_at,
        pipeline.c.deployed_at,
    )
    .join(pipeline_version, pipeline_version.c.pipeline_id == pipeline.c.id)
    .where(pipeline_version.c.version == pipeline.c.deployed_version)
)


async def find(connection: AsyncConnection, organisation_id: UUID, pipeline_id: str) -> PipelineRow:
    """The pipeline with its deployed version; NotFound for an unknown one or another organisation's."""
    query = _deployed.where(pipeline.c.id == pipeline_id, pipeline.c.organisation_id == organisation_id)
    row = (await connection.execute(query)).one_or_none() if pipeline_id.isprintable() else None
    if row is None:
        raise NotFound(f"There is no pipeline {pipeline_id!r}.")
    return PipelineRow(*row)


async def list_all(connection: AsyncConnection, organisation_id: UUID) -> list[PipelineRow]:
    """An organisation's pipelines by name."""
    query = _deployed.where(pipeline.c.organisation_id == organisation_id).order_by(pipeline.c.name)
    return [PipelineRow(*row) for row in await connection.execute(query)]


async def versions(connection: AsyncConnection, pipeline_id: str) -> list[VersionRow]:
    """Every version of a pipeline, newest first."""
    columns = pipeline_version.c
    query = (
        sa.select(columns.version, columns.hash, columns.definition, columns.created_at)
        .where(columns.pipeline_id == pipeline_id)
        .order_by(columns.version.desc())
    )
    return [VersionRow(*row) for row in await connection.execute(query)]


async def deploy(
    connection: AsyncConnection,
    organisation_id: UUID,
    name: str,
    definition: dict[str, Any],
    content_hash: str,
) -> tuple[str, int]:
    """Make `definition` the deployed version of the pipeline `name`; returns the pipeline's id and the version.

    A new name makes a new pipeline. A definition equal to a stored version points at that version again.
    """
    pipeline_id = await _ensure(connection, organisation_id, name)
    known = await connection.scalar(
        sa.select(pipeline_version.c.version)
        .where(pipeline_version.c.pipeline_id == pipeline_id, pipeline_version.c.hash == content_hash)
        .order_by(pipeline_version.c.version.desc())
        .limit(1)
    )
    version = known or await _add_version(connection, pipeline_id, definition, content_hash)
    await _point_at(connection, pipeline_id, version)
    return pipeline_id, version


async def roll_back(
    connection: AsyncConnection, organisation_id: UUID, pipeline_id: str, version: int
) -> PipelineRow:
    """Point the pipeline at one of its versions again; NotFound when it has no such version."""
    current = await find(connection, organisation_id, pipeline_id)
    known = [row.version for row in await versions(connection, pipeline_id)]
    if version not in known:
        raise NotFound(f"Pipeline {current.name!r} has no version {version}; it has {sorted(known)}.")
    await _point_at(connection, pipeline_id, version)
    return await find(connection, organisation_id, pipeline_id)


async def _ensure(connection: AsyncConnection, organisation_id: UUID, name: str) -> str:
    fresh = {"id": new_pipeline_id(), "organisation": organisation_id, "name": name}
    query = sa.text(
        "INSERT INTO pipeline (id, organisation_id, name, deployed_version) VALUES (:id, :organisation, :name, 0)"
        " ON CONFLICT (organisation_id, name) DO UPDATE SET name = :name RETURNING id"
    )
    # DO UPDATE also locks the row, so two deploys of one name take turns.
    return (await connection.execute(query, fresh)).scalar_one()


async def _add_version(
    connection: AsyncConnection, pipeline_id: str, definition: dict[str, Any], content_hash: str
) -> int:
    columns = pipeline_version.c
    latest = await connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(columns.version), 0)).where(columns.pipeline_id == pipeline_id)
    )
    version = (latest or 0) + 1
    await connection.execute(
        pipeline_version.insert().values(
            pipeline_id=pipeline_id, version=version, hash=content_hash, definition=definition
        )
    )
    return version


async def _point_at(connection: AsyncConnection, pipeline_id: str, version: int) -> None:
    await connection.execute(
        pipeline.update()
        .where(pipeline.c.id == pipeline_id)
        .values(deployed_version=version, deployed_at=sa.func.now())
    )
