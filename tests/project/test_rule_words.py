"""What heuristics that nobody writes by hand do, in words."""

from __future__ import annotations

import refinery_nb as rn
from refinery_nb.project.rules import rules
from refinery_nb.project.rules.rule_words import in_words


def test_each_kind_says_what_it_does(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "late"}], key="id")
    topic = project.task("topic", ["A"], on="text")
    project.lookups["words"] = ["late"]
    topic.add(rn.Lookup("A", project.lookups["words"], name="list", plural=True))
    topic.add(rn.Annotator("ben", name="ben", confidence=0.5))
    topic.add(rn.Imported({"1": "A"}, name="old"))
    topic.rule_from(project.where(topic.voted("A", heuristic="list")), "A", "view")
    told = {row.name: in_words(row.spec) for row in rules.rows(topic)}
    assert told["list"].startswith("Votes A where a term of the lookup list 'words' occurs")
    assert "plurals too" in told["list"]
    assert "project.lookups['words']" in told["list"]
    assert told["ben"] == "Votes what ben labels, at 0.5."
    assert told["old"] == "Votes as was said elsewhere: dict."
    assert told["view"] == "Votes A on the records of a view:\nlist votes A"


def test_a_kind_that_is_not_known_is_told_without_its_hashes() -> None:
    spec = {"kind": "llm", "name": "x", "identity": "ab12", "prompt": "Which?", "seed": None}
    assert in_words(spec) == "prompt: Which?"
