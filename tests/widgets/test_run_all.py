"""Run All in a fresh kernel, without a browser; and the page that nbconvert makes of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter

CELLS = [
    """
import refinery_nb as rn
from refinery_nb import samples
project = rn.open(by="ann")
project.add(samples.path("messages.jsonl"), key="id")
topic = project.task("topic", ["Delivery", "Refund", "<b>Other</b>"], on="text")
topic.label_many({f"m{n:04d}": ["Delivery", "Refund"][n % 2] for n in range(1, 31)})
topic.label_many({f"m{n:04d}": "Delivery" for n in range(1, 9)}, by="ben")
topic.add(rn.Lookup("Delivery", ["parcel", "courier"]))
topic.add(rn.Lookup("Refund", ["refund", "money back"]))

@topic.heuristic
def asks(record):
    return "Refund" if record["stars"] < 3 else None

_ = topic.run(progress=False)
""",
    "weak = topic.supervise(model='weighted')\nweak",
    "topic.runs()",
    "weak.calibration()",
    "weak.threshold(precision=.3)",
    "topic.suggest(3, min_precision=.3)",
    "rn.Labeler(topic)",
    "rn.HeuristicEditor(topic)",
    "rn.ConfusionMatrix(topic)",
    "rn.Quality(topic)",
    "rn.charts.label_distribution(topic)",
    "rn.Browser(topic)",
    "rn.Overview(topic)",
]
SHOWN = {
    1: "Mean confidence",
    2: "runs[0]",
    3: "Calibration error",
    4: "Records that remain",
    5: "Precision, 90 % interval",
    6: "more records are in the queue",
    7: "lookup:Delivery",
    8: "Manual labels",
    9: "calibration error",
    10: "How often each label of topic is given",
    11: "run the cell in Jupyter to look through them",
    12: "30 of 600 records labelled (5%)",
}
TIMES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def run_all(folder: Path) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in CELLS])
    # No front end answers: a widget that waited for one would end in the timeout. Without the
    # widgets' state, as JupyterLab saves: with it, nbconvert takes the widgets, and needs scripts.
    client = nbclient.NotebookClient(
        notebook,
        timeout=120,
        store_widget_state=False,
        resources={"metadata": {"path": folder}},
    )
    return client.execute()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    return run_all(tmp_path_factory.mktemp("first"))


def pictures(notebook: nbformat.NotebookNode) -> list[str]:
    """The HTML that stands where no JavaScript runs, without the times in it."""
    return [
        TIMES.sub("then", output["data"]["text/html"])
        for cell in notebook.cells
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]


def test_run_all_waits_for_no_front_end_and_each_cell_shows_something(
    notebook: nbformat.NotebookNode,
) -> None:
    """D9."""
    for number, wanted in SHOWN.items():
        (output,) = notebook.cells[number].outputs
        assert wanted in output["data"]["text/html"], CELLS[number]


def test_run_all_shows_the_same_again(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    """D9: but for the time, what is shown is the same in another kernel."""
    assert pictures(run_all(tmp_path)) == pictures(notebook)


def test_the_page_without_javascript_holds_it_all_and_makes_nothing_of_names(
    notebook: nbformat.NotebookNode,
) -> None:
    """D13, J2, J3."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    seen: list[str] = []
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)

        def handle_data(self, data: str) -> None:
            seen.append(data)

    Reader().feed(body)
    text = "".join(seen)
    for wanted in (*SHOWN.values(), "<b>Other</b>", "asks"):
        assert wanted in text, wanted
    assert "table" in tags
