"""/recto/v1/keys and /recto/v1/organisations: who may call, managed with a key of scope admin.

A key manages the keys of its own organisation. Organisations, and keys of others, are managed with a key of the
organisation 'default', which is the operator's. A new key is shown once; each change stands in the audit log in
the same transaction.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.api.guards import Administrator, Here, JsonObject
from recto.api.problems import answer
from recto.errors import Forbidden
from recto.storage.queries import access, audit
from recto.storage.queries.access import Holder, KeyRow, Terms

LONGEST_LIFE_S = 100 * 365 * 86400.0  # of a key with an end: beyond, leave the end out

router = APIRouter(prefix="/recto/v1")

Name = Annotated[str, Field(min_length=1, max_length=access.NAME_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]+$")]


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    organisation: Name | None = None
    scopes: list[str] = Field(default=[access.RUN, access.READ], min_length=1, max_length=len(access.SCOPES))
    expires_s: float | None = Field(default=None, gt=0, le=LONGEST_LIFE_S)
    rate_per_s: float | None = Field(default=None, gt=0, le=1_000_000)


class NewOrganisation(BaseModel):
    """An organisation to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name


def shown(row: KeyRow) -> dict[str, Any]:
    """A key as listed."""
    moments = {
        name: value.isoformat() if (value := getattr(row, name)) else None
        for name in ("created_at", "expires_at", "used_at", "revoked_at")
    }
    kept = {"key_id": str(row.id), "name": row.name, "prefix": row.prefix}
    return kept | {"scopes": row.scopes, "rate_per_s": row.rate_per_s} | moments


async def _owner(connection: AsyncConnection, who: Holder, organisation: str | None) -> UUID:
    """The organisation whose keys are meant: one's own, or the named one for the operator.

    Raises:
        Forbidden: the named one is another, and the caller is not the operator. NotFound: there is none.
    """
    if organisation is None:
        return who.organisation_id
    operator = await access.find_organisation(connection, access.DEFAULT_ORGANISATION)
    if who.organisation_id != operator:
        raise Forbidden(
            f"Only an admin key of the organisation {access.DEFAULT_ORGANISATION!r} manages organisations."
        )
    return await access.find_organisation(connection, organisation)


async def _write_down(
    request: Request, connection: AsyncConnection, who: Holder, owner: UUID, action: str, target: str
) -> None:
    """The change in the log of the organisation that it concerns, in the transaction that makes it."""
    entry = audit.Entry(
        at=datetime.now(UTC),
        action=action,
        status=200,
        organisation_id=owner,
        key_id=who.key_id,
        target=target,
    )
    await audit.add(connection, [entry])
    request.state.target = f"{action} {target}"


@router.post("/keys")
async def create_key(request: Request, context: Here, who: Administrator, body: JsonObject) -> Response:
    """Make a key; the answer is the only one that shows it."""
    wanted = NewKey.model_validate(body)
    key = access.new_key()
    terms = Terms(access.checked_scopes(wanted.scopes), wanted.expires_s, wanted.rate_per_s)
    async with context.database.begin() as connection:
        owner = await _owner(connection, who, wanted.organisation)
        key_id = await access.add_key(connection, owner, wanted.name, key, terms)
        await _write_down(request, connection, who, owner, "key created", str(key_id))
        (row,) = [one for one in await access.list_keys(connection, owner) if one.id == key_id]
    return answer(shown(row) | {"key": key}, 201, {"cache-control": "no-store"})


@router.get("/keys")
async def list_keys(
    context: Here, who: Administrator, organisation: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """The organisation's keys, revoked ones too."""
    async with context.database.begin() as connection:
        rows = await access.list_keys(connection, await _owner(connection, who, organisation))
    return answer({"keys": [shown(row) for row in rows]})


@router.delete("/keys/{key_id}")
async def revoke_key(
    request: Request,
    context: Here,
    who: Administrator,
    key_id: str,
    organisation: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Revoke a key at once, by its id, prefix or name."""
    async with context.database.begin() as connection:
        owner = await _owner(connection, who, organisation)
        row = await access.revoke_key(connection, owner, key_id)
        await _write_down(request, connection, who, owner, "key revoked", str(row.id))
    return answer({"key_id": str(row.id), "revoked": True})


@router.post("/organisations")
async def create_organisation(
    request: Request, context: Here, who: Administrator, body: JsonObject
) -> Response:
    """Make an organisation; one that is there already stays as it is."""
    wanted = NewOrganisation.model_validate(body)
    async with context.database.begin() as connection:
        await _owner(connection, who, access.DEFAULT_ORGANISATION)
        made = await access.ensure_organisation(connection, wanted.name)
        await _write_down(request, connection, who, made, "organisation created", str(made))
    return answer({"organisation_id": str(made), "name": wanted.name}, 201)


@router.get("/organisations")
async def list_organisations(context: Here, who: Administrator) -> Response:
    """Every organisation."""
    async with context.database.begin() as connection:
        await _owner(connection, who, access.DEFAULT_ORGANISATION)
        rows = await access.list_organisations(connection)
    listed = [
        {"organisation_id": str(one), "name": name, "created_at": at.isoformat()} for one, name, at in rows
    ]
    return answer({"organisations": listed})
