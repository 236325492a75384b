"""`recto jobs`: list, show and cancel jobs, straight in the database."""

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access
from recto.storage.queries import jobs as rows

app = typer.Typer(no_args_is_help=True, help="Jobs.")

Organisation = Annotated[str, typer.Option(help="Whose jobs")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """List the newest jobs."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> list[rows.JobRow]:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await rows.listing(connection, owner, before=None, limit=limit)

    for row in with_database(Settings(), use):
        pages = f"{row.pages_done}/{row.pages_total if row.pages_total is not None else '?'}"
        print(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M:%S}  {row.type:9} {row.status:10} {pages:>9} pages")


@app.command()
def show(job_id: UUID, organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """Show everything about a job but its result."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> tuple[rows.JobRow, list[rows.JobRow]]:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            row = await rows.find(connection, owner, job_id)
            return row, await rows.children(connection, job_id)

    row, children = with_database(Settings(), use)
    shown: dict[str, Any] = {
        name: getattr(row, name)
        for name in rows.JobRow.__dataclass_fields__
        if name not in {"password", "request", "raw_config"}
    }
    shown["children"] = [f"{child.id} {child.status}" for child in children]
    print(json.dumps(shown, indent=2, default=str, ensure_ascii=False))


@app.command()
def cancel(job_id: UUID, organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """Cancel a job and everything it started."""
    from recto.app import cancel_job  # noqa: PLC0415
    from recto.cli.connect import reachable  # noqa: PLC0415

    with reachable(Settings()) as found:
        cancel_job(found, organisation, job_id)
    print(f"{job_id}  Cancelled")
