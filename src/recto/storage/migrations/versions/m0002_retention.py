"""How long things are kept, and keys by which a repeated call finds its job.

Written out, not taken from storage.tables: those change later, this step never does. Jobs that were asked to be
persisted stay so; units of completed jobs were tidied when they completed.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE job ADD COLUMN keep TEXT DEFAULT 'standard' NOT NULL",
    "ALTER TABLE job ADD COLUMN purge_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE job ADD COLUMN tidied_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE job ADD COLUMN deletion TEXT",
    "ALTER TABLE job ADD COLUMN deleting_at TIMESTAMP WITH TIME ZONE",
    "UPDATE job SET keep = 'persist' WHERE request->'options'->'result'->>'persist' = 'true'",
    "UPDATE job SET tidied_at = ended_at WHERE status = 'Completed'",
    "UPDATE job SET deleting_at = deleted_at, deletion = 'asked' WHERE deleted_at IS NOT NULL",
    """
    CREATE INDEX ix_job_kept ON job (ended_at)
        WHERE ended_at IS NOT NULL AND deleting_at IS NULL AND keep <> 'persist'
    """,
    "CREATE INDEX ix_job_untidy ON job (ended_at) WHERE ended_at IS NOT NULL AND tidied_at IS NULL",
    "CREATE INDEX ix_job_deleting ON job (deleting_at) WHERE deleting_at IS NOT NULL AND deleted_at IS NULL",
    "CREATE INDEX ix_job_deleted ON job (deleted_at) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX ix_upload_created_at ON upload (created_at)",
    """
    CREATE TABLE idempotency (
        organisation_id UUID NOT NULL,
        key TEXT NOT NULL,
        digest BYTEA NOT NULL,
        job_id UUID,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_idempotency PRIMARY KEY (organisation_id, key),
        CONSTRAINT fk_idempotency_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id)
    )
    """,
    "CREATE INDEX ix_idempotency_created_at ON idempotency (created_at)",
    """
    CREATE TABLE sweep (
        name TEXT NOT NULL,
        ran_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_sweep PRIMARY KEY (name)
    )
    """,
)


def upgrade() -> None:
    """Add the columns, indexes and tables."""
    for statement in STATEMENTS:
        op.execute(statement)
