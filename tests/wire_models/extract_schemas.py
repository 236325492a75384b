"""Make vendor_schemas.json: the structure of published schemas, without a word of their prose.

    python tests/wire_models/extract_schemas.py NEWEST.json LEGACY.json SEED.md > vendor_schemas.json

NEWEST and LEGACY are OpenAPI files, SEED a Markdown page with an OpenAPI fragment in a YAML fence. Kept are
names, types, defaults, enums, bounds and required keys; titles, descriptions and examples go, and a default
that is prose (more words than a label has) is replaced by a mark. Of LEGACY only the schemas listed in
LEGACY_NAMES are kept, and their object-valued defaults go: those name keys that the file does not define.
"""

import json
import re
import sys
from pathlib import Path

import yaml

PROSE = {"title", "description", "example", "examples"}
PROSE_WORDS = 6
PROSE_MARK = "<prose>"
LEGACY_NAMES = [
    "AdvancedCitationsConfig",
    "AdvancedProcessingOptions",
    "AgentExtractConfig",
    "ArrayExtractConfig",
    "AsyncExtractConfigNew",
    "AsyncParseConfigNew",
    "AsyncPipelineConfig",
    "BaseProcessingOptions",
    "ChunkingConfig",
    "EnrichConfig",
    "ExperimentalProcessingOptions",
    "ExtractConfigNew",
    "FigureSummaryConfig",
    "LargeTableChunkingConfig",
    "ParseConfigNew",
    "PipelineConfig",
    "TableSummaryConfig",
]


def structure(value, inside_properties=False):
    """The value without prose. Inside `properties` every key is a name, also one called title."""
    if isinstance(value, dict):
        return {
            key: prose_marked(inner)
            if key == "default" and not inside_properties
            else structure(inner, inside_properties=key == "properties" and not inside_properties)
            for key, inner in value.items()
            if inside_properties or key not in PROSE
        }
    if isinstance(value, list):
        return [structure(inner) for inner in value]
    return value


def prose_marked(default):
    """A default, unless it is a sentence."""
    is_prose = isinstance(default, str) and len(default.split()) > PROSE_WORDS
    return PROSE_MARK if is_prose else default


def without_object_defaults(schema):
    schema = json.loads(json.dumps(schema))
    for field in schema.get("properties", {}).values():
        if isinstance(field.get("default"), dict):
            del field["default"]
    return schema


def schemas(openapi):
    return {name: structure(schema) for name, schema in sorted(openapi["components"]["schemas"].items())}


def main(newest, legacy, seed):
    fence = re.search(r"````yaml[^\n]*\n(.*?)````", Path(seed).read_text(), re.DOTALL).group(1)
    old = schemas(json.loads(Path(legacy).read_text()))
    extract = {
        "newest": schemas(json.loads(Path(newest).read_text())),
        "legacy": {name: without_object_defaults(old[name]) for name in LEGACY_NAMES},
        "seed": schemas(yaml.safe_load(fence)),
    }
    json.dump(extract, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
