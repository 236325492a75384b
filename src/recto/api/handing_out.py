"""Answers about jobs, and lets go of those that keep nothing once their answer is sent.

What the answer links to (a large result, pictures) goes when the links end. Answers of other jobs pass.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from starlette.background import BackgroundTask

from recto.api.context import Context
from recto.api.problems import answer
from recto.api.submitting import Make, finished, submit_once, told
from recto.jobs.submit import Submission
from recto.storage.queries import jobs
from recto.storage.queries.jobs import JobRow

Show = Callable[[JobRow], Awaitable[Any]]
"""Puts a completed job's result into the form of its endpoint."""


async def made_and_answered(
    request: Request,
    context: Context,
    submission: Submission,
    body: dict[str, Any],
    make: Make,
    show: Show,
    *,
    background: bool,
) -> Response:
    """Make a request's job, and answer: in the background with its id, else with what it gave once it has ended.

    Raises what `submit_once` and `finished` raise.
    """
    job_id = await submit_once(request, context, submission, body, make)
    if background:
        return answer({"job_id": str(job_id)})
    row = await finished(request, context, submission.organisation_id, job_id)
    return handed_out(context, row, answer(await show(row)))


def handed_out(context: Context, row: JobRow, shown: Response) -> Response:
    """The answer about a job; when it tells the end of one that keeps nothing, the job is deleted behind it."""
    if row.keep == "none" and not row.is_open:
        shown.background = BackgroundTask(_let_go, context, row)
    return shown


async def _let_go(context: Context, row: JobRow) -> None:
    rows = [row]
    if row.type == "Pipeline":
        async with context.database.look() as connection:
            rows += await jobs.children(connection, row.id)
    room, links = context.limits.inline_result_bytes, False
    for one in rows:
        links = links or _has_links(one, room)
        room -= min(room, one.result_bytes or 0)
    await told(context, row, context.limits.signed_url_s if links else 0.0)


def _has_links(row: JobRow, room: int) -> bool:
    """Whether the answer links to objects: by the same rules as `answers.parse_answer`."""
    asked = row.request.get("options", {}).get("result", {}).get("force_url")
    asked = asked or row.request.get("extract", {}).get("force_url")
    return bool(asked or (row.result_bytes or 0) > room or (row.summary or {}).get("pictures"))
