"""Opening a snapshot as a project: what comes with it, and that nothing of it runs."""

from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import (
    HeuristicError,
    InputError,
    QueryError,
    RefineryError,
    SchemaError,
    StoreError,
)
from refinery_nb.project.snapshot.snapshot import SnapshotReport
from tests.io.snapshots import (
    LF,
    SPAN_LF,
    TEXTS,
    archive,
    association,
    encrypted,
    snapshot,
    with_labels,
)


def opened(project: rn.Project, folder: Path, **changes: Any) -> SnapshotReport:
    report = project.add(archive(folder, snapshot(**changes)))
    assert isinstance(report, SnapshotReport)
    return report


def votes(task: rn.Task, name: str) -> list[tuple[Any, ...]]:
    found = task.project.columns.of_task(task.schema, enabled_only=False)[name]
    label = [task.schema.label_name(one) for one in found.label.tolist()]
    columns = [found.record.tolist(), label, [round(one, 4) for one in found.confidence.tolist()]]
    if found.start is not None and found.end is not None:
        columns[1:1] = [found.start.tolist(), found.end.tolist()]
    return [tuple(row) for row in zip(*columns, strict=True)]


def test_all_that_supervision_needs_comes_in(project: rn.Project, tmp_path: Path) -> None:
    report = opened(project, tmp_path)
    assert (report.added, report.labels, report.heuristics) == (5, 4, 3)
    assert (report.votes, report.weak, report.lists) == (8, 4, 1)
    assert project.tokenizer == "en"
    assert [(a.name, a.type.value, a.is_key) for a in project.attributes] == [
        ("running_id", "integer", True),
        ("text", "text", False),
    ]
    assert project.records().loc[:, "text"].tolist() == TEXTS
    topic, names = project.task("topic"), project.task("names")
    assert (topic.kind, topic.schema.on, topic.labels) == (
        *("classification", None),
        ("Sports", "Business"),
    )
    assert (names.kind, names.schema.on, names.labels) == ("spans", "text", ("ORG",))
    assert [label.color for label in topic.schema.labels] == ["#f59e0b", "#ef4444"]
    assert topic.gold().to_numpy().tolist() == [
        [0, "Sports", "ann-id"],
        [1, "Business", "ann-id"],
        [2, "Sports", "bob-id"],
    ]
    assert votes(topic, "lkp_teams") == [(1, "Sports", 1), (3, "Sports", 1)]
    assert votes(topic, "learner") == [
        *((1, "Sports", 0.75), (2, "Business", 0.9), (5, "Business", 0.5)),
    ]
    (run,) = topic.runs()
    assert run.frame()["label"].tolist() == ["Sports", "Business", None, None, None]
    assert run.at.startswith("2022-07-05T13:00:00.5")
    assert set(run.options["heuristics"]) == {"lkp_teams", "learner"}
    teams = project.lookups["Teams"]
    assert list(teams) == ["Ajax"]


def test_spans_are_found_by_their_tokens(project: rn.Project, tmp_path: Path) -> None:
    """White space counts as a token in refinery: 'Ajax lose  again' has four."""
    said = [
        association(2, "s1", "h3", tokens=(3, 3)),
        association(0, "s1", "h3", tokens=(1, 2)),
    ]
    opened(project, tmp_path, **with_labels(*said))
    assert votes(project.task("names"), "orgs") == [(1, 2, 11, "ORG", 1), (3, 11, 16, "ORG", 1)]
    assert TEXTS[2][11:16] == "again"


def test_adding_it_again_changes_nothing(tmp_path: Path) -> None:
    path = archive(tmp_path, snapshot())
    with rn.open(tmp_path / "news", by="me") as project:
        project.add(path)
        topic = project.task("topic")
        topic.label(0, "Business")
        before = state(project)
        report = project.add(path)
        assert (report.added, report.updated, report.unchanged, report.labels) == (0, 0, 5, 0)
        assert isinstance(report, SnapshotReport)
        assert (report.heuristics, report.votes, report.weak, report.lists) == (0, 0, 0, 0)
        assert state(project) == before


def state(project: rn.Project) -> Any:
    return [
        (
            task.name,
            task.all_labels().to_numpy().tolist(),
            len(task.runs()),
            [len(task.versions(name)) for name in task.heuristics()["heuristic"]],
        )
        for task in project.tasks.values()
    ] + [list(one) for one in project.lookups.values()]


def test_what_the_project_has_already_stays(project: rn.Project, tmp_path: Path) -> None:
    opened(project, tmp_path)
    topic = project.task("topic")
    topic.add(rn.Regex("Sports", "goal", name="lkp_teams"))
    project.lookups["Teams"] = ["Leeds"]
    report = opened(project, tmp_path)
    assert topic.heuristics().set_index("heuristic").loc["lkp_teams", "kind"] == "regex"
    assert list(project.lookups["Teams"]) == ["Leeds"]
    assert "'lkp_teams' stays as it is: 'topic' has a heuristic of this name" in report.warnings
    assert any("lookup list 'Teams' stays" in one for one in report.warnings)


def test_a_later_snapshot_of_the_same_records_adds_to_them(
    project: rn.Project, tmp_path: Path
) -> None:
    """The ids of refinery differ from one project to the next; the key does not."""
    empty = {name: [] for name in snapshot() if name.startswith(("record_label", "information"))}
    project.add(archive(tmp_path, snapshot(**empty, terms_data=[])))
    assert list(project.lookups["Teams"]) == []
    raw = json.dumps(snapshot())
    for at in range(5):
        raw = raw.replace(f'"r{at}"', f'"other{at}"')
    report = project.add(archive(tmp_path, raw.encode()))
    assert (report.unchanged, report.labels) == (5, 4)
    assert votes(project.task("topic"), "lkp_teams") == [(1, "Sports", 1), (3, "Sports", 1)]
    assert list(project.lookups["Teams"]) == ["Ajax"]


def test_the_gold_star_decides_between_people(project: rn.Project, tmp_path: Path) -> None:
    """Refinery.md 2.6: alone, or agreed, or starred; else the labels of all are ignored."""
    said = [
        association(0, "l1", "MANUAL", created_by="ann"),
        association(0, "l2", "MANUAL", created_by="bob"),
        association(1, "l1", "MANUAL", created_by="ann"),
        association(1, "l2", "MANUAL", created_by="bob"),
        association(1, "l2", "MANUAL", created_by="chief", is_gold_star=True),
        association(2, "l1", "MANUAL", created_by="ann"),
        association(2, "l1", "MANUAL", created_by="bob"),
        association(3, "l1", "MANUAL", created_by="bob"),
        association(0, "s1", "MANUAL", created_by="ann", tokens=(4, 4)),
        association(0, "s1", "MANUAL", created_by="bob", tokens=(3, 4)),
        association(0, "s1", "MANUAL", created_by="bob", tokens=(3, 4), is_gold_star=True),
    ]
    for at, (row, tokens) in enumerate(said):
        row["id"] = f"rla{at}"
        for token in tokens:
            token["record_label_association_id"] = f"rla{at}"
    opened(project, tmp_path, **with_labels(*said))
    topic, names = project.task("topic"), project.task("names")
    assert topic.gold()[["key", "label", "by"]].to_numpy().tolist() == [
        [1, "Business", "gold star"],
        [2, "Sports", "ann"],
        [3, "Sports", "bob"],
    ]
    assert names.gold()[["key", "start", "end"]].to_numpy().tolist() == [[0, 12, 20]]
    assert len(topic.all_labels()) == 8
    project.replay()
    assert len(topic.gold()) == 3


def test_people_keep_their_labels_and_their_times(project: rn.Project, tmp_path: Path) -> None:
    said = [
        association(0, "l1", "MANUAL", created_at="2022-07-05 12:00:00"),
        association(0, "l2", "MANUAL", created_at="2022-07-05 12:00:01"),
        association(1, "l1", "MANUAL", created_at="2022-07-05 11:00:00"),
    ]
    report = opened(project, tmp_path, **with_labels(*said))
    assert "1 older labels of the same person and record were left out" in report.warnings
    with project.database.read() as connection:
        done = connection.execute("SELECT actor, at FROM operation ORDER BY seq").fetchall()
    assert done == [
        ("ann-id", "2022-07-05T11:00:00.000000+00:00"),
        ("ann-id", "2022-07-05T12:00:01.000000+00:00"),
    ]
    assert project.task("topic").gold()["label"].tolist() == ["Business", "Sports"]


def test_two_votes_of_a_heuristic_on_a_record_are_one(project: rn.Project, tmp_path: Path) -> None:
    """4.1-8: refinery failed on it."""
    said = [
        association(0, "l1", "h2", confidence=0.4),
        association(0, "l2", "h2", confidence=0.6),
        association(1, "l2", "h2", confidence=0),
    ]
    report = opened(project, tmp_path, **with_labels(*said))
    assert votes(project.task("topic"), "learner") == [(1, "Business", 0.6), (2, "Business", 0)]
    assert "1 second votes on a record were left out" in report.warnings
    assert len(project.task("topic").supervise(model="majority")) == 2


def test_votes_stand_under_the_source_that_cast_them(project: rn.Project, tmp_path: Path) -> None:
    older = LF.replace("Sports", "Business")
    runs = [{"source_id": "h1", "iteration": 1, "state": "FINISHED", "source_code": older}]
    opened(project, tmp_path, information_source_payloads_data=runs)
    topic = project.task("topic")
    assert topic.versions("lkp_teams")[["state", "source"]].to_numpy().tolist() == [
        ["new", LF],
        ["finished", older],
    ]
    assert len(votes(topic, "lkp_teams")) == 2
    assert "changed in refinery" in topic.heuristics()["message"][0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def lf(record", "no Python"),
        ("words = 1", "no function"),
        ("from knowledge import cities\ndef lf(record):\n    pass", "lookup list 'cities'"),
        ("def lf(record):\n    return " + "-" * 200_000 + "1", "nested too deeply"),
    ],
)
def test_code_that_cannot_run_stands_with_its_votes(
    project: rn.Project, tmp_path: Path, source: str, message: str
) -> None:
    sources = snapshot()["information_sources_data"]
    sources[0]["source_code"] = source
    report = opened(project, tmp_path, information_sources_data=sources)
    topic = project.task("topic")
    assert topic.heuristics()["kind"].tolist() == ["foreign", "foreign"]
    assert len(votes(topic, "lkp_teams")) == 2
    assert topic.versions("lkp_teams")["source"].tolist() == [source]
    assert any(message in one for one in report.warnings)


def test_a_learner_stands_with_its_votes_and_its_code_as_text(
    project: rn.Project, tmp_path: Path
) -> None:
    exclusions = [{"source_id": "h2", "record_id": "r1"}, {"source_id": "h2", "record_id": "gone"}]
    opened(project, tmp_path, information_source_statistics_exclusion_data=exclusions)
    topic = project.task("topic")
    assert "ATLClassifier" in topic.versions("learner")["source"][0]
    told = topic.run("learner", progress=False)
    assert told["state"].tolist() == ["unchanged"]
    assert len(votes(topic, "learner")) == 3
    assert topic.trust()["heuristic"].tolist() == ["lkp_teams"]
    weak = topic.supervise(model="refinery", c=1, k=1)
    # Its one right label is on a record that it was trained on, so that it weighs nothing there.
    assert weak.frame()["label"].tolist() == ["Sports", None, "Sports", None, None]
    assert "learner" in weak.summary["note"]
    again = topic.supervise(model="refinery", exclusions={"lkp_teams": [0, 2], "learner": [0]})
    assert len(again) == 0
    with pytest.raises(QueryError, match="'lerner', which is no heuristic"):
        topic.supervise(model="refinery", exclusions={"lerner": [0]})
    with pytest.raises(QueryError, match="the key of no record"):
        topic.supervise(model="refinery", exclusions={"learner": [77]})


def test_constants_and_precisions_may_be_given_and_are_kept_with_the_run(
    project: rn.Project, tmp_path: Path
) -> None:
    opened(project, tmp_path)
    topic = project.task("topic")
    given = {"lkp_teams": 0.5, "learner": 0.4}
    weak = topic.supervise(model="refinery", c=2, k=1, precision=given)
    assert weak.options["precision"] == given
    assert (weak.options["c"], weak.options["k"]) == (2, 1)
    # On the first record both vote Sports: x = 0.5 + 0.4 * 0.75.
    wanted = [1 / (1 + math.exp(1 - 2 * x)) for x in (0.8, 0.36, 0.5, 0.2)]
    assert weak.frame()["confidence"].dropna().tolist() == pytest.approx(wanted)
    assert weak.compare(topic.runs()[0]).frame()["key"].tolist() == [2, 4]
    with pytest.raises(QueryError, match="says nothing of 'learner'"):
        topic.supervise(model="refinery", precision={"lkp_teams": 0.5})


def test_the_tokenizer_of_the_snapshot_counts(project: rn.Project, tmp_path: Path) -> None:
    """A German text is cut as German; where refinery counted otherwise, it is told."""
    details = {"name": "News", "tokenizer": "de_core_news_sm"}
    records = [{"id": "r0", "data": {"running_id": 0, "text": "Das ist z.B. Ajax Amsterdam"}}]
    counts = [{"record_id": "r0", "attribute_id": "a2", "num_token": 9}]
    said = association(0, "s1", "h3", tokens=(3, 4))
    report = opened(
        project,
        tmp_path,
        project_details_data=details,
        records_data=records,
        record_attribute_token_statistics_data=counts,
        **with_labels(said),
    )
    assert project.tokenizer == "de"
    assert votes(project.task("names"), "orgs") == [(1, 13, 27, "ORG", 1)]
    assert any("1 texts have another number of tokens here" in one for one in report.warnings)


def test_spans_of_a_language_that_cannot_be_cut_are_left_out_and_told(
    project: rn.Project, tmp_path: Path
) -> None:
    report = opened(project, tmp_path, project_details_data={"name": "x", "tokenizer": "qq_web_sm"})
    assert len(votes(project.task("names"), "orgs")) == 0
    assert len(votes(project.task("topic"), "lkp_teams")) == 2
    assert any("no tokenizer 'qq'" in one for one in report.warnings)


def test_spans_beyond_the_text_are_counted(project: rn.Project, tmp_path: Path) -> None:
    said = [
        association(3, "s1", "h3", tokens=(0, 7)),
        association(3, "s1", "MANUAL", tokens=(5, 5)),
    ]
    report = opened(project, tmp_path, **with_labels(*said))
    assert len(votes(project.task("names"), "orgs")) == 0
    assert "2 spans that lie outside their texts were left out" in report.warnings


def test_names_that_cannot_stand_here_are_changed(project: rn.Project, tmp_path: Path) -> None:
    tables = snapshot()
    tables["labeling_tasks_data"][0]["name"] = "text__topic"
    tables["labeling_task_labels_data"][1]["name"] = "sports"
    tables["information_sources_data"][1]["name"] = "LKP_teams"
    for _ in range(2):
        project.add(archive(tmp_path, tables))
        topic = project.task("text_topic")
        assert topic.labels == ("Sports", "sports (2)")
        assert topic.heuristics()["heuristic"].tolist() == ["lkp_teams", "LKP_teams (2)"]
        assert topic.gold()["label"].tolist() == ["Sports", "sports (2)", "Sports"]


def test_tasks_of_one_name_stay_apart(project: rn.Project, tmp_path: Path) -> None:
    tables = snapshot()
    tables["labeling_tasks_data"][1]["name"] = "topic"
    for _ in range(2):
        project.add(archive(tmp_path, tables))
        assert {name: task.kind for name, task in project.tasks.items()} == {
            "topic": "classification",
            "topic (2)": "spans",
        }


@pytest.mark.parametrize("kind", ["EMBEDDING_LIST", "gone"])
def test_a_task_about_no_text_is_left_out(project: rn.Project, tmp_path: Path, kind: str) -> None:
    tables = snapshot()
    tables["attributes_data"][0]["data_type"] = kind
    if kind == "gone":
        tables["labeling_tasks_data"][1]["attribute_id"] = "a9"
    report = project.add(archive(tmp_path, tables))
    assert list(project.tasks) == ["topic"]
    assert "the task 'names' is about no text and was left out" in report.warnings


@pytest.mark.parametrize("broken", ["twice", "missing", "null byte"])
def test_a_key_that_identifies_nothing_is_replaced_by_the_content(
    project: rn.Project, tmp_path: Path, broken: str
) -> None:
    records = snapshot()["records_data"]
    records[1]["data"]["running_id"] = {"twice": 0, "missing": None}.get(broken, "a\0b")
    report = opened(project, tmp_path, records_data=records)
    assert report.added == 5
    assert "running_id does not identify the records: their content does" in report.warnings
    assert len(project.task("topic").gold()) == 3


def test_records_with_the_same_content_stay_apart(project: rn.Project, tmp_path: Path) -> None:
    records = [{"id": f"r{n}", "data": {"text": "Rain"}} for n in range(5)]
    opened(project, tmp_path, records_data=records, attributes_data=[])
    assert len(project) == 5
    assert votes(project.task("topic"), "lkp_teams") == [(1, "Sports", 1), (3, "Sports", 1)]


@pytest.mark.parametrize("table", sorted(set(snapshot()) - {"project_details_data"}))
def test_a_part_may_be_missing(project: rn.Project, tmp_path: Path, table: str) -> None:
    """Which parts a snapshot has is chosen when it is made."""
    report = opened(project, tmp_path, **{table: None})
    assert len(project) == (0 if table == "records_data" else 5)
    for task in project.tasks.values():
        if len(task.heuristics()) and len(project):
            task.supervise(model="refinery")
    assert repr(report)


def test_a_snapshot_fits_into_a_project_of_the_same_key_only(
    project: rn.Project, tmp_path: Path
) -> None:
    project.add([{"id": "a", "text": "x"}], key="id")
    with pytest.raises(SchemaError, match="the project has the key"):
        opened(project, tmp_path)
    assert len(project) == 1
    assert len(project.tasks) == 0
    assert len(project.lookups) == 0


def test_nothing_is_kept_of_a_snapshot_that_cannot_be_added(
    project: rn.Project, tmp_path: Path
) -> None:
    project.task("names", ["ORG"])
    with pytest.raises(SchemaError, match="exists as a classification task") as caught:
        opened(project, tmp_path)
    assert caught.value.source == "news.json.zip"
    assert (len(project), len(project.lookups), list(project.tasks)) == (0, 0, ["names"])


def test_options_that_make_no_sense_for_a_snapshot_are_refused(
    project: rn.Project, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="its own key"):
        project.add(archive(tmp_path, snapshot()), key="text")


def test_a_password_is_asked_for(project: rn.Project, tmp_path: Path) -> None:
    path = encrypted(tmp_path, snapshot(), b"secret")
    with pytest.raises(InputError, match="encrypted"):
        project.add(path)
    with pytest.raises(InputError, match="password is wrong"):
        project.add(path, password="other")
    assert project.add(path, password="secret").added == 5


def test_the_report_says_what_came_and_what_waits(project: rn.Project, tmp_path: Path) -> None:
    report = project.add(archive(tmp_path, snapshot(), **{"model.pkl": "x"}))
    assert repr(report).split("\n") == [
        "news.json.zip: 5 added, 0 updated, 0 unchanged, 4 manual labels",
        "  3 heuristics with 8 votes, 4 weak labels, 1 lookup lists",
        "  not run before you trust them, see project.task('topic').trust():",
        "    lkp_teams",
        "  not run before you trust them, see project.task('names').trust():",
        "    orgs",
        "  not taken in: the slice 'a slice' (its filter is not in the snapshot), "
        "the file model.pkl",
    ]


NONSENSE = [
    *(None, "", "None", "NaN", 3, -1, 1.5, 10**30, True, [], {}, [1], {"a": 1}),
    *("x" * 400, "a\nb", "\0", "__", "2022-13-45", "r0", "t1", "t2", "l1", "s1", "h1", "a1", "a2"),
    *("INFORMATION_EXTRACTION", "BOOLEAN", "FLOAT", "EMBEDDING_LIST", "MANUAL"),
]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_snapshot_says_it_is_added_or_refused(tmp_path: Path, seed: int) -> None:
    """S8: no other error than ours, and adding it again adds nothing."""
    rng = random.Random(seed)
    tables = snapshot()
    for _ in range(rng.randint(2, 6)):
        table = rng.choice(list(tables.values()))
        row = table if isinstance(table, dict) else rng.choice(table) if table else {}
        row = rng.choice([row, row.get("data", row)])
        if row:
            row[rng.choice(list(row))] = copy.deepcopy(rng.choice(NONSENSE))
        if isinstance(table, list) and table:
            table.append(copy.deepcopy(rng.choice(table)))
    path = archive(tmp_path, tables)
    with rn.open() as project:
        try:
            project.add(path)
        except RefineryError:
            assert (len(project), len(project.tasks)) == (0, 0)
            return
        before = state(project)
        project.add(path)
        assert state(project) == before
        for task in project.tasks.values():
            task.report()
            task.supervise(model="refinery")


# Nothing runs


HOSTILE = """
import sys
from pathlib import Path

bad = ("pickle.find_class", "subprocess.Popen", "os.system", "socket.connect", "os.exec")
seen = []

def hook(event, args):
    if event in bad or (event == "exec" and "<heuristic" in str(args[0])):
        seen.append(event)
    if event == "open" and isinstance(args[1], str) and set("wax+") & set(args[1]):
        seen.append(f"open {args[0]}")

import refinery_nb as rn
with rn.open() as warm:
    warm.add(sys.argv[1])
    warm.task("topic").report()
sys.addaudithook(hook)
with rn.open() as project:
    project.add(sys.argv[1])
    for task in project.tasks.values():
        task.heuristics(), task.report(), task.run(progress=False), task.trust()
        task.supervise(model="refinery"), project.records(), task.gold()
assert not seen, seen
assert not Path(sys.argv[2]).exists()
"""


def test_opening_a_hostile_snapshot_runs_and_fetches_nothing(tmp_path: Path) -> None:
    """T5, I5: code in every place that may hold any."""
    fired = tmp_path / "fired"
    code = f"open({str(fired)!r}, 'w').write('x')\n\ndef lf(record):\n    {code_line(fired)}\n"
    tables = snapshot()
    for row in tables["information_sources_data"]:
        row["source_code"] = code
    tables["information_source_payloads_data"] = [
        {"source_id": "h1", "iteration": 1, "state": "FINISHED", "source_code": code}
    ]
    tables["attributes_data"][0]["source_code"] = code
    tables["project_details_data"]["tokenizer"] = "en_" + code
    tables["embeddings_data"] = [{"name": code, "model": "https://example.invalid/model"}]
    path = archive(tmp_path, tables, **{"model.pkl": "cos\nsystem\n(S'true'\ntR."})
    told = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(path), str(fired)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert not fired.exists()


def code_line(fired: Path) -> str:
    return f"open({str(fired)!r}, 'w').write('x'); return 'Sports'"


def test_rules_of_a_snapshot_run_only_when_they_are_trusted(
    project: rn.Project, tmp_path: Path
) -> None:
    """T6: refused by name; then they vote as they did in refinery."""
    opened(project, tmp_path, **with_labels())
    topic, names = project.task("topic"), project.task("names")
    told = topic.run(progress=False)
    assert dict(zip(told["heuristic"], told["state"], strict=True)) == {
        "lkp_teams": "untrusted",
        "learner": "unchanged",
    }
    assert "task.trust" in told["message"][0]
    with pytest.raises(HeuristicError, match="lkp_teams: written by somebody else"):
        topic.run("lkp_teams")
    waiting = topic.trust()
    assert waiting[["heuristic", "source"]].to_numpy().tolist() == [["lkp_teams", LF]]
    assert len(topic.trust("lkp_teams")) == 0
    topic.run(progress=False)
    assert votes(topic, "lkp_teams") == [(1, "Sports", 1), (3, "Sports", 1)]
    names.trust("orgs")
    names.run("orgs", progress=False)
    assert votes(names, "orgs") == [
        *((1, 16, 20, "ORG", 1), (2, 10, 14, "ORG", 1)),
        *((3, 0, 4, "ORG", 1), (5, 13, 17, "ORG", 1)),
    ]
    with pytest.raises(HeuristicError, match=r"no heuristic 'orgz'\. .*orgs"):
        names.trust("orgz")


def test_new_records_wait_for_trust_too(project: rn.Project, tmp_path: Path) -> None:
    opened(project, tmp_path)
    topic = project.task("topic")
    assert topic.run(progress=False)["state"].tolist() == ["unchanged", "unchanged"]
    project.add([{"running_id": 9, "text": "Ajax again"}])
    assert topic.run(progress=False)["state"].tolist() == ["untrusted", "unchanged"]
    topic.trust("lkp_teams")
    assert topic.run(progress=False)["state"].tolist() == ["finished", "unchanged"]
    assert votes(topic, "lkp_teams")[-1] == (6, "Sports", 1)


def test_the_same_code_under_another_name_is_not_trusted_either(
    project: rn.Project, tmp_path: Path
) -> None:
    opened(project, tmp_path)
    names = project.task("names")
    copy = rn.heuristics.Function.from_source(SPAN_LF, "lf")
    names.add(copy)
    assert names.run(progress=False).set_index("heuristic").loc["lf", "state"] == "untrusted"
    with pytest.raises(HeuristicError, match="not trusted"):
        names.try_heuristic(copy)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a user."""
    folder = tmp_path / "home"
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, *args, **options: folder / name)
    return folder


def test_trust_stands_outside_of_the_project_for_this_user_and_this_content(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T6: whoever sends a project cannot say that it is trusted."""
    path, folder = archive(tmp_path, snapshot()), tmp_path / "news"
    with rn.open(folder) as project:
        project.add(path)
        assert len(project.task("topic").trust("lkp_teams")) == 0
    with rn.open(folder) as project:
        topic = project.task("topic")
        assert len(topic.trust()) == 0
        assert len(project.task("names").trust()) == 1
        project.lookups["Teams"].add(["Leeds"])
        assert topic.run("lkp_teams", progress=False)["state"].tolist() == ["finished"]
    (kept,) = home.rglob("trusted.json")
    assert kept.stat().st_mode & 0o077 == 0
    assert not [one for one in folder.rglob("*") if "trusted" in one.name]
    with rn.open(tmp_path / "copy") as other:
        other.add(path)
        assert len(other.task("topic").trust()) == 1
    monkeypatch.setattr("platformdirs.user_data_path", lambda *a, **o: tmp_path / "another user")
    with rn.open(folder) as project:
        assert len(project.task("topic").trust()) == 1


def test_changed_code_of_somebody_else_is_asked_for_again(tmp_path: Path, home: Path) -> None:
    """T6: after a newer snapshot, too."""
    with rn.open(tmp_path / "news") as project:
        opened(project, tmp_path)
        topic = project.task("topic")
        topic.trust("lkp_teams")
        topic.remove("lkp_teams")
        sources = snapshot()["information_sources_data"]
        sources[0]["source_code"] = LF + "\n# changed\n"
        opened(project, tmp_path, information_sources_data=sources)
        assert topic.trust()["heuristic"].tolist() == ["lkp_teams"]


def test_damaged_trust_is_no_trust(tmp_path: Path, home: Path) -> None:
    with rn.open(tmp_path / "news") as project:
        opened(project, tmp_path)
        topic = project.task("topic")
        topic.trust("lkp_teams")
        (kept,) = home.rglob("trusted.json")
        for content in ("{", "[]", '{"a": 3}'):
            kept.write_text(content)
            with pytest.raises(StoreError, match="list of trusted code is damaged"):
                topic.run("lkp_teams")
