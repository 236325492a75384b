"""GET /version, /health, /ready; and clear refusals for endpoints of the contract that are not served yet."""

import sqlalchemy as sa
from fastapi import APIRouter, Response

from recto.api.guards import Caller, Here
from recto.api.problems import answer
from recto.errors import NotAvailable

PROBE_KEY = "probe"
NOT_SERVED = (
    "/split",
    "/split_async",
    "/edit",
    "/edit_async",
    "/classify",
    "/classify_async",
)

router = APIRouter()


@router.get("/version")
async def get_version(context: Here) -> Response:
    """The server's version."""
    return answer(context.version)


@router.get("/health")
async def health() -> Response:
    """The process answers."""
    return answer("ok")


@router.get("/ready")
async def ready(context: Here) -> Response:
    """Database and storage answer too; 503 (Unavailable) otherwise."""
    async with context.database.begin() as connection:
        await connection.execute(sa.text("SELECT 1"))
    await context.objects.exists(PROBE_KEY)
    return answer({"database": "ok", "storage": "ok"})


async def not_served(_: Caller) -> Response:
    """Refuse: this version parses documents, extracts from them, and runs pipelines of the two."""
    raise NotAvailable("This endpoint is not available yet in this version of Recto.")


for path in NOT_SERVED:
    router.add_api_route(path, not_served, methods=["POST"])
