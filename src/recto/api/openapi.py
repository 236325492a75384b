"""The OpenAPI document of the wire contract: paths, operation ids and schema names equal the vendor's.

Written from a table instead of from the routes, because the routes accept more than the contract's present
bodies (older generations) and answer with bytes that were validated elsewhere.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from recto.wire import classify, edit, extract, jobs, parse, pipeline, problems, split, uploads

REF = "#/components/schemas/{model}"

Model = type[BaseModel]
Method = Literal["get", "post", "delete"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. `either` is the word by which several possible answers are joined."""

    path: str
    method: Method
    id: str
    summary: str
    requests: tuple[Model, ...] = ()
    responses: tuple[Model, ...] = ()
    status: str = "200"
    parameters: tuple[dict[str, Any], ...] = ()
    answer: dict[str, Any] | None = None
    either: Literal["anyOf", "oneOf"] = "anyOf"
    multipart: bool = False
    public: bool = False
    checked: bool = True


def _path(name: str) -> dict[str, Any]:
    title = name.replace("_", " ").title()
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "title": title}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    title = name.replace("_", " ").title()
    return {"name": name, "in": "query", "required": False, "schema": {**schema, "title": title}}


_TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_LISTING = (
    _query("exclude_configs", {"type": "boolean", "default": False}),
    _query("cursor", _TEXT_OR_NULL),
    _query("limit", {"type": "integer", "maximum": 500, "minimum": 1, "default": 100}),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "/parse",
        "post",
        "parse_parse_post",
        "Parse",
        (parse.SyncParseConfig, parse.AsyncParseConfig),
        (parse.ParseResponse, parse.AsyncParseResponse),
    ),
    Operation(
        "/parse_async",
        "post",
        "async_parse_parse_async_post",
        "Async Parse",
        (parse.AsyncParseConfig,),
        (parse.AsyncParseResponse,),
    ),
    Operation(
        "/extract",
        "post",
        "extract_extract_post",
        "Extract",
        (extract.SyncExtractConfig, extract.AsyncExtractConfig),
        (extract.V3ExtractResponse, extract.AsyncExtractResponse),
        either="oneOf",
    ),
    Operation(
        "/extract_async",
        "post",
        "extract_async_extract_async_post",
        "Extract Async",
        (extract.AsyncExtractConfig,),
        (extract.AsyncExtractResponse,),
    ),
    Operation(
        "/split", "post", "split_split_post", "Split", (split.SyncSplitConfig,), (split.SplitResponse,)
    ),
    Operation(
        "/split_async",
        "post",
        "split_async_split_async_post",
        "Split Async",
        (split.config__v3__AsyncSplitConfig,),
        (split.AsyncSplitResponse,),
    ),
    Operation("/edit", "post", "edit_edit_post", "Edit", (edit.EditConfig,), (edit.EditResponse,)),
    Operation(
        "/edit_async",
        "post",
        "edit_async_edit_async_post",
        "Edit Async",
        (edit.AsyncEditConfig,),
        (edit.AsyncEditResponse,),
    ),
    Operation(
        "/pipeline",
        "post",
        "pipeline_pipeline_post",
        "Pipeline",
        (pipeline.V3PipelineConfig,),
        (pipeline.PipelineResponse,),
    ),
    Operation(
        "/pipeline_async",
        "post",
        "pipeline_async_pipeline_async_post",
        "Pipeline Async",
        (pipeline.V3AsyncPipelineConfig,),
        (pipeline.AsyncPipelineResponse,),
    ),
    Operation(
        "/classify",
        "post",
        "classify_classify_post",
        "Classify",
        (classify.ClassifyConfig,),
        (classify.ClassifyResponse,),
    ),
    Operation(
        "/classify_async",
        "post",
        "classify_async_classify_async_post",
        "Classify Async",
        (classify.ClassifyConfig,),
        (classify.AsyncClassifyResponse,),
    ),
    Operation(
        "/job/{job_id}",
        "get",
        "retrieve_parse_job__job_id__get",
        "Retrieve Job",
        (),
        (jobs.AsyncJobResponse, jobs.EnhancedAsyncJobResponse),
        parameters=(_path("job_id"),),
    ),
    Operation(
        "/job/{job_id}",
        "delete",
        "delete_parse_job_job__job_id__delete",
        "Delete Job",
        (),
        (jobs.DeleteJobResponse,),
        "202",
        (_path("job_id"), _query("include_persisted", {"type": "boolean", "default": False})),
    ),
    Operation(
        "/cancel/{job_id}",
        "post",
        "cancel_job_cancel__job_id__post",
        "Cancel Job",
        parameters=(_path("job_id"),),
        answer={},
    ),
    Operation(
        "/jobs", "get", "get_jobs_jobs_get", "List Jobs", (), (jobs.JobsResponse,), parameters=_LISTING
    ),
    Operation(
        "/upload",
        "post",
        "upload_upload_post",
        "Upload",
        (uploads.Body_upload_upload_post,),
        (uploads.UploadResponse,),
        parameters=(_query("extension", _TEXT_OR_NULL),),
        multipart=True,
    ),
    Operation(
        "/upload/{file_id}",
        "delete",
        "delete_uploaded_file_upload__file_id__delete",
        "Delete Upload",
        (),
        (uploads.DeleteUploadResponse,),
        parameters=(_path("file_id"),),
    ),
    Operation(
        "/configure_webhook",
        "post",
        "webhook_portal_configure_webhook_post",
        "Webhook Portal",
        answer={"type": "string"},
    ),
    Operation(
        "/version",
        "get",
        "get_version_version_get",
        "Version",
        answer={"type": "string"},
        public=True,
        checked=False,
    ),
)


@cache
def openapi_document(version: str) -> dict[str, Any]:
    """The whole document."""
    requests = {model for operation in OPERATIONS for model in operation.requests}
    responses = {model for operation in OPERATIONS for model in operation.responses}
    wanted = sorted(requests | responses | {problems.HTTPValidationError}, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "validation") for model in wanted], ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Recto", "version": version},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"SkippableHTTPBearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"summary": operation.summary, "operationId": operation.id}
    if not operation.public:
        described["security"] = [{"SkippableHTTPBearer": []}]
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.requests:
        schema = _any(operation.requests, "oneOf")
        kinds = ("multipart/form-data", "application/json") if operation.multipart else ("application/json",)
        body: dict[str, Any] = {"content": {kind: {"schema": schema} for kind in kinds}}
        described["requestBody"] = body if operation.multipart else body | {"required": True}
    answer = operation.answer if operation.answer is not None else _any(operation.responses, operation.either)
    described["responses"] = {operation.status: _response("Successful Response", answer)}
    if operation.checked:
        described["responses"]["422"] = _response("Validation Error", _ref(problems.HTTPValidationError))
    return described


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _any(models: tuple[Model, ...], word: str) -> dict[str, Any]:
    refs = [_ref(model) for model in models]
    return refs[0] if len(refs) == 1 else {word: refs}


def _ref(model: Model) -> dict[str, Any]:
    return {"$ref": REF.format(model=model.__name__)}
