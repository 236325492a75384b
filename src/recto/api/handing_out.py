"""Lets go of a job that keeps nothing, once its answer is sent. An answer in, the same answer out.

What the answer links to (a large result, pictures) goes when the links end. Answers of other jobs pass.
"""

from fastapi import Response
from starlette.background import BackgroundTask

from recto.api.context import Context
from recto.api.submitting import told
from recto.storage.queries import jobs
from recto.storage.queries.jobs import JobRow


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
