"""`recto jobs`: list, show, watch, cancel, retry and purge jobs, straight in the database."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access, units
from recto.storage.queries import jobs as rows

WATCH_S = 0.5  # between two looks
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

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


@app.command()
def watch(job_id: UUID, organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """Show a job's progress until it ends; the exit code is 1 when it did not complete."""
    from recto.cli.connect import with_database  # noqa: PLC0415
    from recto.cli.progress import display  # noqa: PLC0415
    from recto.jobs.deletion import gone  # noqa: PLC0415
    from recto.jobs.progress import snapshot  # noqa: PLC0415

    async def use(database: Database) -> rows.JobRow:
        with display() as shown:
            while True:
                async with database.look() as connection:
                    owner = await access.find_organisation(connection, organisation)
                    row = await rows.find(connection, owner, job_id)
                    (row,) = await rows.as_parts_stand(connection, [row])
                    failures = await units.failures(connection, job_id)
                if error := gone(row):
                    raise error
                failed = [page for pages, _ in failures for page in pages]
                shown.show(snapshot(row, failed, datetime.now(UTC)).values)
                if not row.is_open:
                    return row
                await asyncio.sleep(WATCH_S)

    row = with_database(Settings(), use)
    print(f"{job_id}  {row.status}")
    for warning in row.warnings:
        print(warning)
    if row.status != "Completed":
        raise typer.Exit(1)


@app.command()
def retry(
    job_id: UUID,
    failed_pages: Annotated[
        bool, typer.Option("--failed-pages", help="Read the pages that failed again; the rest stays")
    ] = False,
    password: Annotated[str | None, typer.Option(help="Password of a protected document")] = None,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Read the failed pages of a completed job again and put its result together anew, under the same id."""
    from recto.app import retry_job  # noqa: PLC0415
    from recto.cli.connect import reachable  # noqa: PLC0415

    if not failed_pages:
        raise typer.BadParameter("say what is to be done again: --failed-pages")
    with reachable(Settings()) as found:
        opened = retry_job(found, organisation, job_id, password)
    for one, pages in opened.items():
        print(f"{one}  reading again: page {', '.join(map(str, pages))}")


@app.command()
def purge(
    older_than: Annotated[
        str | None, typer.Option(help="Also what ended longer ago than this, such as 90m, 12h or 7d")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted")] = False,
) -> None:
    """Delete what is over now, of all organisations, and objects that belong to nothing; workers do it anyway."""
    from recto.app import purge as run  # noqa: PLC0415
    from recto.cli.connect import reachable  # noqa: PLC0415

    seconds = None if older_than is None else duration_s(older_than)
    with reachable(Settings()) as found:
        swept = run(found, seconds, dry=dry_run)
    if swept is None:
        print("A worker is deleting at this moment; nothing was done.")
        raise typer.Exit(1)
    verb = "would be deleted" if dry_run else "deleted"
    print(
        f"{verb}: {swept.jobs} jobs, {swept.uploads} uploads, {swept.tombstones} old tombstones,"
        f" {len(swept.orphans)} objects without an owner"
    )
    for key in swept.orphans:
        print(f"  {key}")
    if swept.left is not None and not dry_run:
        print(f"without an owner after that, by a new listing of the storage: {swept.left}")
        raise typer.Exit(1 if swept.left else 0)


def duration_s(text: str) -> float:
    """The seconds of a text such as 90m, 12h or 7d.

    >>> duration_s("1.5h")
    5400.0
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise typer.BadParameter(f"{text!r} is no duration: write it like 90m, 12h or 7d")
    return float(found[1]) * _SECONDS[found[2]]
