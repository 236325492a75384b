"""Organisations and their API keys: what is stored and how a key is looked up. Keys are kept as digests only."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import InvalidConfig, NotFound
from recto.storage.queries.moments import ago, later
from recto.storage.tables import api_key, job, organisation

KEY_MARK = "recto_"
SHOWN_CHARACTERS = 10  # of a key in lists: the mark and four more, enough to tell keys apart
SHOWN_PART = 4  # at most the fourth part of a key is shown, for keys that people chose may be short
DEFAULT_ORGANISATION = "default"
RUN, READ, ADMIN = "run", "read", "admin"
SCOPES = (RUN, READ, ADMIN)
"""What a key may do: start, change and delete; look at; manage keys and see usage and the audit log."""
USED_EVERY_S = 60.0  # the last use is written at most so often
NAME_CHARACTERS = 200  # of a key or an organisation: a line in a list


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as listed; the key itself cannot be shown again."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    rate_per_s: float | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new key may do (scopes), for how long (seconds from now) and how often (calls a second)."""

    scopes: tuple[str, ...] = (RUN, READ)
    expires_s: float | None = None
    rate_per_s: float | None = None


ALL = Terms(SCOPES)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who calls: an organisation, by one of its keys; `key_id` is None where none is asked for."""

    organisation_id: UUID
    key_id: UUID | None = None
    scopes: frozenset[str] = frozenset(SCOPES)
    rate_per_s: float | None = None


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


async def list_organisations(connection: AsyncConnection) -> list[tuple[UUID, str, datetime]]:
    """Every organisation: id, name, when it was made; oldest first."""
    query = sa.select(organisation.c.id, organisation.c.name, organisation.c.created_at)
    return [
        (row[0], row[1], row[2])
        for row in await connection.execute(query.order_by(organisation.c.created_at))
    ]


def checked_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """The scopes in their usual order, each once.

    Raises:
        InvalidConfig: there is none, or one that is not known.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidConfig(f"The scopes of a key are one or more of {', '.join(SCOPES)}; not {unknown}.")
    return tuple(one for one in SCOPES if one in scopes)


async def add_key(
    connection: AsyncConnection, organisation_id: UUID, name: str, key: str, terms: Terms = ALL
) -> UUID:
    """Store a key's digest under a name; returns its id. InvalidConfig for unknown scopes."""
    shown = key[: min(SHOWN_CHARACTERS, len(key) // SHOWN_PART)]
    row = api_key.insert().values(
        organisation_id=organisation_id,
        name=name,
        prefix=shown,
        digest=digest(key),
        scopes=list(checked_scopes(terms.scopes)),
        rate_per_s=terms.rate_per_s,
        expires_at=None if terms.expires_s is None else later(terms.expires_s),
    )
    return (await connection.execute(row.returning(api_key.c.id))).scalar_one()


async def holder_of_key(connection: AsyncConnection, key: str) -> Holder | None:
    """Whose key this is, or None when it is unknown, over or revoked."""
    wanted = digest(key)
    query = sa.select(
        api_key.c.digest, api_key.c.organisation_id, api_key.c.id, api_key.c.scopes, api_key.c.rate_per_s
    ).where(
        api_key.c.digest == wanted,
        api_key.c.revoked_at.is_(None),
        sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > sa.func.clock_timestamp()),
    )
    row = (await connection.execute(query)).one_or_none()
    # The index compares digests, of which a caller cannot choose the beginning; this compares in constant time.
    if row is None or not hmac.compare_digest(bytes(row[0]), wanted):
        return None
    return Holder(row[1], row[2], frozenset(row[3]), row[4])


async def note_use(connection: AsyncConnection, key_id: UUID) -> None:
    """Write down that the key is in use, unless that was written within the last minute."""
    stale = sa.or_(api_key.c.used_at.is_(None), api_key.c.used_at < ago(USED_EVERY_S))
    await connection.execute(
        api_key.update().where(api_key.c.id == key_id, stale).values(used_at=sa.func.clock_timestamp())
    )


async def note_maker(connection: AsyncConnection, job_id: UUID, key_id: UUID) -> None:
    """Write down with which key a job was made, in the transaction that makes it."""
    await connection.execute(job.update().where(job.c.id == job_id).values(key_id=key_id))


async def any_key(connection: AsyncConnection) -> bool:
    """Whether a key was ever made."""
    return await connection.scalar(sa.select(sa.exists().select_from(api_key))) or False


async def list_keys(connection: AsyncConnection, organisation_id: UUID) -> list[KeyRow]:
    """An organisation's keys, oldest first."""
    query = (
        sa.select(*(api_key.c[one.name] for one in fields(KeyRow)))
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
