"""Tables of Arrow, and datasets of the library ``datasets``."""

from __future__ import annotations

from typing import Any

import pyarrow
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import EndpointError, InputError


def gold(project: rn.Project, name: str) -> list[Any]:
    return project.task(name).gold().drop(columns=["key", "by"]).to_numpy().tolist()


def test_a_table_of_arrow_is_a_source(project: rn.Project) -> None:
    """A19: numbers, dictionaries, times and nested values come in as what they are."""
    table = pyarrow.table(
        {
            "id": pyarrow.array([1, 2**53 + 1], pyarrow.int64()),
            "text": ["a", None],
            "kind": pyarrow.array(["x", "y"]).dictionary_encode(),
            "more": [{"a": [1]}, None],
        }
    )
    report = project.add(table, key="id")
    assert (report.source, report.added) == ("Table", 2)
    records = project.records()
    assert records.index.tolist() == [1, 2**53 + 1]
    assert records["more"].tolist() == [{"a": [1]}, None]
    assert records["kind"].tolist() == ["x", "y"]
    assert project.add(table).unchanged == 2


def test_what_hands_out_arrow_is_a_source_too(project: rn.Project) -> None:
    class Frame:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pyarrow.table({"text": ["a", "b"]}).__arrow_c_stream__(requested_schema)

    assert project.add(Frame()).added == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), "no records"),
        (pyarrow.table([[1], [2]], names=["a", "a"]), "'a' stands twice"),
        (pyarrow.table({"a": [b"x"]}), "expected text, got 1 bytes"),
    ],
)
def test_a_table_that_is_none_is_refused(project: rn.Project, table: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        project.add(table)


class Classes:
    """As ``datasets.ClassLabel``."""

    dtype = "int64"

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    def int2str(self, value: int) -> str:
        return self.names[value]


class Of:
    """As ``datasets.Value`` and ``datasets.List``."""

    def __init__(self, dtype: str | None = None, feature: Any = None) -> None:
        self.dtype = dtype
        self.feature = feature


class Dataset:
    """As ``datasets.Dataset``, as far as it is used."""

    def __init__(self, features: dict[str, Any], **columns: list[Any]) -> None:
        self.features = features
        self.table = pyarrow.table(columns)

    def with_format(self, name: str) -> Dataset:
        return self

    def iter(self, batch_size: int) -> Any:
        return iter([self.table.slice(0, 2), self.table.slice(2)])


NEWS = {"text": Of("string"), "label": Classes("World", "Sports"), "n": Of("int64")}
TAGGED = {
    "tokens": Of(feature=Of("string")),
    "ner_tags": Of(feature=Classes("O", "B-ORG", "I-ORG")),
}


def news(*labels: int) -> Dataset:
    texts = [f"text {at} {labels}" for at in range(len(labels))]
    return Dataset(NEWS, text=texts, label=list(labels), n=list(range(len(labels))))


def test_classes_of_a_dataset_are_labels(project: rn.Project) -> None:
    report = project.add(news(1, -1, 0))
    assert (report.added, report.labels) == (3, 2)
    assert "the classification task 'label' is new: Sports, World" in report.warnings
    assert project.task("label").schema.on == "text"
    assert gold(project, "label") == [["Sports"], ["World"]]
    assert set(project.records().columns) == {"text", "n"}


def test_splits_stand_in_an_attribute(project: rn.Project) -> None:
    project.add({"train": news(1, 0, 1), "test": news(0)})
    assert project.records()["split"].tolist() == ["train"] * 3 + ["test"]
    other = Dataset({"text": Of("string")}, text=["x"])
    with pytest.raises(InputError, match="'test' has other features"):
        project.add({"train": news(1), "test": other})


def test_tags_of_a_dataset_are_spans_of_the_text_that_its_tokens_make(project: rn.Project) -> None:
    project.add(Dataset(TAGGED, tokens=[["New", "Acme", "💩"], ["x"]], ner_tags=[[0, 1, 2], [-1]]))
    assert project.records()["text"].tolist() == ["New Acme 💩", "x"]
    assert gold(project, "ner_tags") == [[4, 10, "ORG"]]


def test_lists_of_classes_are_several_labels_of_a_record(project: rn.Project) -> None:
    features = {"text": Of("string"), "topics": Of(feature=Classes("a", "b", "c"))}
    project.add(Dataset(features, text=["x", "y", "z"], topics=[[2, 0], [], None]))
    topics = project.task("topics")
    assert (topics.kind, topics.schema.on) == ("multilabel", "text")
    assert [sorted(labels) for (labels,) in gold(project, "topics")] == [["a", "c"], []]


def test_labels_are_about_the_record_where_there_are_several_texts(project: rn.Project) -> None:
    features = {"a": Of("string"), "b": Of("string"), "label": Classes("no", "yes")}
    dataset = Dataset(features, a=["x"], b=["y"], label=[1])
    project.add(dataset)
    assert project.task("label").schema.on is None
    with pytest.raises(InputError, match="no feature 'c'"):
        project.add(dataset, text="c")


def test_the_library_itself_gives_the_same(project: rn.Project) -> None:
    datasets = pytest.importorskip("datasets", reason="the package datasets is not installed")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["World", "Sports"]),
        }
    )
    columns = {"text": ["a", "b", "c"], "label": [0, -1, 1]}
    dataset = datasets.Dataset.from_dict(columns, features=features)
    project.add(datasets.DatasetDict({"train": dataset}))
    assert gold(project, "label") == [["World"], ["Sports"]]
    with rn.open() as streamed:
        streamed.add(dataset.to_iterable_dataset())
        assert gold(streamed, "label") == [["World"], ["Sports"]]


def test_the_hub_is_asked_only_by_its_name(
    project: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets", reason="the package datasets is not installed")
    asked = []

    def load(*arguments: Any, **options: Any) -> Any:
        asked.append((arguments, options))
        if arguments[0] == "nobody/nothing":
            raise ConnectionError("no route")
        return news(1, 0)

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert project.add(hub="owner/news", split="train").added == 2
    assert asked == [(("owner/news", None), {"split": "train", "revision": None})]
    with pytest.raises(EndpointError, match=r"'nobody/nothing'.*no route"):
        project.add(hub="nobody/nothing")
    for name in ("../folder", "https://example.org/x", ""):
        with pytest.raises(InputError):
            project.add(hub=name)
    with pytest.raises(InputError, match="either a source, or hub="):
        project.add()
    with pytest.raises(InputError, match="no such file"):
        project.add("owner/news")
    assert len(asked) == 2
