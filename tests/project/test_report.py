"""The report reads well and shows names as they are."""

from __future__ import annotations

import refinery_nb as rn


def test_the_report_says_what_is_known_and_what_not(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": f"late {n}"} for n in range(10)], key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    assert "No heuristic has voted yet" in repr(topic.report())
    topic.add(rn.Lookup("A", ["late"], name="seen"))
    topic.add(rn.Regex("B", "9", name="unseen"))
    topic.label_many({"1": "A", "2": "B", "3": rn.NONE})
    topic.run(progress=False)
    report = topic.report().set_index("heuristic")
    assert report.loc["seen", ["correct", "incorrect", "hits"]].tolist() == [1, 2, 10]
    assert abs(report.loc["seen", "precision"] - 1 / 3) < 1e-9
    assert report["precision"].isna().tolist() == [False, True]
    assert "33.3 %" in repr(topic.report())
    assert "—" in topic.report()._repr_html_()
    assert type(topic.report().head(1)) is type(topic.report())


def test_names_in_the_report_are_only_names(project: rn.Project) -> None:
    """J2."""
    bad = "<img src=x onerror=hit()>"
    project.add([{"id": "1", "text": "late"}], key="id")
    topic = project.task("topic", [bad], on="text")
    topic.add(rn.Lookup(bad, ["late"], name=bad))
    topic.run(progress=False)
    for html in (topic.report()._repr_html_(), project.view()._repr_html_()):
        assert "<img" not in html
    assert "&lt;img" in topic.report()._repr_html_()


def test_spans_are_counted_in_tokens(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "Ada Lovelace works"}], key="id")
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.label("1", [(0, 12, "PER")])
    names.add(rn.Lookup("PER", ["Ada"], name="first"))
    names.run(progress=False)
    row = names.report().iloc[0]
    assert (row["correct"], row["incorrect"], row["precision"], row["recall"]) == (1, 0, 1.0, 0.5)
