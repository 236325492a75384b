"""`recto usage` and `recto audit`: what an organisation's keys did, from the database; lines on standard output."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access, audit

USUAL_DAYS = 30

Organisation = Annotated[str, typer.Option(help="Whose")]


def usage(
    organisation: Organisation = access.DEFAULT_ORGANISATION,
    days: Annotated[
        int, typer.Option(min=1, max=800, help="How many days back, today included")
    ] = USUAL_DAYS,
) -> None:
    """Show what each key used on each day (UTC): calls, jobs, pages, credits."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    today = datetime.now(UTC).date()

    async def use(database: Database) -> list[audit.UsageRow]:
        async with database.look() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await audit.usage(connection, owner, today - timedelta(days=days - 1), today)

    print("day         calls      jobs      pages     credits  key")
    for row in with_database(Settings(), use):
        key = f"{row.key_prefix}… {row.key_name}" if row.key_prefix else "(no key)"
        print(f"{row.day}  {row.calls:8}  {row.jobs:8}  {row.pages:8}  {row.credits:10.1f}  {key}")


def audit_log(
    organisation: Organisation = access.DEFAULT_ORGANISATION,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest entries")] = 100,
) -> None:
    """Show who did what: every call and every change of keys, newest first."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> list[audit.AuditRow]:
        async with database.look() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await audit.listing(connection, owner, limit=limit)

    for row in with_database(Settings(), use):
        key = f"{row.key_prefix}…" if row.key_prefix else "-"
        print(
            f"{row.at:%Y-%m-%dT%H:%M:%SZ}  {row.status}  {row.address or 'command line':15}  {key:11}"
            f"  {row.action}  {row.target}"
        )
