"""`recto keys`: make, list and revoke API keys, straight in the database; each change stands in the audit log."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access, audit

DAY_S = 86400.0

app = typer.Typer(no_args_is_help=True, help="API keys.")

Organisation = Annotated[str, typer.Option(help="Whose keys; a new name makes a new organisation")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for")],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do: run, read, admin; may be repeated. Without: run and read"),
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.001, max=36500, help="How many days it lives")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Calls a second that it may make (RECTO_RATE_LIMIT)")
    ] = None,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    scopes = access.checked_scopes(scope or (access.RUN, access.READ))
    terms = access.Terms(scopes, None if days is None else days * DAY_S, rate)

    async def use(database: Database) -> str:
        key = access.new_key()
        async with database.begin() as connection:
            owner = await access.ensure_organisation(connection, organisation)
            key_id = await access.add_key(connection, owner, name, key, terms)
            await _write_down(connection, "key created", owner, str(key_id))
        return key

    print(with_database(Settings(), use))


@app.command("list")
def list_(organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """List an organisation's keys by prefix."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> list[access.KeyRow]:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await access.list_keys(connection, owner)

    for row in with_database(Settings(), use):
        used = f"used {row.used_at:%Y-%m-%d}" if row.used_at else "never used"
        print(
            f"{row.prefix}…  {row.created_at:%Y-%m-%d}  {_state(row):18}  {used:15}"
            f"  {','.join(row.scopes):14}  {row.name}"
        )


def _state(row: access.KeyRow) -> str:
    if row.revoked_at:
        return f"revoked {row.revoked_at:%Y-%m-%d}"
    if row.expires_at is None:
        return "active"
    return f"{'over' if row.expires_at < datetime.now(UTC) else 'until'} {row.expires_at:%Y-%m-%d}"


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's prefix, name or id")],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Revoke a key at once."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> access.KeyRow:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            row = await access.revoke_key(connection, owner, key)
            await _write_down(connection, "key revoked", owner, str(row.id))
            return row

    row = with_database(Settings(), use)
    print(f"revoked {row.prefix}…  {row.name}")


@app.command()
def organisations() -> None:
    """List the organisations."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> list[str]:
        async with database.look() as connection:
            rows = await access.list_organisations(connection)
        return [f"{one}  {at:%Y-%m-%d}  {name}" for one, name, at in rows]

    for line in with_database(Settings(), use):
        print(line)


async def _write_down(connection: AsyncConnection, action: str, owner: UUID, target: str) -> None:
    """The deed in the audit log, in its own transaction: no key and no address mark the command line."""
    entry = audit.Entry(at=datetime.now(UTC), action=action, status=200, organisation_id=owner, target=target)
    await audit.add(connection, [entry])
