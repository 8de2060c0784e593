"""Tests of lookup lists: keeping terms, growing, and the rules that follow them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import EncodingError, HeuristicError, InputError, SchemaError
from refinery_nb.core.operation import Operation
from refinery_nb.heuristics import Function, build
from refinery_nb.project.lookups.lookup_list import LookupList
from refinery_nb.project.rules import editing, rules

NASTY = [
    "ends in \\",
    'a "quoted" one',
    "it's",
    "two\nlines",
    "\\n",
    "'''",
    "{x}",
    "nul\0in",
    "É 💩",
]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"text": text} for text in ("Ajax won", "Leeds lost", "rain", "two\nlines \\ it's")]
    )
    return project.task("topic", ["Sports", "Other"], on="text")


def fill(project: rn.Project, *terms: str) -> LookupList:
    project.lookups["teams"] = list(terms)
    return project.lookups["teams"]


def votes(task: rn.Task, name: str) -> list[int]:
    found = task.project.columns.of_task(task.schema)[name]
    return [int(record) for record in found.record]


def state(task: rn.Task, name: str) -> str:
    frame = task.heuristics().set_index("heuristic")
    return str(frame.loc[name, "state"])


# The list


def test_a_list_is_a_collection_of_its_terms_in_their_order(project: rn.Project) -> None:
    teams = fill(project, "Leeds", "Ajax")
    assert list(teams) == ["Leeds", "Ajax"]
    assert "Ajax" in teams
    assert "ajax" not in teams
    assert len(teams) == 2
    assert teams & {"Ajax", "Lyon"} == {"Ajax"}
    assert list(project.lookups) == ["teams"]
    assert "teams" in project.lookups


def test_pasted_lines_become_terms_and_the_report_says_what_was_left_out(
    project: rn.Project,
) -> None:
    teams = fill(project, "Leeds")
    teams.blacklist("Lyon")
    report = teams.add("  Ajax \r\n\n\t\nLeeds\nLyon\nBrest\nBrest")
    assert list(teams) == ["Leeds", "Ajax", "Brest"]
    assert (report.added, report.duplicates, report.blacklisted, report.blank) == (
        2,
        ("Leeds", "Brest"),
        ("Lyon",),
        2,
    )
    assert repr(report) == (
        "2 added; 2 there already: 'Leeds', 'Brest'; 1 blacklisted: 'Lyon'; 2 blank"
    )


def test_terms_of_any_characters_are_kept_as_they_are(project: rn.Project) -> None:
    """Refinery's bug 4.1-10: a term ending in a backslash broke every rule of the project."""
    teams = fill(project, *NASTY)
    assert list(teams) == NASTY
    assert teams.remove(NASTY[:2]) == 2
    assert list(teams) == NASTY[2:]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_any_text_is_a_term(terms: list[str]) -> None:
    with rn.open() as project:
        kept = list(dict.fromkeys(term.strip() for term in terms if term.strip()))
        assert list(fill(project, *terms)) == kept


@pytest.mark.parametrize("bad", [None, 3, float("nan"), b"x", "lone \ud800", "x" * 10_001])
def test_what_is_no_term_is_refused_by_its_number_and_nothing_is_added(
    project: rn.Project, bad: Any
) -> None:
    with pytest.raises(InputError, match="record 2"):
        project.lookups.add("teams", ["fine", bad])
    assert "teams" not in project.lookups


def test_a_blacklisted_term_is_kept_and_never_comes_back_by_adding(project: rn.Project) -> None:
    teams = fill(project, "Leeds", "Ajax")
    assert teams.blacklist("Ajax") == 1
    assert teams.blacklist("Ajax") == 0
    project.lookups["teams"] = ["Leeds", "Ajax", "Brest"]
    teams.add("Ajax")
    assert list(teams) == ["Leeds", "Brest"]
    assert "Ajax" not in teams
    assert teams.blacklisted == ("Ajax",)
    assert teams.unblacklist("Ajax") == 1
    assert set(teams) == {"Leeds", "Ajax", "Brest"}


def test_setting_a_list_again_changes_nothing_and_says_nothing(project: rn.Project) -> None:
    told: list[object] = []
    teams = fill(project, "Leeds", "Ajax")
    teams.set_comments({"Ajax": "Amsterdam"})
    project.events.subscribe("votes", told.append)
    fill(project, "Leeds", "Ajax")
    assert told == []
    fill(project, "Ajax", "Brest")
    assert list(teams) == ["Ajax", "Brest"]
    assert teams.frame().loc[0, "comment"] == "Amsterdam"


def test_comments_are_no_new_version(project: rn.Project, topic: rn.Task) -> None:
    teams = fill(project, "Ajax")
    topic.add(rn.Lookup("Sports", teams))
    topic.run(progress=False)
    teams.comment = "Clubs, not countries"
    teams.set_comments({"Ajax": "Amsterdam"})
    assert teams.comment == "Clubs, not countries"
    assert state(topic, "lookup:Sports") == "finished"
    with pytest.raises(InputError, match="'Lyon'"):
        teams.set_comments({"Lyon": "?"})


def test_every_change_is_told_by_name(project: rn.Project) -> None:
    told: list[Any] = []
    project.events.subscribe("lookups", lambda event: told.append(event["name"]))
    teams = fill(project, "Ajax")
    told.clear()
    teams.add("Leeds")
    teams.rename("clubs")
    del project.lookups["clubs"]
    assert told == ["teams", "teams", "clubs", "clubs"]


def test_a_list_that_was_deleted_says_so(project: rn.Project) -> None:
    teams = fill(project, "Ajax")
    del project.lookups["teams"]
    with pytest.raises(SchemaError, match="was deleted"):
        list(teams)
    with pytest.raises(SchemaError, match="no lookup list 'teams'"):
        project.lookups["teams"]


def test_names_of_lists_differ_by_more_than_case(project: rn.Project) -> None:
    teams = fill(project, "Ajax")
    project.lookups["towns"] = ["Leeds"]
    with pytest.raises(SchemaError, match="only by case"):
        project.lookups["Teams "] = ["Ajax"]
    with pytest.raises(SchemaError, match="'towns' already"):
        teams.rename("Towns")
    teams.rename("Teams")
    assert list(project.lookups) == ["Teams", "towns"]


def test_a_list_is_shown_without_running_what_is_in_it(project: rn.Project) -> None:
    teams = fill(project, "<b>bold</b>", "Ajax")
    teams.blacklist("Lyon")
    assert repr(teams) == "LookupList 'teams': 2 terms, 1 blacklisted: '<b>bold</b>', 'Ajax'"
    assert "<b>bold" not in teams._repr_html_()
    assert teams.frame().to_dict("records")[2] == {
        "term": "Lyon",
        "blacklisted": True,
        "comment": "",
    }
    assert "teams" in repr(project.lookups)


def test_a_list_outlives_its_process(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p") as project:
        fill(project, *NASTY).blacklist("it's")
    with rn.open(tmp_path / "p") as project:
        assert list(project.lookups["teams"]) == [term for term in NASTY if term != "it's"]


# Files


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_list_written_to_a_file_reads_back_the_same(
    project: rn.Project, tmp_path: Path, suffix: str
) -> None:
    teams = fill(project, *NASTY, 'a,b;"c"')
    teams.blacklist("it's")
    teams.set_comments({"\\n": "no line break,\nthis is"})
    path = teams.write(tmp_path / f"terms{suffix}")
    other = project.lookups.add("other")
    other.read(path)
    assert other.frame().to_dict("records") == teams.frame().to_dict("records")


def test_plain_text_has_a_term_a_line(project: rn.Project, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes("\ufeffAjax\r\n\r\n  Leeds\\ \r\n".encode())
    teams = project.lookups.add("teams")
    assert teams.read(tmp_path / "in.txt").added == 2
    assert list(teams) == ["Ajax", "Leeds\\"]
    assert teams.write(tmp_path / "out.txt").read_text() == "Ajax\nLeeds\\\n"
    teams.add(["two\nlines"])
    with pytest.raises(InputError, match="line break"):
        teams.write(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "Ajax\nLeeds\\\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", 'value\nAjax\n"two\nlines"\n', ["Ajax", "two\nlines"]),
        ("a.csv", "Ajax\n007\n", ["Ajax", "007"]),
        ("a.csv", "id,term,blacklisted\n1,Ajax,false\n2,Lyon,true\n", ["Ajax"]),
        ("a.json", '["Ajax", "007"]', ["Ajax", "007"]),
        ("a.json", '{"name": "x", "terms": [{"value": "Ajax", "comment": null}]}', ["Ajax"]),
    ],
)
def test_lists_of_other_tools_are_read(
    project: rn.Project, tmp_path: Path, name: str, content: str, expected: list[str]
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    teams = project.lookups.add("teams")
    teams.read(tmp_path / name)
    assert list(teams) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id,team\n1,Ajax\n", "no column is called term or value"),
        ("a.csv", b"id,term\n1\n", "record 1: 1 fields"),
        ("a.json", b'["Ajax", 7]', "record 2"),
        ("a.json", b'{"a": 1}', "no list of terms"),
        ("a.json", b"[NaN]", "no JSON"),
        ("a.xml", b"", "suffix '.xml'"),
    ],
)
def test_a_file_that_holds_no_terms_is_refused(
    project: rn.Project, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    teams = project.lookups.add("teams")
    with pytest.raises(InputError, match=message):
        teams.read(tmp_path / name)
    assert len(teams) == 0


def test_a_file_in_another_encoding_is_refused_with_its_line(
    project: rn.Project, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"Ajax\nLi\xe8ge\n")
    teams = project.lookups.add("teams")
    with pytest.raises(EncodingError, match="line 2"):
        teams.read(tmp_path / "a.txt")
    teams.read(tmp_path / "a.txt", encoding="latin-1")
    assert list(teams) == ["Ajax", "Liège"]


# Growing


@pytest.fixture
def names(project: rn.Project, topic: rn.Task) -> rn.Task:
    return project.task("names", ["TEAM", "TOWN"], on="text", kind="spans")


def test_a_list_grows_from_manual_spans_only_when_wanted(
    project: rn.Project, names: rn.Task
) -> None:
    keys = list(project.view())
    teams = fill(project)
    names.label(keys[0], [(0, 4, "TEAM")])
    assert list(teams) == []
    assert teams.grow_from(names, "TEAM") == 1
    assert teams.grows_from == ("names", "TEAM")
    names.label_many({keys[1]: [(0, 5, "TEAM")], keys[3]: [(0, 9, "TEAM"), (10, 11, "TOWN")]})
    assert list(teams) == ["Ajax", "Leeds", "two lines"]
    teams.grow_from(None)
    names.label(keys[2], [(0, 4, "TEAM")])
    assert list(teams) == ["Ajax", "Leeds", "two lines"]
    assert teams.grows_from is None


def test_a_list_grows_from_the_labeler_and_a_term_stays_after_undo(
    project: rn.Project, names: rn.Task
) -> None:
    teams = fill(project)
    teams.grow_from(names, "TEAM")
    record = int(project.view().ids()[0])
    label = names.schema.label("TEAM").id
    project.apply(
        [Operation("a", "label", "ann", names.id, record, None, {"spans": [[0, 4, label]]})]
    )
    assert list(teams) == ["Ajax"]
    assert names.undo()
    assert list(teams) == ["Ajax"]


def test_a_list_grows_from_imported_spans(project: rn.Project, names: rn.Task) -> None:
    teams = fill(project)
    teams.grow_from(names, "TEAM")
    project.add([{"text": "Brest won", "text__names__MANUAL__spans": [[0, 5, "TEAM"]]}])
    assert list(teams) == ["Brest"]


def test_growing_never_brings_back_a_blacklisted_term(project: rn.Project, names: rn.Task) -> None:
    teams = fill(project)
    teams.blacklist("Ajax")
    names.label(next(iter(project.view())), [(0, 4, "TEAM")])
    assert teams.grow_from(names, "TEAM") == 0
    assert list(teams) == []


def test_a_list_does_not_grow_from_classes(project: rn.Project, topic: rn.Task) -> None:
    with pytest.raises(SchemaError, match="whole records"):
        fill(project).grow_from(topic, "Sports")


# Rules


def test_a_lookup_follows_its_list(project: rn.Project, topic: rn.Task) -> None:
    teams = fill(project, "Ajax")
    topic.add(rn.Lookup("Sports", teams))
    topic.run(progress=False)
    assert votes(topic, "lookup:Sports") == [1]
    assert topic.run(progress=False).state.tolist() == ["unchanged"]
    teams.add("Leeds")
    assert state(topic, "lookup:Sports") == "new"
    assert votes(topic, "lookup:Sports") == []
    assert topic.run(progress=False).state.tolist() == ["finished"]
    assert votes(topic, "lookup:Sports") == [1, 2]
    teams.blacklist("Ajax")
    topic.run(progress=False)
    assert votes(topic, "lookup:Sports") == [2]


def test_many_changes_between_two_runs_are_one_version(project: rn.Project, topic: rn.Task) -> None:
    teams = fill(project, "Ajax")
    topic.add(rn.Lookup("Sports", teams))
    topic.run(progress=False)
    for number in range(5):
        teams.add(f"club {number}")
    assert len(topic.versions("lookup:Sports")) == 2


def test_adding_the_rule_again_is_no_new_version(project: rn.Project, topic: rn.Task) -> None:
    teams = fill(project, "Ajax")
    for _ in range(2):
        topic.add(rn.Lookup("Sports", teams))
        topic.run(progress=False)
    assert len(topic.versions("lookup:Sports")) == 1


def test_an_empty_list_votes_for_nothing(project: rn.Project, topic: rn.Task) -> None:
    topic.add(rn.Lookup("Sports", fill(project)))
    assert topic.run(progress=False).loc[0, ["state", "votes"]].tolist() == ["finished", 0]


def test_terms_with_quotes_and_backslashes_reach_every_rule(
    project: rn.Project, topic: rn.Task
) -> None:
    """Refinery's bug 4.1-10, in a run: such terms are found, and break nothing."""
    teams = fill(project, *NASTY, "\\")
    topic.add(rn.Lookup("Sports", teams, whole_words=False))

    @topic.heuristic
    def listed(record: dict[str, str]) -> str | None:
        return "Other" if any(term in record["text"] for term in teams) else None

    assert set(topic.run(progress=False).state) == {"finished"}
    assert votes(topic, "lookup:Sports") == [4]
    assert votes(topic, "listed") == [4]


def test_a_function_follows_the_lists_that_it_uses(project: rn.Project, topic: rn.Task) -> None:
    teams = fill(project, "Ajax")
    p = project

    def is_team(word: str) -> bool:
        return word in p.lookups["teams"]

    @topic.heuristic
    def scored(record: dict[str, str]) -> str | None:
        return "Sports" if any(is_team(word) for word in record["text"].split()) else None

    @topic.heuristic
    def first(record: dict[str, str]) -> str | None:
        return "Sports" if record["text"].split()[0] in teams else None

    assert scored({"text": "Ajax won"}) == "Sports"
    topic.run(progress=False)
    assert votes(topic, "scored") == votes(topic, "first") == [1]
    project.lookups["teams"] = ["Leeds"]
    assert state(topic, "scored") == state(topic, "first") == "new"
    topic.run(progress=False)
    assert votes(topic, "scored") == votes(topic, "first") == [2]


def test_a_captured_list_can_be_written_in_an_editor_too(
    project: rn.Project, topic: rn.Task
) -> None:
    fill(project, "Ajax")
    source = 'def f(record):\n    return "Sports" if "Ajax" in project.lookups["teams"] else None\n'
    written = Function.from_source(source)
    assert list(written.lists) == ["teams"]
    topic.add(written)
    topic.run(progress=False)
    assert len(votes(topic, "f")) == 4

    def g(record: dict[str, str]) -> str | None:
        return "Sports" if record["text"] in project.lookups["teams"] else None

    captured = Function(g)
    assert Function.from_source(captured.source).fingerprint == captured.fingerprint


def test_a_rule_reaches_the_lists_of_a_project_and_nothing_else(
    project: rn.Project, topic: rn.Task
) -> None:
    fill(project, "Ajax")
    which = "teams"

    def label_it(record: dict[str, str]) -> None:
        project.add([record])

    def by_variable(record: dict[str, str]) -> bool:
        return record["text"] in project.lookups[which]

    def misspelt(record: dict[str, str]) -> bool:
        return record["text"] in project.lookups["temas"]

    for function in (label_it, by_variable):
        with pytest.raises(HeuristicError, match=r"something else than a lookup list.*in quotes"):
            topic.heuristic(function)
    with pytest.raises(HeuristicError, match=r"'temas', which does not exist.*'teams'"):
        topic.heuristic(misspelt)
    lookups = project.lookups

    def by_alias(record: dict[str, str]) -> bool:
        return record["text"] in lookups["teams"]

    with pytest.raises(HeuristicError, match=r"'lookups'.*write project.lookups"):
        topic.heuristic(by_alias)
    with pytest.raises(HeuristicError, match="line 2"):
        Function.from_source("def f(record):\n    return project.name\n")


def test_a_list_that_a_rule_uses_is_neither_renamed_nor_deleted(
    project: rn.Project, topic: rn.Task
) -> None:
    teams = fill(project, "Ajax")
    topic.add(rn.Lookup("Sports", teams, name="clubs"))
    assert teams.heuristics() == ["clubs"]
    with pytest.raises(HeuristicError, match="used by clubs; it is not renamed"):
        teams.rename("sides")
    with pytest.raises(HeuristicError, match="used by clubs; it is not deleted"):
        del project.lookups["teams"]
    topic.remove("clubs")
    teams.rename("sides")
    del project.lookups["sides"]
    assert len(project.lookups) == 0


def test_votes_of_a_list_that_changed_under_the_run_are_not_kept(
    project: rn.Project, topic: rn.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = fill(project, "Ajax")
    topic.add(rn.Lookup("Sports", teams))
    run = rules.run_heuristics

    def slow(*arguments: Any, **options: Any) -> Any:
        found = run(*arguments, **options)
        teams.add("Leeds")
        return found

    monkeypatch.setattr(rules, "run_heuristics", slow)
    assert topic.run(progress=False).loc[0, "state"] == "outdated"
    assert votes(topic, "lookup:Sports") == []
    monkeypatch.undo()
    topic.run(progress=False)
    assert votes(topic, "lookup:Sports") == [1, 2]


def test_a_rule_that_was_given_no_terms_says_so(project: rn.Project) -> None:
    spec = rn.Lookup("Sports", fill(project, "Ajax")).spec()
    with pytest.raises(HeuristicError, match="were not handed over"):
        build(spec).load()


def test_a_list_can_be_tried_before_it_is_kept(project: rn.Project, topic: rn.Task) -> None:
    shown = topic.try_heuristic(rn.Lookup("Sports", fill(project, "Ajax")), n=4)
    assert sorted(shown[shown.vote.notna()].text) == ["Ajax won"]


def test_an_editor_saves_tries_and_restores_rules_with_lists(
    project: rn.Project, topic: rn.Task
) -> None:
    teams = fill(project, "Ajax")
    source = (
        "def f(record):\n"
        '    known = any(term in record["text"] for term in project.lookups["teams"])\n'
        '    return "Sports" if known else None\n'
    )
    editing.save(topic, "f", {"kind": "function", "source": source})
    topic.run(progress=False)
    assert votes(topic, "f") == [1]
    old = rules.row(topic, "f")
    teams.add("Leeds")
    # The votes of the older content are not taken over: they are not true any more.
    restored = editing.restore(topic, "f", old.version)
    assert (restored.state, votes(topic, "f")) == ("new", [])
    assert topic.run(progress=False).loc[0, "votes"] == 2
    cell = editing.as_cell(topic, rn.Lookup("Sports", teams))
    assert 'rn.Lookup("Sports", project.lookups["teams"]' in cell
