"""/recto/v1/pipelines: where pipelines are made, deployed and rolled back."""

import json
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from recto.api.guards import Caller, Here, JsonObject
from recto.api.problems import answer
from recto.errors import InvalidConfig
from recto.storage.queries import pipelines
from recto.wire.definition import canonical, check_deployable, content_hash, read_definition

router = APIRouter(prefix="/recto/v1/pipelines")


class RollBack(BaseModel):
    """Which version to point at again."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)


def _shown(row: pipelines.PipelineRow) -> dict[str, Any]:
    return {
        "pipeline_id": row.id,
        "name": row.name,
        "version": row.deployed_version,
        "hash": row.hash,
        "definition": row.definition,
        "created_at": row.created_at.isoformat(),
        "deployed_at": row.deployed_at.isoformat(),
    }


@router.post("")
async def create_pipeline(context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Deploy a definition: a new pipeline, or a new version of the one that has its name."""
    definition = read_definition(body)
    check_deployable(definition)
    values, digest = json.loads(canonical(definition)), content_hash(definition)
    async with context.database.begin() as connection:
        pipeline_id, version = await pipelines.deploy(
            connection, organisation, definition.name, values, digest
        )
    return answer({"pipeline_id": pipeline_id, "version": version, "hash": digest}, 201)


@router.post("/{pipeline_id}/deploy")
async def deploy_pipeline(
    context: Here, organisation: Caller, pipeline_id: str, body: JsonObject
) -> Response:
    """Deploy a new version of this pipeline; the definition must have its name."""
    definition = read_definition(body)
    check_deployable(definition)
    values, digest = json.loads(canonical(definition)), content_hash(definition)
    async with context.database.begin() as connection:
        current = await pipelines.find(connection, organisation, pipeline_id)
        if current.name != definition.name:
            raise InvalidConfig(
                f"The definition is named {definition.name!r}, the pipeline {current.name!r}: names do not change."
            )
        _, version = await pipelines.deploy(connection, organisation, definition.name, values, digest)
    return answer({"pipeline_id": pipeline_id, "version": version, "hash": digest})


@router.post("/{pipeline_id}/rollback")
async def roll_back(context: Here, organisation: Caller, pipeline_id: str, body: JsonObject) -> Response:
    """Point the pipeline at one of its earlier versions again."""
    wanted = RollBack.model_validate(body)
    async with context.database.begin() as connection:
        row = await pipelines.roll_back(connection, organisation, pipeline_id, wanted.version)
    return answer(_shown(row))


@router.get("")
async def list_pipelines(context: Here, organisation: Caller) -> Response:
    """The organisation's pipelines, each with its deployed version."""
    async with context.database.begin() as connection:
        rows = await pipelines.list_all(connection, organisation)
    return answer({"pipelines": [_shown(row) for row in rows]})


@router.get("/{pipeline_id}")
async def read_pipeline(context: Here, organisation: Caller, pipeline_id: str) -> Response:
    """A pipeline with every version it has had, newest first."""
    async with context.database.begin() as connection:
        row = await pipelines.find(connection, organisation, pipeline_id)
        versions = await pipelines.versions(connection, pipeline_id)
    history = [
        {
            "version": one.version,
            "hash": one.hash,
            "definition": one.definition,
            "created_at": one.created_at.isoformat(),
            "deployed": one.version == row.deployed_version,
        }
        for one in versions
    ]
    return answer(_shown(row) | {"versions": history})
