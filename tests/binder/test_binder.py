"""What Binder builds: small enough, without torch, with a sample project; and the way out of it."""

from __future__ import annotations

import base64
import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

import refinery_nb as rn

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
ASKED = "REFINERY_NB_TEST_BINDER"
MEMORY = 2048  # MiB of a session on mybinder.org


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"binder_{name}", BINDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def held(link: str) -> list[str]:
    """Return the lines of the file that a link downloads."""
    (content,) = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', link)
    return base64.b64decode(content).decode("utf-8").splitlines()


def test_the_sample_project_has_vectors_labels_rules_and_weak_labels(tmp_path: Path) -> None:
    module("sample").make(tmp_path / "support")
    with rn.open(tmp_path / "support") as project:
        topic = project.task("topic")
        assert len(project) == 600
        assert len(project.embeddings) == 1
        assert topic.progress() == (60, 600)
        assert len(topic.runs()) == 1
        assert len(topic.queue()) == 540


def test_the_link_downloads_the_labels_as_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    downloads = module("downloads")
    project = rn.open(by="ann")
    project.add([{"id": "a", "text": "Late"}, {"id": "<b>", "text": "Broken"}], key="id")
    topic = project.task("a&b", ["Delivery", "Defect"], on="text")
    shown: list[str] = []

    class Handle:
        def update(self, html: object) -> None:
            shown.append(html.data)  # type: ignore[attr-defined]

    def display(html: object, display_id: bool) -> Handle:
        handle = Handle()
        handle.update(html)
        return handle

    monkeypatch.setattr(downloads, "display", display)
    downloads.offer(topic)
    assert held(shown[-1]) == ["key,label,by"]
    topic.label("<b>", "Defect")
    assert held(shown[-1]) == ["key,label,by", "<b>,Defect,ann"]
    assert "a&amp;b-labels.csv" in shown[-1]
    topic.undo()
    assert held(shown[-1]) == ["key,label,by"]


def test_the_first_notebook_says_that_the_session_is_temporary() -> None:
    text = (BINDER / "start.ipynb").read_text(encoding="utf-8")
    assert "This session is temporary" in text
    assert '"outputs": []' in text
    assert "offer(topic)" in text


@pytest.mark.skipif(ASKED not in os.environ, reason=f"installs for minutes: set {ASKED}=1")
@pytest.mark.timeout(1800)
def test_binder_builds_and_a_session_fits_into_its_memory() -> None:
    from tests.tools.binder_attempt import attempt

    told = attempt()
    print(told)
    assert f"python={told['python']}" in (BINDER / "environment.yml").read_text()
    assert told["project"]
    assert not {"torch", "transformers"} & told["packages"]
    assert told["session_peak_mib"] < MEMORY
