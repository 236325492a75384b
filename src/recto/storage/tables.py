"""The database's tables as SQLAlchemy Core objects. Migrations build them, queries use them.

Rows hold keys; files and results lie in object storage (`storage.objects`). The job engine keeps tables of its
own in the same database (`jobs.engine`).
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TIMESTAMP, UUID

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_now = sa.text("clock_timestamp()")


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(
        name, TIMESTAMP(timezone=True), nullable=nullable, server_default=None if nullable else _now
    )


def _organisation() -> sa.Column[object]:
    return sa.Column("organisation_id", UUID, sa.ForeignKey("organisation.id"), nullable=False)


organisation = sa.Table(
    "organisation",
    metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.func.gen_random_uuid()),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _time("created_at", nullable=False),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.func.gen_random_uuid()),
    _organisation(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),  # what a person recognises the key by
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),  # SHA-256; the key itself is not kept
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default="{run,read}"),  # run, read, admin
    sa.Column("rate_per_s", sa.Float),  # calls a second; NULL: the server's setting
    _time("created_at", nullable=False),
    _time("expires_at"),
    _time("used_at"),  # last use, to the minute
    _time("revoked_at"),
)

key_usage = sa.Table(  # rows are only added, so that nothing waits for a sum; the sweep adds them up
    "key_usage",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _organisation(),
    sa.Column("key_id", UUID),  # NULL: no key, as with authentication off and jobs of the command line
    sa.Column("day", sa.Date, nullable=False),  # UTC
    sa.Column("calls", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("jobs", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("pages", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("credits", sa.Float, nullable=False, server_default="0"),
    sa.Index("ix_key_usage_organisation_id_day", "organisation_id", "day"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _time("at", nullable=False),
    sa.Column("organisation_id", UUID),  # NULL: a call whose key nobody has
    sa.Column("key_id", UUID),
    sa.Column(
        "address", sa.Text, nullable=False, server_default=""
    ),  # of the caller; "" for the command line
    sa.Column("action", sa.Text, nullable=False),  # method and route, or what the command line did
    sa.Column("target", sa.Text, nullable=False, server_default=""),  # id of the job, upload, key
    sa.Column("status", sa.Integer, nullable=False),  # of the HTTP answer
    sa.Index("ix_audit_organisation_id_id", "organisation_id", "id"),
    sa.Index("ix_audit_at", "at"),
)

pipeline = sa.Table(
    "pipeline",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _organisation(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("deployed_version", sa.Integer, nullable=False),
    _time("created_at", nullable=False),
    _time("deployed_at", nullable=False),
    sa.UniqueConstraint("organisation_id", "name"),
)

pipeline_version = sa.Table(
    "pipeline_version",
    metadata,
    sa.Column("pipeline_id", sa.Text, sa.ForeignKey("pipeline.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("definition", JSONB, nullable=False),
    _time("created_at", nullable=False),
)

upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", UUID, primary_key=True),
    _organisation(),
    sa.Column("extension", sa.Text, nullable=False, server_default=""),
    sa.Column("name", sa.Text),  # the file name the caller gave
    sa.Column("size_bytes", sa.BigInteger),  # NULL until the bytes have arrived
    _time("created_at", nullable=False),
    sa.Index("ix_upload_created_at", "created_at"),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", UUID, primary_key=True),
    _organisation(),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("lane_asked", sa.Text, nullable=False),  # differs from lane when the budget demoted the job
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("parent_id", UUID, sa.ForeignKey("job.id")),
    sa.Column(
        "position", sa.Integer, nullable=False, server_default="0"
    ),  # place among its parent's children
    sa.Column("request", JSONB, nullable=False),  # versioned: what to do, see jobs/submit
    sa.Column("raw_config", sa.Text, nullable=False),  # the caller's body, secrets taken out
    sa.Column("password", sa.LargeBinary),  # encrypted; erased when the job ends
    sa.Column("metadata", JSON),  # json, not jsonb: echoed as the caller wrote it
    sa.Column("webhook", JSONB),
    sa.Column("pipeline_id", sa.Text),
    sa.Column("pipeline_version", sa.Integer),
    sa.Column("pipeline_hash", sa.Text),
    sa.Column("key_id", UUID),  # the API key that made it; its children have none
    sa.Column("waits_on", UUID),  # another job whose result this one needs
    sa.Column("tenant", sa.Text, nullable=False, server_default=""),  # the caller's own customer, "" for none
    sa.Column("tenant_share", sa.Float),  # most of the fleet that the tenant may hold; NULL: no bound
    sa.Column("stage", sa.Text, nullable=False, server_default="queued"),
    sa.Column("pages_done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("pages_total", sa.Integer),
    sa.Column("source", JSONB),  # the document once it is here: key, type, pages, see jobs/units
    sa.Column("result_key", sa.Text),
    sa.Column("result_bytes", sa.BigInteger),
    sa.Column("summary", JSONB),  # what the answer says besides the result: usage, properties
    sa.Column("warnings", JSONB, nullable=False, server_default="[]"),
    sa.Column("error", JSONB),
    _time("created_at", nullable=False),
    _time("started_at"),
    _time("ended_at"),
    _time("moved_at", nullable=False),  # last time anything happened to it
    sa.Column("timeout_s", sa.Float),
    _time("deadline_at"),
    sa.Column("keep", sa.Text, nullable=False, server_default="standard"),  # standard, persist, none
    _time("purge_at"),  # of a job that keeps nothing: when what its answer handed out is over
    _time("tidied_at"),  # its units' objects are gone, or kept on purpose for a retry
    sa.Column("deletion", sa.Text),  # why it is deleted: asked, expired, delivered
    _time("deleting_at"),  # its deletion began; until deleted_at its objects may still be there
    _time("deleted_at"),
    sa.Index("ix_job_listing", "organisation_id", sa.text("created_at DESC"), sa.text("id DESC")),
    sa.Index("ix_job_parent", "parent_id", postgresql_where=sa.text("parent_id IS NOT NULL")),
    sa.Index("ix_job_waits_on", "waits_on", postgresql_where=sa.text("waits_on IS NOT NULL")),
    sa.Index("ix_job_open", "moved_at", postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("ix_job_ended", "ended_at", postgresql_where=sa.text("ended_at IS NOT NULL")),
    sa.Index(
        "ix_job_kept",
        "ended_at",
        postgresql_where=sa.text("ended_at IS NOT NULL AND deleting_at IS NULL AND keep <> 'persist'"),
    ),
    sa.Index(
        "ix_job_untidy",
        "ended_at",
        postgresql_where=sa.text("ended_at IS NOT NULL AND tidied_at IS NULL"),
    ),
    sa.Index(
        "ix_job_deleting",
        "deleting_at",
        postgresql_where=sa.text("deleting_at IS NOT NULL AND deleted_at IS NULL"),
    ),
    sa.Index("ix_job_deleted", "deleted_at", postgresql_where=sa.text("deleted_at IS NOT NULL")),
)

unit = sa.Table(
    "unit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("job_id", UUID, sa.ForeignKey("job.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # intake, read, ocr, assemble
    sa.Column("pages", ARRAY(sa.Integer), nullable=False, server_default="{}"),
    sa.Column("status", sa.Text, nullable=False, server_default="pending"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("worker", sa.Text),  # who holds it
    _time("lease_until"),
    sa.Column("result_key", sa.Text),
    sa.Column("error", JSONB),
    _time("created_at", nullable=False),
    _time("deferred_at", nullable=False),
    _time("started_at"),
    _time("ended_at"),
    # Copied from the job by a trigger: the choice of the next unit reads this table only, see queries/claims.
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("organisation_id", UUID, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False, server_default=""),
    sa.Column("tenant_share", sa.Float),
    sa.Column("version", sa.SmallInteger, nullable=False, server_default="1"),  # what a worker must know
    sa.Column("setbacks", sa.SmallInteger, nullable=False, server_default="0"),  # times the server failed it
    sa.Index("ix_unit_job", "job_id"),
    sa.Index(
        "ix_unit_line",
        "kind",
        "lane",
        "organisation_id",
        "tenant",
        "id",
        postgresql_where=sa.text("status = 'pending'"),
    ),
    sa.Index("ix_unit_open", "status", postgresql_where=sa.text("status IN ('pending', 'running')")),
)

worker = sa.Table(
    "worker",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("lanes", ARRAY(sa.Text), nullable=False),
    sa.Column("readers", sa.Integer, nullable=False),
    sa.Column("ocr_readers", sa.Integer, nullable=False),
    _time("started_at", nullable=False),
    _time("beat_at", nullable=False),
)

webhook_endpoint = sa.Table(
    "webhook_endpoint",
    metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.func.gen_random_uuid()),
    _organisation(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),  # host and port of the url: what shares a limit
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("channels", ARRAY(sa.Text)),  # NULL: all
    sa.Column("event_types", ARRAY(sa.Text)),  # NULL: all
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("disabled_reason", sa.Text),
    _time("failing_since"),  # its first failure after its last success
    _time("created_at", nullable=False),
    sa.Index("ix_webhook_endpoint_organisation_id", "organisation_id"),
)

webhook_secret = sa.Table(
    "webhook_secret",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _organisation(),
    # NULL: the organisation's own, which signs direct webhooks
    sa.Column("endpoint_id", UUID, sa.ForeignKey("webhook_endpoint.id", ondelete="CASCADE")),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    _time("created_at", nullable=False),
    _time("expires_at"),  # of one that another has replaced
    sa.Index("ix_webhook_secret_owner", "organisation_id", "endpoint_id"),
)

webhook_message = sa.Table(
    "webhook_message",
    metadata,
    sa.Column("id", UUID, primary_key=True),
    _organisation(),
    sa.Column("job_id", UUID, sa.ForeignKey("job.id", ondelete="CASCADE")),  # NULL: a test
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("channels", ARRAY(sa.Text)),  # NULL: all
    sa.Column("body", sa.Text, nullable=False),
    _time("created_at", nullable=False),
    sa.Index("ix_webhook_message_listing", "organisation_id", sa.text("created_at DESC"), sa.text("id DESC")),
    sa.Index("ix_webhook_message_job_id", "job_id"),
    sa.Index("ix_webhook_message_created_at", "created_at"),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", UUID, primary_key=True),
    sa.Column("message_id", UUID, sa.ForeignKey("webhook_message.id", ondelete="CASCADE"), nullable=False),
    sa.Column("job_id", UUID, sa.ForeignKey("job.id", ondelete="CASCADE")),
    _organisation(),
    sa.Column("kind", sa.Text, nullable=False, server_default="direct"),  # direct, endpoint, svix
    sa.Column("endpoint_id", UUID, sa.ForeignKey("webhook_endpoint.id", ondelete="CASCADE")),
    sa.Column("url", sa.Text),  # of a direct one; that of an endpoint is the endpoint's at the time
    sa.Column("host", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.Text, nullable=False, server_default="pending"),  # pending, delivered, failed
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tries_before", sa.Integer, nullable=False, server_default="0"),  # of its last replay
    sa.Column("answer_status", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("worker", sa.Text),
    _time("lease_until"),
    _time("due_at", nullable=False),
    _time("created_at", nullable=False),
    _time("ended_at"),
    sa.UniqueConstraint("message_id", "endpoint_id"),
    sa.Index("ix_delivery_open", "due_at", postgresql_where=sa.text("status = 'pending'")),
    sa.Index("ix_delivery_job_id", "job_id"),
    sa.Index("ix_delivery_endpoint", "endpoint_id", "status"),
)

webhook_attempt = sa.Table(
    "webhook_attempt",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("delivery_id", UUID, sa.ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("answer_status", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("answer", sa.Text),  # its first kilobyte
    sa.Column("latency_ms", sa.Integer, nullable=False),
    _time("created_at", nullable=False),
    sa.Index("ix_webhook_attempt_delivery_id", "delivery_id"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("organisation_id", UUID, sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),  # SHA-256 of what was asked for
    sa.Column("job_id", UUID),
    _time("created_at", nullable=False),
    sa.Index("ix_idempotency_created_at", "created_at"),
)

sweep = sa.Table(
    "sweep",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _time("ran_at", nullable=False),
)
