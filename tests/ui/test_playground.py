"""Stories of the Playground in a real JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Locator, expect

import refinery_nb as rn
from tests.net.server import Asked, Reply, chat, fails, says
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

# The descriptions and an embedding are a model of their own: nothing is downloaded.
BY_MEANING = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": "a", "headline": "The team won the final match"}},
             {{"id": "b", "headline": "<img src=x onerror=alert(1)> shares and profits"}},
             {{"id": "c", "headline": "A parcel of the post came late"}}] * 1, key="id")
topic = project.task("topic", {{"Sports": "#2b8a3e", "Business": "#1971c2", "Post": "#e8590c"}},
                     on="headline")
topic.label("a", "Sports")
_ = project.embed("headline", progress=False)
rn.Playground(topic, rn.ZeroShot("headline", name="meaning", descriptions={{
    "Sports": "team match final", "Business": "shares profits", "Post": "a parcel of the post"}}))
"""
ASKING = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": "a", "query": "good  pizza near 💩 Rome"}}], key="id")
names = project.task("names", ["DISH", "PLACE"], on="query", kind="spans", guideline="Food.")
names.add(rn.LLM("query", model="tiny", endpoint={url!r}, price=(1, 2), retries=0, name="llm"))
rn.Playground(names)
"""


def playground(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("playground")
    expect(found).to_have_attribute("data-connection", "ready")
    return found


def test_from_a_text_to_a_heuristic_by_keyboard(open_notebook: OpenNotebook) -> None:
    """Take a record, see confidences beside what people say, change a label, keep it, run it."""
    notebook = open_notebook(BY_MEANING.format(name="meaning"), "topic.run(progress=False)")
    notebook.run(0)
    found, keyboard = playground(notebook), notebook.page.keyboard
    found.focus()
    keyboard.press("n")
    expect(found.get_by_test_id("record")).to_have_attribute("data-key", "a")
    vote = found.get_by_test_id("vote")
    expect(vote).to_have_text("Sports, as people say")
    expect(found.get_by_test_id("shares").locator("li")).to_have_count(3)
    keyboard.press("n")
    expect(vote).to_have_attribute("data-vote", "Business")
    # A text is only ever text.
    assert "<img" in found.get_by_test_id("text").input_value()
    keyboard.press("e")
    expect(found.get_by_test_id("text")).to_be_focused()
    keyboard.press("Control+a")
    keyboard.type("a late parcel")
    expect(vote).to_have_attribute("data-vote", "Post")
    keyboard.press("Escape")
    expect(found).to_be_focused()
    keyboard.press("p")
    expect(found.get_by_test_id("words")).to_contain_text("a parcel of the post")
    labels = found.get_by_test_id("labels")
    labels.fill("Post, Weather")
    expect(found.locator("[data-label=Weather]")).to_be_visible()
    # A label that the task lacks can be looked at, and not be kept.
    expect(found).to_contain_text("Not in the task: Weather.")
    expect(found.get_by_test_id("keep")).to_have_count(0)
    labels.fill("Post, Sports")
    expect(found.get_by_test_id("shares").locator("li")).to_have_count(2)
    found.get_by_test_id("keep").click()
    expect(found.get_by_test_id("live")).to_contain_text("meaning is in the task")
    expect(found.get_by_test_id("answer")).to_have_attribute("data-stale", "false")
    notebook.run(1)
    assert "finished" in notebook.output(1)
    with rn.open(notebook.server.root / "meaning", by="ann") as project:
        topic = project.task("topic")
        assert topic.versions("meaning")["source"][0]["labels"] == ["Post", "Sports"]
        assert project.where(topic.voted("Post", heuristic="meaning")).keys() == ["c"]


def test_an_endpoint_is_asked_once_and_its_faults_are_told(open_notebook: OpenNotebook) -> None:
    spans = [("good pizza", "DISH"), ("Rome", "PLACE"), ("Paris", "PLACE")]

    def answer(asked: Asked) -> Reply:
        if "down" in asked.text:
            return fails(503, "<b>overloaded</b>")
        told = [{"quote": q, "label": name, "occurrence": None} for q, name in spans]
        return says({"spans": told})

    with chat(answer) as server:
        notebook = open_notebook(ASKING.format(name="asking", url=server.url))
        notebook.run(0)
        found, page = playground(notebook), notebook.page
        found.get_by_test_id("next").click()
        expect(found.get_by_test_id("record")).to_have_attribute("data-key", "a")
        # It costs: nothing is asked before somebody says so.
        assert server.requests == []
        found.get_by_test_id("text").focus()
        page.keyboard.press("Control+Enter")
        marked = found.get_by_test_id("marked")
        expect(marked.locator("[data-labels=DISH]")).to_have_text("good  pizzaDISH")
        expect(marked.locator("[data-labels=PLACE]")).to_have_text("RomePLACE")
        expect(found.get_by_test_id("no-vote")).to_contain_text("'Paris' does not stand in")
        cost = found.get_by_test_id("cost")
        expect(cost).to_have_text("100 + 10 tokens · cost 0.00012")
        found.get_by_test_id("ask").click()
        expect(cost).to_contain_text("known already")
        assert len(server.requests) == 1
        found.locator("summary").click()
        words = found.get_by_test_id("words")
        expect(words).to_contain_text("Food.")
        expect(words).to_contain_text(json.dumps("Paris"))
        found.get_by_test_id("text").fill("down")
        expect(found.get_by_test_id("answer")).to_have_attribute("data-stale", "true")
        page.keyboard.press("Control+Enter")
        expect(found.get_by_test_id("banner-fault")).to_contain_text("503: <b>overloaded</b>")
        # What the notebook keeps says nothing of texts or addresses.
        page.evaluate("async () => window.jupyterapp.commands.execute('docmanager:save')")
        saved = next(notebook.server.root.glob("test_an_endpoint*.ipynb")).read_text()
        outputs = json.dumps([cell["outputs"] for cell in json.loads(saved)["cells"]])
        assert "pizza" not in outputs


def test_without_a_model_it_says_what_to_do(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        BY_MEANING.format(name="bare").split("rn.Playground")[0] + "rn.Playground(topic)",
        'topic.add(rn.ZeroShot("headline", name="late"))',
    )
    notebook.run(0)
    found = playground(notebook)
    expect(found.get_by_test_id("empty")).to_contain_text("rn.ZeroShot")
    notebook.run(1)
    expect(found.get_by_test_id("subject")).to_have_text("late")
