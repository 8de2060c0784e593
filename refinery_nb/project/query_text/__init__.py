r"""Queries in words: ``topic is unlabelled and confidence < .6 and "late parcel"``.

A query is a condition on records, or nothing: all of them. It is read to the conditions of
``core.query`` and written back without loss.

::

    query       = and { "or" and }
    and         = not { [ "and" ] not }              side by side means and
    not         = [ "not" | "-" ] primary            not before and, and before or
    primary     = "(" query ")" | comparison | condition | words
    words       = word { word }                      full-text search: late "in time" goal*
    comparison  = field operator value
    field       = an attribute | a task | field of a task
    operator    = "=" "!=" "<" "<=" ">" ">=" ":" "is" "in" "not in"
                  "contains" "starts" "ends" "matches" "missing" "exists"

Names and values that are no plain word stand in quotes, or, where a field is named, in
backquotes: ```my field` = "two words"``. A backslash escapes a quotation mark and itself.

========================================  ========================================================
``stars > 3``, ``stars in 3..5``          an attribute; ranges hold both ends
``kind in (mail, chat)``                  one of a list; ``not in`` too
``text contains "leaks" cased``           upper and lower case differ (as in ``starts``, ``ends``)
``text matches "\d-\d"``                  a regular expression; ``missing``, ``exists``
``length(text) > 100``                    characters of a text
``topic = Sports by ann``                 a manual label; of anybody without ``by``
``topic is unlabelled``                   or labelled, none (reviewed), flagged, skipped,
                                          conflicting (heuristics disagree)
``label:Sports``                          in the task that has this label; ``manual(topic)``
                                          where an attribute has the name of the task
``weak(topic) = Sports``                  the newest weak label; ``weak(topic, 3)`` of run 3
``confidence < .7``                       of the weak label; ``confidence(topic)`` of a task
``vote(topic, late) = Sports``            a heuristic votes so; ``vote(topic)`` any does
``right(topic, late)``                    or wrong, missed, against (``task.hits`` and so on)
``meaning:"late parcel"``                 the 100 nearest; ``meaning("late parcel", 20)``
``like:r12``                              the 100 records most like that key
``similarity("late parcel") > .5``        the cosine similarity
``slice:hard``, ``slice(hard) < 100``     in a slice; the first of a static one
``commented()``, ``commented(ann)``       somebody has a comment on the record
``search("...")``, ``keys(a, b)``         words to search for whatever they are; records by key
``all(...)``, ``any(...)``, ``raw(...)``  lists of conditions; any condition as JSON
========================================  ========================================================

``weak``, ``confidence`` and ``vote`` without a task are of the only task, or of the one that a
Browser shows.
"""

from refinery_nb.project.query_text.completion import Candidate, Completion, complete
from refinery_nb.project.query_text.lexer import QueryTextError
from refinery_nb.project.query_text.parser import Parser
from refinery_nb.project.query_text.printer import written
from refinery_nb.project.query_text.query import query
from refinery_nb.project.query_text.vocabulary import TaskWords, Vocabulary, vocabulary

__all__ = [
    "Candidate",
    "Completion",
    "Parser",
    "QueryTextError",
    "TaskWords",
    "Vocabulary",
    "complete",
    "query",
    "vocabulary",
    "written",
]
