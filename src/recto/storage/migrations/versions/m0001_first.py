"""The first tables: organisations, keys, pipelines, uploads, jobs, units, deliveries."""

from alembic import op

from recto.storage.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of this first version."""
    metadata.create_all(op.get_bind())
