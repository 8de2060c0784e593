"""Small snapshots as refinery writes them, and archives around them."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

TEXTS = [
    "A late goal for Ajax",
    "Shares of Acme fall",
    "Ajax lose  again",  # two blanks: a token of white space
    "Rain",
    "Profit up at Acme",
]
LF = "from knowledge import teams\n\ndef lf(record):\n    for term in teams:\n"
LF += "        if term in record['text'].text:\n            return 'Sports'\n"
SPAN_LF = "def lf(record):\n    for at, token in enumerate(record['text']):\n"
SPAN_LF += "        if token.text in ('Ajax', 'Acme'):\n            yield 'ORG', at, at + 1\n"
LEARNER = (
    "class ATLClassifier(LearningClassifier):\n    def __init__(self):\n        self.model = 1\n"
)


def association(
    record: int, label: str, source: str, **options: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a row of the labels and the rows of its tokens; source: MANUAL, h1, run1 ..."""
    tokens = options.pop("tokens", None)
    id_ = f"rla-{record}-{label}-{source}-{options.get('created_by', '')}-{tokens}"
    kind = "INFORMATION_SOURCE" if source.startswith("h") else "WEAK_SUPERVISION"
    row = {
        "id": id_,
        "record_id": f"r{record}",
        "labeling_task_label_id": label,
        "source_id": source if source.startswith("h") else "None",
        "weak_supervision_id": source if source.startswith("run") else "None",
        "source_type": "MANUAL" if source == "MANUAL" else kind,
        "return_type": "YIELD" if tokens else "RETURN",
        "confidence": 1.0,
        "is_gold_star": None,
        "created_by": "ann-id",
        "created_at": "2022-07-05 12:00:00.000001",
        **options,
    }
    places = range(tokens[0], tokens[1] + 1) if tokens else ()
    return row, [
        {
            "record_label_association_id": id_,
            "token_index": at,
            "is_beginning_token": at == tokens[0],
        }
        for at in places
    ]


def snapshot(**changes: Any) -> dict[str, Any]:
    """Return a snapshot with one task of each kind; ``changes`` replace tables."""
    said = [
        association(0, "l1", "MANUAL"),
        association(1, "l2", "MANUAL"),
        association(2, "l1", "MANUAL", created_by="bob-id"),
        association(0, "l1", "h1"),
        association(2, "l1", "h1"),
        association(0, "l1", "h2", confidence=0.75),
        association(1, "l2", "h2", confidence="0.9"),
        association(4, "l2", "h2", confidence=0.5),
        association(0, "l1", "run1", confidence=0.98),
        association(1, "l2", "run1", confidence=0.9),
        association(0, "s1", "MANUAL", tokens=(4, 4)),
        association(0, "s1", "h3", tokens=(4, 4)),
        association(2, "s1", "h3", tokens=(0, 0)),
        association(1, "s1", "h3", tokens=(2, 2)),
        association(0, "s1", "run1", tokens=(4, 4), confidence=0.93),
        association(2, "s1", "run1", tokens=(0, 0), confidence=0.93),
    ]
    source = {"return_type": "RETURN", "is_selected": True, "version": 1}
    tables: dict[str, Any] = {
        "project_details_data": {
            "id": "p",
            "name": "News",
            "description": "of the day",
            "tokenizer": "en_core_web_sm",
            "status": "INIT_COMPLETE",
        },
        "records_data": [
            {"id": f"r{at}", "data": {"running_id": at, "text": text}, "category": "SCALE"}
            for at, text in enumerate(TEXTS)
        ],
        "attributes_data": [
            {"id": "a2", "name": "text", "data_type": "TEXT", "relative_position": 2},
            {
                **{"id": "a1", "name": "running_id", "data_type": "INTEGER"},
                **{"is_primary_key": True, "relative_position": 0},
            },
        ],
        "labeling_tasks_data": [
            {
                **{"id": "t1", "name": "topic", "attribute_id": "None"},
                "task_type": "MULTICLASS_CLASSIFICATION",
            },
            {
                **{"id": "t2", "name": "names", "attribute_id": "a2"},
                "task_type": "INFORMATION_EXTRACTION",
            },
        ],
        "labeling_task_labels_data": [
            {"id": "l1", "labeling_task_id": "t1", "name": "Sports", "color": "amber"},
            {"id": "l2", "labeling_task_id": "t1", "name": "Business", "color": "red"},
            {"id": "s1", "labeling_task_id": "t2", "name": "ORG", "color": "sky", "hotkey": "o"},
        ],
        "information_sources_data": [
            {
                **{"id": "h1", "labeling_task_id": "t1", "name": "lkp_teams", "source_code": LF},
                **{**source, "type": "LABELING_FUNCTION"},
            },
            {
                **{"id": "h2", "labeling_task_id": "t1", "name": "learner"},
                **{**source, "type": "ACTIVE_LEARNING", "source_code": LEARNER},
                "description": "learns",
            },
            {
                **{"id": "h3", "labeling_task_id": "t2", "name": "orgs", "source_code": SPAN_LF},
                **{**source, "type": "LABELING_FUNCTION", "is_selected": False},
            },
        ],
        "information_source_payloads_data": [],
        "record_label_associations_data": [row for row, _ in said],
        "record_label_association_tokens_data": [token for _, tokens in said for token in tokens],
        "knowledge_bases_data": [{"id": "k1", "name": "Teams", "description": "of football"}],
        "terms_data": [
            {"knowledge_base_id": "k1", "value": "Ajax", "comment": "of A.", "blacklisted": False},
            {"knowledge_base_id": "k1", "value": "None", "comment": None, "blacklisted": True},
        ],
        "weak_supervision_task_data": [
            {
                **{"id": "run1", "created_at": "2022-07-05 13:00:00.5", "state": "FINISHED"},
                "selected_information_sources": "lkp_teams, learner",
            }
        ],
        "data_slice_data": [{"id": "d1", "name": "a slice"}],
    }
    return {name: table for name, table in {**tables, **changes}.items() if table is not None}


def with_labels(*said: tuple[dict[str, Any], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the tables of these labels, instead of those that are there."""
    return {
        "record_label_associations_data": [row for row, _ in said],
        "record_label_association_tokens_data": [token for _, tokens in said for token in tokens],
    }


def archive(folder: Path, content: Any, name: str = "news.json.zip", **others: str) -> Path:
    """Write a snapshot as the one JSON file of an archive; ``others`` are more members."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("news.json", content if isinstance(content, bytes) else json.dumps(content))
        for member, text in others.items():
            file.writestr(member, text)
    return path


def encrypted(folder: Path, content: Any, password: bytes, name: str = "locked.zip") -> Path:
    """Write a snapshot encrypted as PKZIP does, which the standard library reads only."""
    plain = json.dumps(content).encode()
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    def cipher(data: bytes) -> bytes:
        found = bytearray()
        for byte in data:
            low = keys[2] | 2
            found.append(byte ^ ((low * (low ^ 1)) >> 8) & 255)
            update(byte)
        return bytes(found)

    for byte in password:
        update(byte)
    check = zlib.crc32(plain)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezer.compress(plain) + squeezer.flush()
    body = cipher(bytes(11) + bytes([check >> 24]) + packed)
    member = b"news.json"
    sizes = struct.pack("<HHHHHIIIH", 20, 1, 8, 0, 0, check, len(body), len(plain), len(member))
    local = b"PK\3\4" + sizes + b"\0\0" + member
    central = b"PK\1\2" + struct.pack("<H", 20) + sizes + struct.pack("<HHHHII", 0, 0, 0, 0, 0, 0)
    central += member
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(body), 0)
    path = folder / name
    path.write_bytes(local + body + central + end)
    return path
