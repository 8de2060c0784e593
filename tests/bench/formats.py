"""Importing and exporting records per format, against the plain library call in the same run.

Two references: ``library`` parses or writes the same file with the plain library call (pandas,
pyarrow, json, spaCy); ``stored`` does the same and moves the same rows into or out of SQLite (a
record, an event for each task, a row for each label; no index) by one ``executemany`` or ``SELECT``
a table, which is the least that a project on disk can do.

    formats.py [records] [format ...]
"""

from __future__ import annotations

import importlib
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

COUNT = 50_000  # by default; the goals are about as many as MOST
MOST = 1_000_000
TEXT = "late parcel broken lamp refund invoice account password thank you order"
WORDS = TEXT.split(" ")
LABELS = ["delivery", "payment", "account", "other"]
Row = dict[str, Any]


def rows(count: int) -> Iterator[Row]:
    """Yield records of about 130 bytes, each with a label and two spans."""
    for n in range(count):
        text = " ".join(WORDS[(n * 7 + k * k) % len(WORDS)] for k in range(16))
        cut = text.index(" ")
        after = text.index(" ", cut + 1)
        yield {
            "id": f"r{n}",
            "text": text,
            "stars": n % 6,
            "label": LABELS[n % 4],
            "spans": [[0, cut, "first"], [cut + 1, after, "second"]],
        }


def plain(row: Row) -> Row:
    return {"id": row["id"], "text": row["text"], "stars": row["stars"]}


def prodigy(row: Row) -> Row:
    spans = [{"start": s, "end": e, "label": label} for s, e, label in row["spans"]]
    return {
        "text": row["text"],
        "meta": {"id": row["id"], "stars": row["stars"]},
        "accept": [row["label"]],
        "spans": spans,
        "answer": "accept",
    }


def doccano(row: Row) -> Row:
    return {**plain(row), "cats": [row["label"]], "entities": row["spans"]}


def label_studio(row: Row) -> Row:
    result: list[Row] = [
        {
            "from_name": "topic",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [row["label"]]},
        }
    ]
    for s, e, label in row["spans"]:
        value = {"start": s, "end": e, "text": row["text"][s:e], "labels": [label]}
        result.append({"from_name": "names", "to_name": "text", "type": "labels", "value": value})
    return {"data": plain(row), "annotations": [{"result": result}]}


def argilla(row: Row) -> Row:
    spans = [{"start": s, "end": e, "label": label} for s, e, label in row["spans"]]
    return {
        "id": row["id"],
        "fields": {"text": row["text"]},
        "metadata": {"stars": row["stars"]},
        "suggestions": {},
        "responses": {"topic": [{"value": row["label"]}], "names": [{"value": spans}]},
    }


def read_lines(path: Path) -> list[Any]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path: Path, made: Iterable[Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for one in made:
            file.write(json.dumps(one, ensure_ascii=False) + "\n")


def read_array(path: Path) -> list[Any]:
    return list(json.loads(path.read_text(encoding="utf-8")))


def write_array(path: Path, made: Iterable[Any]) -> None:
    path.write_text(json.dumps(list(made), ensure_ascii=False), encoding="utf-8")


def read_csv(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path)


def write_csv(path: Path, made: Any) -> None:
    made.to_csv(path, index=False)


def read_excel(path: Path) -> Any:
    import pandas as pd

    return pd.read_excel(path)


def write_excel(path: Path, made: Any) -> None:
    made.to_excel(path, index=False)


def read_parquet(path: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path)


def write_parquet(path: Path, made: Any) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(made, path)


def frame(made: Iterable[Row]) -> Any:
    import pandas as pd

    return pd.DataFrame(made)


def table(made: Iterable[Row]) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist(list(made))


def conll(row: Row) -> list[tuple[str, str]]:
    tags = {start: f"B-{label}" for start, _, label in row["spans"]}
    found, at = [], 0
    for word in row["text"].split(" "):
        found.append((word, tags.get(at, "O")))
        at += len(word) + 1
    return found


def read_conll(path: Path) -> list[Any]:
    sentences, sentence = [], []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line == "\n":
                sentences.append(sentence)
                sentence = []
            else:
                sentence.append(line.split())
    return sentences


def write_conll(path: Path, made: Iterable[Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for sentence in made:
            file.writelines(f"{word} {tag}\n" for word, tag in sentence)
            file.write("\n")


def docs(made: Iterable[Row]) -> list[Any]:
    import spacy

    nlp = spacy.blank("en")
    found = []
    for row in made:
        doc = nlp.make_doc(row["text"])
        doc.ents = [doc.char_span(s, e, label) for s, e, label in row["spans"]]
        doc.cats = {label: float(label == row["label"]) for label in LABELS}
        found.append(doc)
    return found


def read_docbin(path: Path) -> list[Any]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    found = DocBin().from_disk(path).get_docs(Vocab())
    return [(doc.text, [(e.start_char, e.end_char, e.label_) for e in doc.ents]) for doc in found]


def write_docbin(path: Path, made: Iterable[Any]) -> None:
    from spacy.tokens import DocBin

    DocBin(attrs=["ORTH", "ENT_IOB", "ENT_TYPE"], docs=made).to_disk(path)


def made_of(each: Callable[[Row], Any]) -> Callable[[Iterable[Row]], Any]:
    return lambda found: [each(row) for row in found]


LIBRARIES = {
    "csv": ["pandas"],
    "excel": ["pandas", "openpyxl"],
    "parquet": ["pyarrow.parquet"],
    "conll": ["spacy.lang.en"],
    "docbin": ["spacy.lang.en"],
}
LABELLED = ("prodigy", "doccano", "label_studio", "argilla", "docbin")
TOOL = {"task": "topic", "spans": "names"}
ON = {"offsets": "codepoint"}
# Format: suffix, how the content is made from rows, plain reading and writing, the most records,
# options of the import.
FORMATS: dict[str, tuple[str, Any, Any, Any, int, dict[str, Any]]] = {
    "csv": ("csv", lambda r: frame(map(plain, r)), read_csv, write_csv, MOST, {}),
    "jsonl": ("jsonl", made_of(plain), read_lines, write_lines, 2 * MOST, {}),
    "json": ("json", made_of(plain), read_array, write_array, MOST, {}),
    "parquet": ("parquet", lambda r: table(map(plain, r)), read_parquet, write_parquet, MOST, {}),
    "excel": ("xlsx", lambda r: frame(map(plain, r)), read_excel, write_excel, 50_000, {}),
    "prodigy": ("jsonl", made_of(prodigy), read_lines, write_lines, 2 * MOST, TOOL),
    "doccano": ("jsonl", made_of(doccano), read_lines, write_lines, MOST, TOOL | ON),
    "label_studio": ("json", made_of(label_studio), read_array, write_array, MOST, ON),
    "argilla": ("json", made_of(argilla), read_array, write_array, MOST, ON),
    "conll": ("conll", made_of(conll), read_conll, write_conll, MOST, {"spans": "names"}),
    "docbin": ("spacy", docs, read_docbin, write_docbin, 200_000, TOOL),
}


# What a project keeps of a record: itself, an event for each of its tasks, a row for each label.
TABLES = {
    "record": "id, text, stars",
    "event": "operation, record, task, outcome, before, after",
    "label": "task, record, actor, position, version, label, start, end, surface",
}


def kept(name: str, count: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that a format's records make in a database."""
    found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
    classes, spans = name in LABELLED, name in LABELLED or name == "conll"
    for n, row in enumerate(rows(count), start=1):
        found["record"].append((row["id"], row["text"], row["stars"]))
        if classes:
            found["event"].append((1, n, 1, "applied", "null", '{"label":1}'))
            found["label"].append((1, n, "ann", 0, n, 1, None, None, None))
        if spans:
            said = [[s, e, 1, row["text"][s:e]] for s, e, _ in row["spans"]]
            found["event"].append((1, n, 2, "applied", "null", json.dumps({"spans": said})))
            found["label"] += [
                (2, n, "ann", at, n, 1, *one[:2], one[3]) for at, one in enumerate(said)
            ]
    return found


def insert(path: Path, found: dict[str, list[tuple[Any, ...]]]) -> None:
    """Put rows into a database by one executemany a table, at synchronous=FULL."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN")
    for table, columns in TABLES.items():
        marks = ", ".join("?" * len(columns.split(", ")))
        connection.execute(
            f"CREATE TABLE {table} ({columns.replace('end', chr(34) + 'end' + chr(34))})"
        )
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", found[table])
    connection.execute("COMMIT")
    connection.close()


def select(path: Path) -> int:
    """Take all rows out of a database."""
    connection = sqlite3.connect(path)
    count = sum(len(connection.execute(f"SELECT * FROM {table}").fetchall()) for table in TABLES)
    connection.close()
    return count


def measured(what: str, name: str, count: int, folder: Path) -> float:
    """Do one thing in this process and return its seconds."""
    suffix, content, read, write, _, options = FORMATS[name]
    path, out = folder / f"in-{name}.{suffix}", folder / f"out-{what}-{name}.{suffix}"
    if what == "make":
        write(path, content(rows(count)))
        return 0.0
    writes = what in ("write", "write stored")
    made = content(rows(count)) if writes else None
    own = kept(name, count) if "stored" in what else {}
    database = folder / f"{what}-{name}.db"
    if what == "write stored":
        insert(database, own)
    # What is measured is work, not loading libraries.
    import refinery_nb as rn

    assert rn.open
    for library in LIBRARIES.get(name, ()):
        importlib.import_module(library)
    begun = time.perf_counter()
    if what == "read":
        assert read(path) is not None
    elif what == "read stored":
        assert read(path) is not None
        insert(database, own)
    elif writes:
        assert what == "write" or select(database)
        write(out, made)
    else:
        key = "id" if name not in ("conll", "docbin") else None
        with rn.open(folder / name) as project:
            if what == "import":
                report = project.add(path, format=name, key=key, **options)
                assert report.added == count, report
            else:
                chosen = (
                    {} if name in ("csv", "jsonl", "json", "parquet", "excel") else {"format": name}
                )
                project.export(out, **chosen)
    return time.perf_counter() - begun


def child(what: str, name: str, count: int, folder: Path) -> tuple[float, float]:
    """Do one thing in a process of its own; return its seconds and its peak of memory in MB."""
    command = [sys.executable, __file__, "--child", what, name, str(count), str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"{what} {name}: {told.stderr}")
    seconds, peak = json.loads(told.stdout)
    return seconds, peak


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        what, name, count, folder = sys.argv[2:]
        seconds = measured(what, name, int(count), Path(folder))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([seconds, peak]))
        return 0
    wanted = int(sys.argv[1].replace("_", "").replace(",", "")) if sys.argv[1:] else COUNT
    names = sys.argv[2:] or list(FORMATS)
    print(
        f"{'':13} {'records':>9}   seconds: library stored   ours   ours/library ours/stored   MB"
    )
    for name in names:
        count = min(wanted, FORMATS[name][4])
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            child("make", name, count, place)
            for verb, plainly in (("import", "read"), ("export", "write")):
                each = (plainly, f"{plainly} stored", verb)
                (library, _), (least, _), (ours, peak) = [
                    child(what, name, count, place) for what in each
                ]
                print(
                    f"{name:13} {count:9,} {verb:7}  {library:8.2f} {least:6.2f} {ours:6.2f}"
                    f" {ours / library:12.2f} {ours / least:11.2f} {peak:8.0f}",
                    flush=True,
                )
    print("goal: ours at most 3 times the plain call; stored is the least for a project on disk")
    return 0


if __name__ == "__main__":
    sys.exit(main())
