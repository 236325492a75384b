"""POST /recto/v1/jobs/{id}/retry: read the failed pages of a completed job again."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from recto.api.guards import Caller, Here, job_uuid, json_object
from recto.api.problems import answer
from recto.jobs.retry import retry_failed_pages

router = APIRouter()


class Retry(BaseModel):
    """What is to be done again, and the document's password where it has one."""

    model_config = ConfigDict(extra="forbid")

    pages: Literal["failed"] = "failed"
    document_password: str | None = Field(default=None, max_length=1024)


@router.post("/recto/v1/jobs/{job_id}/retry")
async def retry_job(request: Request, context: Here, organisation: Caller, job_id: str) -> Response:
    """Open the job again for its failed pages; 202 with the pages by job. The body may be left out."""
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    wanted = Retry() if empty else Retry.model_validate(await json_object(request))
    sealed = context.submitter.sealed(wanted.document_password)
    async with context.database.begin() as connection:
        opened = await retry_failed_pages(
            connection, context.flow, context.objects, organisation, job_uuid(job_id), sealed
        )
    body = {"job_id": job_id, "retrying": {str(one): pages for one, pages in opened.items()}}
    return answer(body, 202)
