"""What runs in a remote kernel: it takes work in pieces, does it, and keeps the answer until then.

Pieces are texts in base64, so that whatever is between passes them; the other end is
``compute.remote``. What is called is named by ``"module:function"``: a function of
``(parcel, report)`` that returns a parcel. All functions here return ``"state number piece"``.
"""

from __future__ import annotations

import time
import warnings
from base64 import b64decode, b64encode

from refinery_nb.compute.child import resolve
from refinery_nb.core.errors import RefineryError
from refinery_nb.core.parcel import Parcel

RAW = 3 << 20  # bytes of a piece: 4 MiB in base64
MIME = "application/vnd.refinery-nb.progress+json"
OFTEN = 0.2  # seconds between two messages of progress
FIELDS = ("source", "line", "record", "field", "hint")
KEPT = 4  # answers that nobody has fetched

_coming: dict[str, list[str]] = {}
_answers: dict[str, bytes] = {}


def take(call: str, number: int, piece: str) -> str:
    """Keep a piece of a question; the number is how many there are."""
    pieces = _coming.setdefault(call, [])
    if len(pieces) < number:
        return _said("unknown")
    pieces[number:] = [piece]  # sent again: those after it too
    return _said("taken", len(pieces))


def work(call: str, target: str, number: int, piece: str) -> str:
    """Take the last piece and do what is asked; return the first piece of the answer."""
    said = take(call, number, piece)
    if said == _said("unknown"):
        return said
    question = Parcel.from_bytes(b"".join(map(b64decode, _coming.pop(call))))
    _answers[call] = _done(target, question).to_bytes()
    for old in list(_answers)[:-KEPT]:
        del _answers[old]
    return give(call, 0)


def give(call: str, number: int) -> str:
    """Return a piece of an answer, and how many there are; it is kept until it is dropped."""
    if call not in _answers:
        return _said("unknown")
    answer = _answers[call]
    piece = b64encode(answer[number * RAW : (number + 1) * RAW]).decode("ascii")
    return _said("done", -(-len(answer) // RAW), piece)


def drop(call: str) -> str:
    """Forget an answer."""
    _answers.pop(call, None)
    return _said("dropped")


def _done(target: str, question: Parcel) -> Parcel:
    """Return the answer, or what went wrong, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            answer = resolve(target)(question, _Report())
        except KeyboardInterrupt:
            return Parcel({"error": "KeyboardInterrupt", "message": "it was interrupted."})
        except RefineryError as error:
            where = {name: getattr(error, name) for name in FIELDS}
            return Parcel({"error": type(error).__name__, "message": error.message, "where": where})
        except Exception as error:
            said = f"{type(error).__name__}: {str(error)[:500]}"
            return Parcel({"error": "Exception", "message": said})
    told = [str(one.message) for one in warned if issubclass(one.category, RuntimeWarning)]
    return Parcel({"answer": dict(answer.said), "warnings": told}, answer.texts, answer.arrays)


class _Report:
    """Tells the other end of progress, now and then."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= OFTEN or done >= total:
            from IPython.display import publish_display_data

            self._told = now
            publish_display_data(  # type: ignore[no-untyped-call]
                {MIME: {"done": done, "total": total}}
            )


def _said(state: str, number: int = 0, piece: str = "") -> str:
    """Return what a ``repr`` shows as it is."""
    return f"{state} {number} {piece}"
