"""Stories of learning while labeling, in a real JupyterLab."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from refinery_nb.widgets.labeler.session import STAY
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import numpy as np, refinery_nb as rn
project = rn.open("learnt", by="ann")
words = {"Sports": "goal match team score coach", "Business": "shares profit market bank deal"}
chance = np.random.default_rng(0)
rows = []
for n in range(300):
    kind = ["Sports", "Business"][n % 2]
    text = " ".join([*chance.choice(words[kind].split(), 3), f"word{chance.integers(40)}"])
    rows.append({"id": f"r{n:03d}", "text": text})
project.add(rows, key="id")
topic = project.task("topic", ["Sports", "Business"], on="text")
topic.add(rn.ActiveLearner("text", min_confidence=0.0))
project.learning.pause()
rn.Labeler(topic)
"""
ASK = """
import json
project.learning.resume()
assert project.learning.wait(60)
votes = project.columns.of_task(topic.schema)["learner"]
print(json.dumps([topic.queue("mixed", n=8).keys(), len(votes)]))
"""


def shown(labeler: Locator) -> str:
    """Return the key of the record that is shown, once it is there."""
    expect(labeler).to_have_attribute("data-record", re.compile(r"^r\d"))
    return labeler.get_attribute("data-record") or ""


def test_the_queue_follows_what_is_learnt_while_a_person_labels(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(PROJECT, ASK)
    notebook.run(0)
    found = notebook.page.get_by_test_id("labeler").first
    expect(found.get_by_test_id("record")).to_be_visible()
    order = found.get_by_test_id("order")
    expect(order).to_have_value("view")
    order.select_option("mixed")
    # The order is that of the kernel once another record than the first is shown.
    expect(found).to_have_attribute("data-record", re.compile(r"^r(?!000)"))
    expect(found).to_have_attribute("data-position", "0")
    found.focus()
    for number in range(12):
        expect(found).to_have_attribute("data-position", str(number))
        key = shown(found)
        notebook.page.keyboard.press("1" if int(key[1:]) % 2 == 0 else "2")
    expect(found).to_have_attribute("data-position", "12")
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "12")
    looked_at = shown(found)
    notebook.run(1)
    best, votes = json.loads(notebook.output(1))
    assert votes > 250
    # What is learnt has come to the front end: the learner suggests something.
    expect(found.locator("[data-suggested=true]")).to_be_visible()
    # What is looked at has not been taken away; behind what stays, the best comes next.
    expect(found).to_have_attribute("data-record", looked_at)
    found.focus()
    for number in range(STAY + 1):
        notebook.page.keyboard.press("ArrowRight")
        expect(found).to_have_attribute("data-position", str(13 + number))
    assert shown(found) in best
