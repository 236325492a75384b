"""Every setting of the server, read once from RECTO_* and validated as a whole. Read by app and cli only.

Each field's description is what `recto doctor` and docs/settings.md print. Sizes are bytes, times seconds.
"""

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from recto.jobs.lanes import served_lanes

MEBIBYTE = 1024 * 1024
KEPT_IN = "secret.key"
LEAST_KEY_CHARACTERS = 20  # of an API key: its digest is unsalted, so it must be too long to be guessed
LEAST_SECRET_BYTES = 16  # 128 bits, the least for a key that signs (NIST SP 800-107r1, 5.3.4)


class Settings(BaseSettings):
    """The server's settings; every one is the environment variable RECTO_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="RECTO_", extra="forbid")

    data_dir: Path = Field(
        default=Path("recto-data"), description="Folder for the embedded database and files"
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the API listens on")
    public_url: str | None = Field(
        default=None, description="Base URL that clients use, for links in answers"
    )
    database_url: str | None = Field(default=None, description="PostgreSQL server; empty: the embedded one")
    storage_url: str | None = Field(
        default=None, description="Object storage, e.g. s3://bucket; empty: a folder"
    )
    bootstrap_key: SecretStr | None = Field(
        default=None, description="The first API key, 20 characters or more; empty: a random one"
    )
    auth: bool = Field(default=True, description="Ask for an API key; off only on a laptop")
    secret_key: SecretStr | None = Field(
        default=None, description="Signs URLs and encrypts secrets, 16 bytes or more; empty: a file"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Inner hosts or networks that documents and webhooks may use, comma separated"
    )
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes that `recto serve` starts")
    readers: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=256,
        description="Child processes of a worker that read pages",
    )
    ocr_readers: int = Field(
        default=1, ge=0, le=64, description="Child processes of a worker that recognise scans"
    )
    lanes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Lanes a worker serves, comma separated; empty: all of them"
    )
    layout_model: str | None = Field(
        default=None,
        description="Layout model (ONNX file) that looks at scans; empty: the built-in one; off: none",
    )
    unit_pages: int = Field(default=10, ge=1, le=500, description="Pages read as one unit of work")
    unit_timeout_s: float = Field(default=120, gt=0, description="Limit for one unit of reading")
    child_memory_mb: int = Field(default=2048, ge=256, description="Memory limit of a reading child process")
    ocr_memory_mb: int = Field(
        default=3072, ge=512, description="Memory limit of a recognising child process"
    )
    child_recycle_mb: int | None = Field(
        default=None, ge=128, description="Replace child processes that hold more; empty: 60 % of their limit"
    )
    source_cache_mb: int = Field(
        default=2048, ge=0, description="Documents a worker keeps from a cloud storage while it reads them"
    )
    lease_s: float = Field(default=10, gt=1, description="A worker silent for this long has lost its units")
    max_upload_bytes: int = Field(default=100 * MEBIBYTE, gt=0, description="Largest direct upload")
    max_presigned_bytes: int = Field(
        default=5120 * MEBIBYTE, gt=0, description="Largest presigned upload or download"
    )
    inline_result_bytes: int = Field(
        default=6_000_000, gt=0, description="Larger results are handed out as a URL"
    )
    signed_url_s: int = Field(default=3600, gt=0, description="Life of signed URLs")
    sync_wait_s: float = Field(default=900, gt=0, description="How long a synchronous call waits for its job")
    priority_budget: int = Field(default=5, ge=0, description="Priority jobs an organisation may have active")
    queue_depth: int = Field(
        default=50_000, ge=1, description="Page ranges that may wait; more answers 429 (QUEUE_FULL)"
    )
    batch_queue_depth: int = Field(
        default=500_000, ge=1, description="The same of the batch lane (BATCH_QUEUE_FULL)"
    )
    cancel_on_disconnect: bool = Field(
        default=False, description="Cancel the job of a synchronous call whose client goes away"
    )
    retention_s: float = Field(
        default=86400, ge=0, description="How long uploads and results are kept; 0: until they are deleted"
    )
    tombstone_s: float = Field(
        default=30 * 86400,
        ge=0,
        description="How long a deleted job is known to have been there (410, not 404)",
    )
    unfetched_s: float = Field(
        default=3600,
        gt=0,
        description="How long the result of a call with X-Recto-Retention: none waits to be fetched",
    )
    rate_limit: float = Field(
        default=1000,
        gt=0,
        description="Calls a second that a key may make, where the key itself says nothing",
    )
    job_rate_limit: float = Field(
        default=200, gt=0, description="Calls of GET /job a second that a key may make"
    )
    wrong_keys: int = Field(
        default=30, ge=1, description="Wrong API keys in a minute after which an address is not listened to"
    )
    audit_retention_s: float = Field(
        default=90 * 86400, ge=86400, description="How long the audit log is kept, a day or more"
    )
    usage_retention_s: float = Field(
        default=400 * 86400, ge=7 * 86400, description="How long the usage of keys is kept, a week or more"
    )
    fetch_timeout_s: float = Field(default=300, gt=0, description="Limit for the download of a document")
    webhook_timeout_s: float = Field(default=15, gt=0, description="Limit for one webhook delivery attempt")
    webhook_backoff_s: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(1, 5), description="Waits between the delivery attempts of a direct webhook"
    )
    extract_engine: Literal["auto", "rules", "model"] = Field(
        default="auto",
        description="Who extracts; auto: the model where there is one, and the rules when it fails; model: it alone",
    )
    model_url: str | None = Field(
        default=None,
        description="OpenAI-compatible endpoint of a language model, up to /v1; empty: none is asked",
    )
    model_key: SecretStr | None = Field(default=None, description="API key of that endpoint; empty: none")
    model_accurate: str | None = Field(default=None, description="Name of the model that extracts")
    model_fast: str | None = Field(
        default=None, description="Name of the one for optimize_for_latency; empty: the accurate one"
    )
    model_vision: bool = Field(default=False, description="Whether it can be shown pictures of pages")
    model_timeout_s: float = Field(
        default=120, gt=0, description="Limit for one call of the model, retries included"
    )
    model_concurrency: int = Field(
        default=4, ge=1, le=256, description="Calls a worker has under way at once"
    )
    model_context_tokens: int = Field(
        default=16_000,
        ge=2_000,
        description="Tokens of one call, question and answer; long documents go in pieces",
    )
    model_answer_tokens: int = Field(default=4_000, ge=256, description="Tokens of one answer, at most")
    model_tokens_per_job: int = Field(
        default=500_000,
        ge=1,
        description="Tokens a job may use; then it ends with what is there, and says so",
    )
    model_price_in: float | None = Field(
        default=None, ge=0, description="Price of a million tokens asked, told in results; empty: not told"
    )
    model_price_out: float | None = Field(
        default=None, ge=0, description="Price of a million tokens answered"
    )
    webhook_schedule_s: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(5, 300, 1800, 7200, 18000, 36000, 36000),
        description="Waits between the delivery attempts to a registered endpoint",
    )
    webhook_disable_after_s: float = Field(
        default=5 * 86400, gt=0, description="An endpoint that only failed for so long is disabled"
    )
    svix_token: SecretStr | None = Field(
        default=None, description="Key of a Svix account that takes webhooks of mode svix; empty: built in"
    )
    svix_server_url: str | None = Field(
        default=None, description="Svix server of one's own; empty: the one the token belongs to"
    )
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged"
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return tuple(p.strip() for p in value.split(",") if p.strip()) if isinstance(value, str) else value

    @field_validator("lanes", mode="before")
    @classmethod
    def _split_lanes(cls, value: object) -> object:
        return tuple(p.strip() for p in value.split(",") if p.strip()) if isinstance(value, str) else value

    @field_validator("lanes")
    @classmethod
    def _are_lanes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        served_lanes(value)
        return value

    @field_validator("webhook_backoff_s", "webhook_schedule_s", mode="before")
    @classmethod
    def _split_backoff(cls, value: object) -> object:
        return tuple(float(p) for p in value.split(",") if p.strip()) if isinstance(value, str) else value

    @field_validator(
        "database_url",
        "storage_url",
        "public_url",
        "bootstrap_key",
        "secret_key",
        "layout_model",
        "svix_token",
        "svix_server_url",
        "child_recycle_mb",
        "model_url",
        "model_key",
        "model_accurate",
        "model_fast",
        "model_price_in",
        "model_price_out",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("bootstrap_key")
    @classmethod
    def _is_no_short_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < LEAST_KEY_CHARACTERS:
            raise ValueError(
                f"it is too short to be safe: an API key has {LEAST_KEY_CHARACTERS} characters or more, at random"
            )
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_no_short_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < LEAST_SECRET_BYTES:
            raise ValueError(
                f"it is too short to be safe: it needs {LEAST_SECRET_BYTES} bytes or more, at random"
            )
        return value

    @field_validator("layout_model")
    @classmethod
    def _is_model(cls, value: str | None) -> str | None:
        if value is not None and value != "off" and not Path(value).is_file():
            raise ValueError(f"there is no file {value}; name an ONNX model, or off")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme.partition("+")[0] not in {"postgres", "postgresql"}:
            raise ValueError("it must begin with postgresql://")
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError("its port must be a number up to 65535") from error
        return value

    @field_validator("model_url")
    @classmethod
    def _is_endpoint(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(
                "it must begin with http:// or https:// and name a host, such as http://localhost:8000/v1"
            )
        return value.rstrip("/").removesuffix("/chat/completions")

    @model_validator(mode="after")
    def _models_are_whole(self) -> Self:
        if self.model_url is not None and self.model_accurate is None and self.model_fast is None:
            raise ValueError("RECTO_MODEL_URL is set, but no model is named: set RECTO_MODEL_ACCURATE")
        if self.extract_engine == "model" and self.model_url is None:
            raise ValueError("RECTO_EXTRACT_ENGINE is model, but RECTO_MODEL_URL names no endpoint")
        if self.model_answer_tokens * 2 > self.model_context_tokens:
            raise ValueError(
                "RECTO_MODEL_ANSWER_TOKENS must leave half of RECTO_MODEL_CONTEXT_TOKENS to the question"
            )
        return self

    @property
    def base_url(self) -> str:
        """The URL clients are told, without a slash at the end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def objects_url(self) -> str:
        """Where files and results lie."""
        return self.storage_url or (self.data_dir.resolve() / "objects").as_uri()

    def secret(self) -> bytes:
        """The server's secret: the setting, else a random one kept in the data folder (mode 0600)."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / KEPT_IN
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            fresh = self.data_dir / f".{KEPT_IN}.{os.getpid()}"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32))
            try:
                os.link(fresh, path)  # the first process to link wins; the others read its secret
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text().strip().encode()
