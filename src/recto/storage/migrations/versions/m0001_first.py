"""The first tables: organisations, keys, pipelines, uploads, jobs, units, deliveries.

Written out, not taken from storage.tables: those change later, this step never does.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE organisation (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        name TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_organisation PRIMARY KEY (id),
        CONSTRAINT uq_organisation_name UNIQUE (name)
    )
    """,
    """
    CREATE TABLE api_key (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        organisation_id UUID NOT NULL,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        digest BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_api_key PRIMARY KEY (id),
        CONSTRAINT fk_api_key_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id),
        CONSTRAINT uq_api_key_digest UNIQUE (digest)
    )
    """,
    """
    CREATE TABLE job (
        id UUID NOT NULL,
        organisation_id UUID NOT NULL,
        type TEXT NOT NULL,
        lane TEXT NOT NULL,
        lane_asked TEXT NOT NULL,
        status TEXT NOT NULL,
        parent_id UUID,
        position INTEGER DEFAULT '0' NOT NULL,
        request JSONB NOT NULL,
        raw_config TEXT NOT NULL,
        password BYTEA,
        metadata JSON,
        webhook JSONB,
        pipeline_id TEXT,
        pipeline_version INTEGER,
        pipeline_hash TEXT,
        waits_on UUID,
        stage TEXT DEFAULT 'queued' NOT NULL,
        pages_done INTEGER DEFAULT '0' NOT NULL,
        pages_total INTEGER,
        source JSONB,
        result_key TEXT,
        result_bytes BIGINT,
        summary JSONB,
        warnings JSONB DEFAULT '[]' NOT NULL,
        error JSONB,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        moved_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        timeout_s FLOAT,
        deadline_at TIMESTAMP WITH TIME ZONE,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_job PRIMARY KEY (id),
        CONSTRAINT fk_job_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id),
        CONSTRAINT fk_job_parent_id FOREIGN KEY(parent_id) REFERENCES job (id)
    )
    """,
    """
    CREATE INDEX ix_job_listing ON job (organisation_id, created_at DESC, id DESC)
    """,
    """
    CREATE INDEX ix_job_open ON job (moved_at) WHERE ended_at IS NULL
    """,
    """
    CREATE INDEX ix_job_parent ON job (parent_id) WHERE parent_id IS NOT NULL
    """,
    """
    CREATE INDEX ix_job_waits_on ON job (waits_on) WHERE waits_on IS NOT NULL
    """,
    """
    CREATE TABLE pipeline (
        id TEXT NOT NULL,
        organisation_id UUID NOT NULL,
        name TEXT NOT NULL,
        deployed_version INTEGER NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        deployed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_pipeline PRIMARY KEY (id),
        CONSTRAINT uq_pipeline_organisation_id_name UNIQUE (organisation_id, name),
        CONSTRAINT fk_pipeline_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id)
    )
    """,
    """
    CREATE TABLE upload (
        id UUID NOT NULL,
        organisation_id UUID NOT NULL,
        extension TEXT DEFAULT '' NOT NULL,
        name TEXT,
        size_bytes BIGINT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_upload PRIMARY KEY (id),
        CONSTRAINT fk_upload_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id)
    )
    """,
    """
    CREATE TABLE delivery (
        id UUID NOT NULL,
        job_id UUID NOT NULL,
        organisation_id UUID NOT NULL,
        url TEXT NOT NULL,
        body TEXT NOT NULL,
        status TEXT DEFAULT 'pending' NOT NULL,
        attempt INTEGER DEFAULT '0' NOT NULL,
        answer_status INTEGER,
        error TEXT,
        worker TEXT,
        lease_until TIMESTAMP WITH TIME ZONE,
        due_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_delivery PRIMARY KEY (id),
        CONSTRAINT uq_delivery_job_id UNIQUE (job_id),
        CONSTRAINT fk_delivery_job_id FOREIGN KEY(job_id) REFERENCES job (id),
        CONSTRAINT fk_delivery_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id)
    )
    """,
    """
    CREATE INDEX ix_delivery_open ON delivery (due_at) WHERE status = 'pending'
    """,
    """
    CREATE TABLE pipeline_version (
        pipeline_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        hash TEXT NOT NULL,
        definition JSONB NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT pk_pipeline_version PRIMARY KEY (pipeline_id, version),
        CONSTRAINT fk_pipeline_version_pipeline_id FOREIGN KEY(pipeline_id) REFERENCES pipeline (id)
    )
    """,
    """
    CREATE TABLE unit (
        id BIGINT GENERATED BY DEFAULT AS IDENTITY,
        job_id UUID NOT NULL,
        kind TEXT NOT NULL,
        pages INTEGER[] DEFAULT '{}' NOT NULL,
        status TEXT DEFAULT 'pending' NOT NULL,
        attempt INTEGER DEFAULT '0' NOT NULL,
        worker TEXT,
        lease_until TIMESTAMP WITH TIME ZONE,
        result_key TEXT,
        error JSONB,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        deferred_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_unit PRIMARY KEY (id),
        CONSTRAINT fk_unit_job_id FOREIGN KEY(job_id) REFERENCES job (id)
    )
    """,
    """
    CREATE INDEX ix_unit_job ON unit (job_id)
    """,
    """
    CREATE INDEX ix_unit_open ON unit (status) WHERE status IN ('pending', 'running')
    """,
)


def upgrade() -> None:
    """Create every table of this first version."""
    for statement in STATEMENTS:
        op.execute(statement)
