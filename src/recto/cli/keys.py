"""`recto keys`: make, list and revoke API keys, straight in the database."""

from typing import Annotated

import typer

from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access

app = typer.Typer(no_args_is_help=True, help="API keys.")

Organisation = Annotated[str, typer.Option(help="Whose keys; a new name makes a new organisation")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for")],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> str:
        key = access.new_key()
        async with database.begin() as connection:
            owner = await access.ensure_organisation(connection, organisation)
            await access.add_key(connection, owner, name, key)
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
        state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "active"
        print(f"{row.prefix}…  {row.created_at:%Y-%m-%d}  {state:18}  {row.name}")


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
            return await access.revoke_key(connection, owner, key)

    row = with_database(Settings(), use)
    print(f"revoked {row.prefix}…  {row.name}")
