"""The wheel, not the tree: built, opened, installed elsewhere, and used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "refinery_nb" / "static"
NEEDED = [
    "refinery_nb/static/labeler.js",
    "refinery_nb/static/labeler.css",
    "refinery_nb/static/heuristic_editor.js",
    "refinery_nb/static/heuristic_editor.css",
    "refinery_nb/static/overview.js",
    "refinery_nb/static/overview.css",
    "refinery_nb/static/playground.js",
    "refinery_nb/static/playground.css",
    "refinery_nb/static/similar_editor.js",
    "refinery_nb/static/similar_editor.css",
    "refinery_nb/static/workbench.js",
    "refinery_nb/static/workbench.css",
    "refinery_nb/static/code.part.js",
    "refinery_nb/static/comments.part.js",
    "refinery_nb/static/guideline.part.js",
    "refinery_nb/static/language.part.js",
    "refinery_nb/samples/messages.jsonl",
    *(f"refinery_nb/samples/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")),
    *(f"refinery_nb/samples/images/{p.name}" for p in (ROOT / "notebooks/images").glob("*.png")),
    "refinery_nb/py.typed",
]


def copy(target: Path, *without: str) -> Path:
    """Copy what is needed to build, but for folders of these names."""
    for one in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        shutil.copy(ROOT / one, target / one)
    ignore = shutil.ignore_patterns("__pycache__", *without)
    shutil.copytree(ROOT / "refinery_nb", target / "refinery_nb", ignore=ignore)
    shutil.copytree(ROOT / "jupyter-config", target / "jupyter-config")
    (target / "js").mkdir()
    shutil.copy(ROOT / "js/install.json", target / "js")
    shutil.copytree(ROOT / "notebooks", target / "notebooks")
    return target


def build(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(tree)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (STATIC / "labeler.js").exists():
        pytest.skip("refinery_nb/static/labeler.js is not built: run make setup")
    tree = copy(tmp_path_factory.mktemp("tree"))
    told = build(tree)
    assert told.returncode == 0, told.stdout + told.stderr
    (found,) = (tree / "dist").glob("*.whl")
    return found


def test_the_wheel_holds_what_is_needed_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(n for n in names if n.endswith("METADATA"))
        head = archive.read(metadata).decode()
    assert [one for one in NEEDED if one not in names] == []
    assert any(one.endswith("licenses/LICENSE") for one in names)
    extension = "data/share/jupyter/labextensions/refinery-nb/"
    shared = [one.split(extension)[1] for one in names if extension in one]
    assert {"install.json", "package.json", "schemas/refinery-nb/plugin.json"} <= set(shared)
    assert any(one.startswith("static/remoteEntry.") for one in shared)
    with zipfile.ZipFile(wheel) as archive:
        licences = next(one for one in names if one.endswith("static/third-party-licenses.json"))
        bundled = [one["name"] for one in json.loads(archive.read(licences))["packages"]]
    # JupyterLab's own packages are those of the page.
    assert not [one for one in bundled if one.startswith(("@jupyterlab", "@lumino"))]
    assert not [one for one in names if one.startswith("refinery_nb/labextension")]
    server = "data/etc/jupyter/jupyter_server_config.d/refinery_nb.json"
    assert any(one.endswith(server) for one in names)
    assert not [one for one in names if one.startswith(("tests", "js", "notebooks"))]
    assert "Provides-Extra: models" in head
    core = [
        line
        for line in head.splitlines()
        if line.startswith("Requires-Dist") and "extra" not in line
    ]
    assert not [line for line in core if "torch" in line or "transformers" in line]


def test_the_wheel_works_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    # Its dependencies come from here; the package itself must not.
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(site),
            str(wheel),
        ],
        check=True,
    )
    code = (
        "import refinery_nb as rn, pathlib; from refinery_nb import samples;"
        "root = pathlib.Path(rn.__file__).parent; print(root);"
        "assert (root / 'static' / 'labeler.js').stat().st_size > 10_000;"
        "project = rn.open(); project.add(samples.path('messages.jsonl'), key='id');"
        "rn.Labeler(project.task('t', ['A'], on='text')); print(len(project))"
    )
    told = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [str(site / "refinery_nb"), "600"]
    for arguments, said in (
        (["--version"], "refinery-nb 0.1.0"),
        (["demo", "--no-start"], "refinery-demo"),
    ):
        told = subprocess.run(
            [str(python), "-m", "refinery_nb.cli", *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert said in told.stdout
    assert (tmp_path / "refinery-demo" / "01_first_labels.ipynb").exists()
    assert (tmp_path / "refinery-demo" / "sample-project" / "project.db").exists()
    assert (tmp_path / "refinery-demo" / "images" / "labeler.png").exists()


@pytest.mark.parametrize("without", ["static", "labextension"])
def test_a_wheel_without_the_front_end_is_not_built(tmp_path: Path, without: str) -> None:
    if without == "labextension" and not (STATIC / "labeler.js").exists():
        pytest.skip("refinery_nb/static/labeler.js is not built: run make setup")
    told = build(copy(tmp_path, without))
    assert told.returncode != 0
    assert "run `make setup` first" in told.stdout + told.stderr
