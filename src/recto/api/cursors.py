"""The place where a list goes on: a signed cursor in, the moment and id of the last row of the page before out."""

from datetime import datetime
from uuid import UUID

from recto.api.context import Context
from recto.errors import InvalidConfig


def before(context: Context, cursor: str | None) -> tuple[datetime, UUID] | None:
    """What a cursor stands for; None without one. Raises InvalidConfig for one this server did not give out."""
    if cursor is None:
        return None
    try:
        created_at, row_id = context.cursors.open_cursor(cursor)
        return datetime.fromisoformat(created_at), UUID(row_id)
    except (ValueError, TypeError) as error:
        raise InvalidConfig("The cursor is not one that this server gave out.") from error
