"""Heuristics as an editor writes them: saved, renamed, restored, removed and put back."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.project.rules import editing, rule_standing, rules


def function(source: str) -> dict[str, Any]:
    return {"kind": "function", "source": source}


def rule(word: str) -> dict[str, Any]:
    return function(f'def late(record):\n    return "A" if {word!r} in record["text"] else None\n')


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    texts = ["late parcel", "late again", "the pump leaks", "thanks"]
    project.add([{"id": f"r{n}", "text": text} for n, text in enumerate(texts)], key="id")
    return project.task("topic", ["A", "B"], on="text")


def votes(topic: rn.Task, name: str = "late") -> list[int]:
    columns = topic.project.columns.of_task(topic.schema, enabled_only=False)
    return list(columns[name].record.tolist())


def test_what_is_saved_is_a_heuristic_of_the_task(topic: rn.Task) -> None:
    row = editing.save(topic, "late", rule("late"))
    assert list(topic.heuristics()["heuristic"]) == ["late"]
    again = editing.save(topic, "late", rule("late"), heuristic=row.id, base=row.version)
    assert again.version == row.version
    changed = editing.save(topic, "late", rule("parcel"), heuristic=row.id, base=row.version)
    assert (changed.id, changed.version != row.version) == (row.id, True)


def test_a_rule_of_a_cell_saved_unchanged_is_the_same_version(topic: rn.Task) -> None:
    @topic.heuristic
    def late(record: Any) -> Any:
        return "A" if "late" in record["text"] else None

    row = rules.row(topic, "late")
    saved = editing.save(topic, "late", row.spec, heuristic=row.id, base=row.version)
    assert saved.version == row.version


def test_an_older_base_is_refused_and_nothing_changes(topic: rn.Task) -> None:
    row = editing.save(topic, "late", rule("late"))
    editing.save(topic, "late", rule("parcel"), heuristic=row.id, base=row.version)
    with pytest.raises(editing.ChangedElsewhere):
        editing.save(topic, "late", rule("mine"), heuristic=row.id, base=row.version)
    assert len(topic.versions("late")) == 2


@pytest.mark.parametrize(
    ("name", "spec", "said"),
    [
        ("late", rule("late"), "already"),
        ("other", function("def other(record):\n    return x"), "not defined"),
        ("other", {"kind": "regex", "label": "A", "pattern": "("}, "not a regular expression"),
        ("other", {"kind": "lookup", "label": "A", "terms": []}, "empty"),
        ("other", {"kind": "nonsense"}, "no heuristic kind"),
    ],
)
def test_what_makes_no_heuristic_is_refused(
    topic: rn.Task, name: str, spec: dict[str, Any], said: str
) -> None:
    editing.save(topic, "late", rule("late"))
    with pytest.raises(HeuristicError, match=said):
        editing.save(topic, name, spec)
    with pytest.raises(SchemaError):
        editing.save(topic, " ", rule("late"))
    assert list(topic.heuristics()["heuristic"]) == ["late"]


def test_a_renamed_rule_keeps_versions_and_votes(topic: rn.Task) -> None:
    row = editing.save(topic, "late", rule("late"))
    topic.run(progress=False)
    renamed = editing.save(topic, "tardy", rule("late"), heuristic=row.id, base=row.version)
    assert (renamed.id, renamed.version) == (row.id, row.version)
    assert votes(topic, "tardy") == [1, 2]
    lookup = editing.save(topic, "words", {"kind": "lookup", "label": "A", "terms": ["late"]})
    editing.rename(topic, "words", "terms")
    topic.add(rn.Lookup("A", ["late"], name="terms"))
    assert rules.row(topic, "terms").version == lookup.version
    with pytest.raises(HeuristicError, match="already"):
        editing.rename(topic, "terms", "tardy")


def test_what_cannot_be_saved_is_not_renamed_either(topic: rn.Task) -> None:
    row = editing.save(topic, "words", {"kind": "lookup", "label": "A", "terms": ["late"]})
    with pytest.raises(SchemaError):
        editing.save(
            topic, "other", {"kind": "lookup", "label": "C", "terms": ["late"]}, heuristic=row.id
        )
    assert list(topic.heuristics()["heuristic"]) == ["words"]


def test_a_restored_version_brings_its_votes(topic: rn.Task) -> None:
    first = editing.save(topic, "late", rule("late"))
    topic.run(progress=False)
    editing.save(topic, "late", rule("leaks"), heuristic=first.id)
    topic.run(progress=False)
    assert votes(topic) == [3]
    restored = editing.restore(topic, "late", first.version)
    assert restored.version > first.version
    assert restored.state == "finished"
    assert votes(topic) == [1, 2]
    assert list(topic.run(progress=False)["state"]) == ["unchanged"]
    # A record that came since is run, and no other.
    topic.project.add([{"id": "r9", "text": "late, too"}])
    assert list(topic.run(progress=False)["records"]) == [1]
    assert votes(topic) == [1, 2, 5]
    with pytest.raises(HeuristicError, match="no version 999"):
        editing.restore(topic, "late", 999)


def test_a_removed_rule_comes_back_whole(topic: rn.Task) -> None:
    row = editing.save(topic, "late", rule("late"))
    topic.run(progress=False)
    editing.save(topic, "late", rule("leaks"), heuristic=row.id)
    topic.enable("late", False)
    taken = editing.remove(topic, "late")
    assert topic.heuristics().empty
    # Its ids have been given away meanwhile, and votes were read under them.
    editing.save(topic, "other", rule("thanks"))
    topic.run(progress=False)
    assert votes(topic, "other") == [4]
    editing.put_back(topic, taken)
    assert len(topic.versions("late")) == 2
    assert not rules.row(topic, "late").enabled
    assert votes(topic) == []
    assert votes(topic, "other") == [4]
    old = topic.versions("late")["version"].iloc[0]
    editing.restore(topic, "late", int(old))
    assert votes(topic) == [1, 2]
    with pytest.raises(HeuristicError, match="again"):
        editing.put_back(topic, taken)


def test_a_new_rule_does_not_inherit_the_votes_of_a_removed_one(topic: rn.Task) -> None:
    """H4: ids are given again, and vote columns are kept in memory by id."""
    editing.save(topic, "late", rule("late"))
    topic.run(progress=False)
    assert votes(topic) == [1, 2]
    topic.remove("late")
    editing.save(topic, "late", rule("leaks"))
    topic.run(progress=False)
    assert votes(topic) == [3]


def test_a_free_name(topic: rn.Task) -> None:
    assert editing.free_name(topic, "late") == "late"
    for name in ("late", "late_2"):
        editing.save(topic, name, rule("late"))
    assert editing.free_name(topic, "late") == editing.free_name(topic, "late_2") == "late_3"


@pytest.mark.parametrize("kind", ["classification", "spans"])
def test_the_template_is_a_heuristic_that_runs(project: rn.Project, kind: str) -> None:
    project.add([{"id": "1", "a \"b'": "Some Text"}], key="id")
    task = project.task("t", ["it's", "B"], on="a \"b'", kind=kind)
    editing.save(task, "new_rule", function(editing.template(task)))
    assert list(task.run(progress=False)["state"]) == ["finished"]


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("late", rule("late")),
        (
            "an odd name",
            function(
                "import re\n\n\ndef _x(t):\n    return t\n\n\ndef late(record):\n    return 'B'\n"
            ),
        ),
        ("r", {"kind": "regex", "label": "A", "pattern": r'"la\w+', "case": False, "group": 0}),
        ("w", {"kind": "lookup", "label": "B", "terms": ["late", 'a "b"'], "plural": True}),
    ],
)
def test_the_cell_makes_the_same_heuristic(
    topic: rn.Task, name: str, spec: dict[str, Any], tmp_path: Any
) -> None:
    saved = editing.save(topic, name, spec)
    code = editing.as_cell(topic, editing.made(spec, name))
    # In a file, as the source of a function is looked for where it stands.
    file = tmp_path / "cell.py"
    file.write_text(code)
    topic.remove(name)
    exec(compile(code, str(file), "exec"), {"topic": topic, "rn": rn})
    row = rules.row(topic, name)
    assert row.spec.get("label") == saved.spec.get("label")
    run = {key: value for key, value in row.spec.items() if key not in ("lines", "source")}
    assert run == {k: v for k, v in saved.spec.items() if k not in ("lines", "source")}


def test_how_rules_stand(topic: rn.Task) -> None:
    topic.label("r0", "A")
    topic.label("r1", "B")
    topic.label("r3", rn.NONE)
    editing.save(topic, "late", rule("late"))
    editing.save(topic, "words", {"kind": "lookup", "label": "B", "terms": ["again", "leaks"]})
    editing.save(topic, "off", rule("thanks"))
    topic.run(progress=False)
    topic.enable("off", False)
    editing.save(topic, "fresh", rule("fresh"))
    found, records, labelled = rule_standing.standings(topic)
    assert (records, labelled) == (4, 3)
    late, words, off, fresh = found
    assert late.measure is not None
    assert words.measure is not None
    assert off.measure is not None
    assert (late.measure.covered, late.measure.correct, late.measure.incorrect) == (2, 1, 1)
    assert late.measure.precision == 0.5
    assert late.measure.low is not None
    assert late.measure.high is not None
    assert late.measure.low < 0.5 < late.measure.high
    assert (late.conflicts, words.conflicts, off.conflicts) == (1, 1, None)
    assert (words.measure.correct, words.measure.incorrect) == (1, 0)
    assert (off.measure.covered, off.measure.precision) == (1, 0.0)
    assert fresh.measure is None
    assert (late.state, fresh.state) == ("finished", "new")
    topic.project.add([{"id": "r9", "text": "x"}])
    assert rule_standing.standings(topic)[0][0].state == "outdated"


def test_what_a_change_did(topic: rn.Task) -> None:
    topic.label("r0", "A")
    topic.label("r2", "B")
    row = editing.save(topic, "late", rule("late"))
    assert rule_standing.change(topic, "late") is None
    topic.run(progress=False)
    assert rule_standing.change(topic, "late") is None
    editing.save(topic, "late", rule("p"), heuristic=row.id)
    topic.run(progress=False)
    change = rule_standing.change(topic, "late")
    assert change is not None
    assert (change.before.covered, change.after.covered) == (2, 2)
    assert (change.gained, change.lost, change.flipped) == (1, 1, 0)
    assert (change.before.precision, change.after.precision) == (1.0, 0.5)
    back = rule_standing.change(topic, "late", change.new, change.old)
    assert back is not None
    assert back.before == change.after
    with pytest.raises(HeuristicError, match="no version"):
        rule_standing.change(topic, "late", 99)


def test_spans_are_counted_in_tokens_and_records(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "Ann met Bob"}, {"id": "2", "text": "no one"}], key="id")
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.label("1", [(0, 3, "PER")])
    names.add(rn.Regex("PER", r"[A-Z]\w+", name="caps"))
    names.run(progress=False)
    ((standing,), _, _) = rule_standing.standings(names)
    assert standing.measure is not None
    assert (standing.measure.covered, standing.measure.hits) == (1, 2)
    assert (standing.measure.correct, standing.measure.incorrect) == (1, 1)
