"""What choosing the next unit needs: each unit's lane and owner beside it, and the workers that are alive.

The columns repeat the job's, because the choice reads one index and no other table. A trigger fills them in,
so that a server of the version before, still running during an upgrade, plans units that find their place.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE job ADD COLUMN tenant TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE job ADD COLUMN tenant_share FLOAT",
    "CREATE INDEX ix_job_ended ON job (ended_at) WHERE ended_at IS NOT NULL",
    "ALTER TABLE unit ADD COLUMN lane TEXT",
    "ALTER TABLE unit ADD COLUMN organisation_id UUID",
    "ALTER TABLE unit ADD COLUMN tenant TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE unit ADD COLUMN tenant_share FLOAT",
    "ALTER TABLE unit ADD COLUMN version SMALLINT DEFAULT 1 NOT NULL",
    "ALTER TABLE unit ADD COLUMN setbacks SMALLINT DEFAULT 0 NOT NULL",
    "UPDATE unit SET lane = job.lane, organisation_id = job.organisation_id FROM job WHERE job.id = unit.job_id",
    "ALTER TABLE unit ALTER COLUMN lane SET NOT NULL",
    "ALTER TABLE unit ALTER COLUMN organisation_id SET NOT NULL",
    """
    CREATE FUNCTION recto_place_unit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT job.lane, job.organisation_id, job.tenant, job.tenant_share
            INTO NEW.lane, NEW.organisation_id, NEW.tenant, NEW.tenant_share
            FROM job WHERE job.id = NEW.job_id;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER recto_place_unit BEFORE INSERT ON unit
        FOR EACH ROW EXECUTE FUNCTION recto_place_unit()
    """,
    """
    CREATE INDEX ix_unit_line ON unit (kind, lane, organisation_id, tenant, id) WHERE status = 'pending'
    """,
    """
    CREATE TABLE worker (
        name TEXT NOT NULL,
        lanes TEXT[] NOT NULL,
        readers INTEGER NOT NULL,
        ocr_readers INTEGER NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        beat_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_worker PRIMARY KEY (name)
    )
    """,
)


def upgrade() -> None:
    """Add the columns, the trigger, the indexes and the table of workers."""
    for statement in STATEMENTS:
        op.execute(statement)
