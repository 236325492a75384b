"""GET /recto/v1/usage and /recto/v1/audit: what an organisation's keys did, by day and call by call (scope admin)."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from recto.api.guards import Administrator, Here
from recto.api.problems import answer
from recto.errors import InvalidConfig
from recto.storage.queries import audit

USUAL_DAYS = 30
MOST_DAYS = 800
LARGEST_ID = 2**63 - 1

router = APIRouter(prefix="/recto/v1")

Day = Annotated[date | None, Query()]


def listed(row: audit.UsageRow | audit.AuditRow) -> dict[str, Any]:
    """A row as JSON shows it."""
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else str(value)
        if name == "key_id" and value
        else value
        for name, value in asdict(row).items()
    }


@router.get("/usage")
async def usage(context: Here, who: Administrator, first: Day = None, last: Day = None) -> Response:
    """Calls, jobs, pages and credits of each key on each day (UTC), by default of the last 30 days."""
    until = last or datetime.now(UTC).date()
    if first is None and until.toordinal() <= USUAL_DAYS:
        raise InvalidConfig(f"'last' is {until}: name a day that is not before this server's time.")
    since = first or until - timedelta(days=USUAL_DAYS - 1)
    if not 0 <= (until - since).days <= MOST_DAYS:
        raise InvalidConfig(
            f"'first' is {since} and 'last' is {until}: the first day comes first, at most {MOST_DAYS} days in all."
        )
    async with context.database.look() as connection:
        rows = await audit.usage(connection, who.organisation_id, since, until)
    return answer({"first": str(since), "last": str(until), "usage": [listed(row) for row in rows]})


@router.get("/audit")
async def audit_log(
    context: Here,
    who: Administrator,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Every call of the organisation, newest first; `before` takes the last id of the page before."""
    async with context.database.look() as connection:
        rows = await audit.listing(connection, who.organisation_id, before=before, limit=limit)
    following = rows[-1].id if len(rows) == limit else None
    return answer({"entries": [listed(row) for row in rows], "next_before": following})
