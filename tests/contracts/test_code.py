"""Rules of the house that a program can check: sizes, names, layers, and routes that match the published table."""

import ast
import tomllib
from pathlib import Path

import pytest

from recto.api.openapi import OPERATIONS
from recto.api.routes import extract, jobs, parse, pipeline, pipelines, portal, service, uploads, webhooks

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "recto"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines_of(function):
    """From its first decorator to its end."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return function.end_lineno - first + 1


def test_there_is_a_package():
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_modules_and_functions_stay_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    long = {one.name: lines_of(one) for one in functions(ast.parse(text)) if lines_of(one) > LONGEST_FUNCTION}
    assert long == {}


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_says_where_it_stands(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) or not tree.body, "only an empty module has no docstring"


def test_no_module_has_a_name_that_says_nothing():
    named = {part for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert not named & NAMELESS


def test_every_top_level_name_has_a_layer_and_every_layer_a_name():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one for one in contracts if one["type"] == "layers"]
    assert layers["exhaustive"] is True
    placed = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    there = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    there |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert placed == there


def test_every_published_operation_is_served_and_no_other():
    """Paths of our own (/recto/...) and of operations (probes, signed links) are beside the contract."""
    beside = {("get", "/health"), ("get", "/ready")}
    served = set()
    for module in (extract, jobs, parse, pipeline, pipelines, portal, service, uploads, webhooks):
        for route in module.router.routes:
            path = route.path.replace(":path}", "}")
            served |= {
                (method.lower(), path) for method in route.methods if method not in {"HEAD", "OPTIONS"}
            }
    served = {(method, path) for method, path in served if not path.startswith("/recto/")} - beside
    published = {(operation.method, operation.path) for operation in OPERATIONS}
    assert served - published == set()
    assert published - served == set()


@pytest.mark.parametrize(
    ("source", "length"), [("def f():\n    pass\n", 2), ("@a\n@b\ndef f():\n    pass\n", 4)]
)
def test_the_measure_counts_decorators(source, length):
    (function,) = functions(ast.parse(source))
    assert lines_of(function) == length
