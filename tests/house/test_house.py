"""The rules of the house, checked instead of remembered."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import refinery_nb as rn

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "refinery_nb"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = [
    "ipywidgets",
    "anywidget",
    "IPython",
    "spacy",
    "torch",
    "transformers",
    "plotly",
    "qdrant_client",
    "qdrant_edge",
    "pandas",
    "sklearn",
]
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
# They parse and compile the source of a heuristic that the user wrote; it runs in the child.
MAY_COMPILE = {
    "heuristics/function.py",
    "heuristics/capture.py",
    "heuristics/cell.py",
    "heuristics/learning.py",
}
SQL = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA)\s+[A-Za-z(*]")


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tracked() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    return [ROOT / one for one in found if one and (ROOT / one).is_file()]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_has_one_noun_and_at_most_400_lines(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (380 if name(path) == "project/project.py" else 400)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not PICKLES & {one.split(".")[0] for one in names}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            allowed = name(path) in MAY_COMPILE
            assert allowed or node.func.id not in ("eval", "exec", "compile"), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_the_store_speaks_sql(path: Path) -> None:
    if name(path).startswith("store/"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not SQL.match(node.value), node.lineno


def test_public_names_are_complete_and_sorted() -> None:
    # Constants, then classes, then functions, as ruff sorts them.
    ranked = sorted(rn.__all__, key=lambda n: (not n.isupper(), n[0].islower(), n))
    assert ranked == rn.__all__
    for one in rn.__all__:
        found = getattr(rn, one)
        assert one == "NONE" or inspect.getdoc(found), one
    with pytest.raises(AttributeError):
        rn.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, refinery_nb; print([m for m in {HEAVY!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def readme_example() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(code)


def test_the_readme_example_is_short_and_runs_without_torch(tmp_path: Path) -> None:
    code = readme_example()
    assert len([line for line in code.splitlines() if line.strip()]) <= 27
    script = tmp_path / "example.py"
    block = "import sys\nfor m in ('torch', 'transformers'): sys.modules[m] = None\n"
    script.write_text(block + code + "\nassert hard.keys() == ['a', 'c'], hard.keys()\n")
    told = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "Delivery" in told.stdout


def test_no_path_of_a_machine_and_no_registry_is_in_the_project() -> None:
    bad = re.compile(r"/(?:work|root|home/\w+|Users/\w+)/\w|registry\.npmjs|pypi\.org|file:///")
    for path in tracked():
        if path.suffix in (".png", ".ico") or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not bad.search(text), path
