"""Organisations and their API keys: what is stored and how a key is looked up. Keys are kept as digests only."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import NotFound
from recto.storage.tables import api_key, organisation

KEY_MARK = "recto_"
SHOWN_CHARACTERS = 10  # of a key in lists: the mark and four more, enough to tell keys apart
SHOWN_PART = 4  # at most the fourth part of a key is shown, for keys that people chose may be short
DEFAULT_ORGANISATION = "default"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as listed; the key itself cannot be shown again."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


def new_key() -> str:
    """A fresh random key: 256 bits behind the mark."""
    return KEY_MARK + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """The stored form of a key. Keys have full entropy, so one unsalted SHA-256 is enough (OWASP)."""
    return hashlib.sha256(key.encode()).digest()


async def ensure_organisation(connection: AsyncConnection, name: str = DEFAULT_ORGANISATION) -> UUID:
    """The organisation of that name, made when there is none."""
    known = await connection.scalar(sa.select(organisation.c.id).where(organisation.c.name == name))
    if known is not None:  # as nearly always: a write for every request would lock the one row
        return known
    added = sa.text(
        "INSERT INTO organisation (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET name = :name RETURNING id"
    )
    return (await connection.execute(added, {"name": name})).scalar_one()


async def find_organisation(connection: AsyncConnection, name: str) -> UUID:
    """The organisation of that name; NotFound otherwise."""
    found = await connection.scalar(sa.select(organisation.c.id).where(organisation.c.name == name))
    if found is None:
        raise NotFound(f"There is no organisation named {name!r}.")
    return found


async def add_key(connection: AsyncConnection, organisation_id: UUID, name: str, key: str) -> UUID:
    """Store a key's digest under a name; returns its id."""
    shown = key[: min(SHOWN_CHARACTERS, len(key) // SHOWN_PART)]
    row = api_key.insert().values(
        organisation_id=organisation_id, name=name, prefix=shown, digest=digest(key)
    )
    return (await connection.execute(row.returning(api_key.c.id))).scalar_one()


async def organisation_of_key(connection: AsyncConnection, key: str) -> UUID | None:
    """Whose key this is, or None when it is unknown or revoked."""
    query = sa.select(api_key.c.organisation_id).where(
        api_key.c.digest == digest(key), api_key.c.revoked_at.is_(None)
    )
    return await connection.scalar(query)


async def any_key(connection: AsyncConnection) -> bool:
    """Whether a key was ever made."""
    return await connection.scalar(sa.select(sa.exists().select_from(api_key))) or False


async def list_keys(connection: AsyncConnection, organisation_id: UUID) -> list[KeyRow]:
    """An organisation's keys, oldest first."""
    query = (
        sa.select(*(api_key.c[name] for name in ("id", "name", "prefix", "created_at", "revoked_at")))
        .where(api_key.c.organisation_id == organisation_id)
        .order_by(api_key.c.created_at)
    )
    return [KeyRow(*row) for row in await connection.execute(query)]


async def revoke_key(connection: AsyncConnection, organisation_id: UUID, prefix: str) -> KeyRow:
    """Revoke the one active key with that prefix or name; NotFound when there is none, or more than one."""
    found = [
        row
        for row in await list_keys(connection, organisation_id)
        if row.revoked_at is None and prefix in {row.prefix, row.name, str(row.id)}
    ]
    if len(found) != 1:
        raise NotFound(f"{len(found)} active keys have the prefix, name or id {prefix!r}; one is needed.")
    await connection.execute(
        api_key.update().where(api_key.c.id == found[0].id).values(revoked_at=sa.func.now())
    )
    return found[0]
