"""What webhooks need of the job engine, which lies above them."""

from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection


class DeliveryQueue(Protocol):
    """Brings a delivery to some worker, now or later."""

    async def defer_delivery(
        self, connection: AsyncConnection | None, delivery_id: UUID, wait_s: float = 0
    ) -> None:
        """Queue a delivery attempt, inside the transaction when a connection is given."""
        ...
