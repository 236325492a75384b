import json

import pytest
from pydantic import ValidationError

from recto import errors
from recto.wire.parse import SyncParseConfig
from recto.wire.pipeline import V3PipelineConfig
from recto.wire.problems import (
    ErrorCode,
    ErrorDetail,
    HTTPValidationError,
    error_detail,
    problem,
    rejected,
    validation_problem,
)


def every_error(base=errors.RectoError):
    yield base
    for child in base.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_published_name_and_a_message(kind):
    detail = error_detail(kind(), "job-1")
    ErrorDetail.model_validate(detail)
    assert detail["message"]
    assert json.loads(json.dumps(detail))["name"] in set(ErrorCode)


def test_a_problem_holds_both_generations_of_the_detail():
    assert problem(errors.DocumentLocked("Wrong password."), "job-1") == {
        "error": {
            "code": 442,
            "name": "DOCUMENT_PASSWORD_PROTECTED",
            "message": "Wrong password.",
            "type": "document_password_protected",
            "job_id": "job-1",
        }
    }
    assert problem(errors.DownloadFailed())["error"]["type"] == "file_download_failure"
    assert problem(errors.NotFound())["error"]["job_id"] is None


def caught(model, body):
    with pytest.raises(ValidationError) as found:
        model.model_validate(body)
    return found.value


def test_a_validation_problem_names_place_and_kind():
    body = validation_problem(caught(SyncParseConfig, {"settings": {"timeout": "soon"}}))
    HTTPValidationError.model_validate(body)
    assert {tuple(entry["loc"]) for entry in body["detail"]} == {
        ("body", "input"),
        ("body", "settings", "timeout"),
    }
    assert all({"loc", "msg", "type", "input"} <= entry.keys() for entry in body["detail"])
    json.dumps(body)


def test_passwords_are_not_sent_back():
    wrong = {"pipeline_id": "k", "settings": {"document_password": "secret"}}
    assert "secret" not in json.dumps(validation_problem(caught(V3PipelineConfig, wrong)))
    wrong_type = {"input": "x", "pipeline_id": "k", "settings": {"document_password": ["secret"]}}
    assert "secret" not in json.dumps(validation_problem(caught(V3PipelineConfig, wrong_type)))


def test_values_that_are_no_json_are_told_as_text():
    body = validation_problem(caught(SyncParseConfig, {"input": b"\xff"}), at=("query",))
    assert body["detail"][0]["loc"][0] == "query"
    json.dumps(body)


def test_what_a_schema_cannot_say_has_the_same_form():
    error = rejected("Request", "too_odd", "{odd} is odd", ("a", 1), {"x": 1})
    assert validation_problem(error)["detail"] == [
        {
            "type": "too_odd",
            "loc": ["body", "a", 1],
            "msg": "{odd} is odd",
            "input": {"x": 1},
            "ctx": {"message": "{odd} is odd"},
        }
    ]


def test_a_long_value_and_many_faults_make_a_short_answer():
    wrong = {
        "input": ["x" * 100_000, *range(10_000)],
        "k" * 100_000: 1,
        "settings": {"timeout": "t" * 100_000},
    }
    body = validation_problem(caught(SyncParseConfig, wrong))
    HTTPValidationError.model_validate(body)
    assert 0 < len(body["detail"]) <= 50
    assert len(json.dumps(body)) < 200_000


def test_a_message_holds_nothing_that_cannot_be_stored():
    record = errors.DocumentCorrupt("The title is A\0B\ud800.").to_record()
    assert record["message"] == "The title is A\ufffdB\ufffd."
    assert str(errors.from_record(record)) == record["message"]
