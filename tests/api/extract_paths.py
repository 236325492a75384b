"""Make vendor_paths.json: what the published contract says of each path, without a word of its prose.

    python tests/api/extract_paths.py NEWEST.json SEED.md > tests/api/vendor_paths.json

NEWEST is an OpenAPI file, SEED a Markdown page with an OpenAPI fragment in a YAML fence. Kept are paths, methods,
operation ids, parameters, the schemas of bodies by content type, statuses and security; summaries and
descriptions go. The mark `deprecated` goes too: the pipeline calls are first-class here.
"""

import json
import re
import sys
from pathlib import Path

import yaml

WORDS = {"title", "description", "summary", "example", "examples", "deprecated"}


def structure(value):
    """The value without prose, in one order of parameters."""
    if isinstance(value, dict):
        return {key: structure(inner) for key, inner in value.items() if key not in WORDS}
    if isinstance(value, list):
        return [structure(inner) for inner in value]
    return value


def paths(openapi):
    """Every operation's structure by path and method."""
    return {
        path: {method: structure(operation) for method, operation in methods.items()}
        for path, methods in sorted(openapi["paths"].items())
    }


def main(newest, seed):
    fence = re.search(r"````yaml[^\n]*\n(.*?)````", Path(seed).read_text(), re.DOTALL).group(1)
    extract = {"newest": paths(json.loads(Path(newest).read_text())), "seed": paths(yaml.safe_load(fence))}
    json.dump(extract, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
