"""Every option the published Python client can send is known to the request models."""

import typing

import pytest
from reducto.types import (
    async_config_v3_param,
    enhance_param,
    formatting_param,
    parse_run_job_params,
    parse_run_params,
    pipeline_run_job_params,
    pipeline_run_params,
    pipeline_settings_param,
    retrieval_param,
    settings_param,
    spreadsheet_param,
)

from recto.wire import asynchronous, parse, parse_options, pipeline
from recto.wire.model import key_of

SENT = [
    (settings_param.SettingsParam, parse_options.Settings),
    (enhance_param.EnhanceParam, parse_options.Enhance),
    (retrieval_param.RetrievalParam, parse_options.Retrieval),
    (formatting_param.FormattingParam, parse_options.Formatting),
    (spreadsheet_param.SpreadsheetParam, parse_options.Spreadsheet),
    (async_config_v3_param.AsyncConfigV3Param, asynchronous.AsyncConfig),
    (pipeline_settings_param.PipelineSettingsParam, pipeline.PipelineSettings),
    (pipeline_run_params.PipelineRunParams, pipeline.V3PipelineConfig),
    (pipeline_run_job_params.PipelineRunJobParams, pipeline.V3AsyncPipelineConfig),
    (parse_run_params.SyncParseConfig, parse.SyncParseConfig),
    (parse_run_params.AsyncParseConfig, parse.AsyncParseConfig),
    (parse_run_job_params.ParseRunJobParams, parse.AsyncParseConfig),
]


def names(annotations):
    """The keys on the wire: a parameter that is a Python keyword has its real name in its annotation."""
    for name, annotation in annotations.items():
        aliases = [
            extra.alias
            for part in (annotation, *typing.get_args(annotation))
            for extra in getattr(part, "__metadata__", ())
            if getattr(extra, "alias", None)
        ]
        yield aliases[0] if aliases else name


@pytest.mark.parametrize(("sent", "read"), SENT, ids=lambda part: part.__name__)
def test_every_option_is_known(sent, read):
    keys = set(names(typing.get_type_hints(sent, include_extras=True)))
    known = {key_of(name, field) for name, field in read.model_fields.items()}
    assert keys
    assert keys <= known
