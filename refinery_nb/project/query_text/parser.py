"""A query in words, read: from its text to the conditions of ``core.query``.

It goes down the grammar (see the package) once, from left to right. At the end of the text it
notes what could stand there: that is what completion offers.
"""

from __future__ import annotations

from collections.abc import Iterable

from refinery_nb.core.errors import did_you_mean
from refinery_nb.core.query import And, Condition, Not, Or, TextSearch
from refinery_nb.project.query_text import fields, predicates
from refinery_nb.project.query_text.lexer import QueryTextError, Token, tokens
from refinery_nb.project.query_text.vocabulary import Vocabulary

DEEPEST = 100  # parentheses inside each other
JOINING = ("and", "or", "not")
# Words that are operators after a field; elsewhere they are words to search for.
WORD_OPERATORS = (
    "contains",
    "starts",
    "ends",
    "matches",
    "in",
    "is",
    "missing",
    "exists",
    "not",
)
WITH_COLON = ("meaning", "like", "slice", "search")  # and a text


class Parser:
    """Reads one query; ``offers`` is what could stand at its end: (kind, text) pairs."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.offers: list[tuple[str, str]] = []

    def query(self) -> Condition:
        """Return the condition that the whole text says; an empty text: all records."""
        if self.at_end:
            self._offer_beginning()
            return And(())
        found = self._or()
        if self.at < len(self.tokens) - 1:
            raise self.error("this closes nothing.", hint="Leave it out, or write it in quotes.")
        return found

    # What the parts of the grammar share

    @property
    def token(self) -> Token:
        """The word that is looked at."""
        return self.tokens[self.at]

    @property
    def at_end(self) -> bool:
        """Whether there is no word left."""
        return self.token.kind == "end"

    def after(self, by: int = 1) -> Token:
        """Return a later word."""
        return self.tokens[min(self.at + by, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Go on to the next word and return the one before."""
        found = self.token
        if found.kind != "end":
            self.at += 1
        return found

    def offer(self, kind: str, names: Iterable[str]) -> None:
        """Note what could stand here, if here is the end."""
        if self.token.kind == "end":
            self.offers += [(kind, name) for name in names]

    def error(
        self, message: str, token: Token | None = None, hint: str | None = None
    ) -> QueryTextError:
        """Return the error that points at a word."""
        at = token or self.token
        return QueryTextError(message, self.text, at.start, at.end, hint)

    def is_word(self, *words: str) -> bool:
        """Say whether one of these words stands here, unquoted, in any case."""
        return self.token.kind == "word" and self.token.value.lower() in words

    def unknown(self, what: str, token: Token, known: Iterable[str]) -> QueryTextError:
        """Return the error for a name that does not exist."""
        names = list(known)
        return self.error(
            f"there is no {what} {token.value!r}.", token, did_you_mean(token.value, names)
        )

    # The grammar

    def _or(self) -> Condition:
        parts = [self._and()]
        while self.is_word("or"):
            self.take()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._not()]
        while True:
            self.offer("joining", ("and", "or"))
            if self.is_word("and"):
                self.take()
            elif self.token.kind in ("end", ")", ",") or self.is_word("or"):
                break
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Condition:
        if self.is_word("not") or self.token.kind == "minus":
            self.take()
            self.depth += 1
            self._check_depth()
            found = Not(self._not())
            self.depth -= 1
            return found
        return self._primary()

    def _primary(self) -> Condition:
        self._offer_beginning()
        token = self.token
        if token.kind == "end":
            raise self.error("here something is missing.", hint="Write a condition.")
        if token.kind == "(":
            return self._group()
        if self._is_call():
            if token.value in fields.CALLS:
                return fields.comparison(self, fields.called(self))
            return predicates.called(self)
        if self._is_short():
            return predicates.short(self)
        if token.kind in ("word", "name") and self._is_field():
            return fields.comparison(self, fields.named(self))
        if token.kind in ("word", "string"):
            return self._words()
        if token.kind == "name":
            raise self.unknown("attribute or task", token, self._names())
        raise self.error(
            f"{token.value!r} cannot stand here.",
            hint="A condition begins with a field, a word to search for, not or (.",
        )

    def _group(self) -> Condition:
        opened = self.take()
        self.depth += 1
        self._check_depth()
        found = self._or()
        self.depth -= 1
        self.close(opened)
        return found

    def close(self, opened: Token) -> None:
        """Take the parenthesis that closes an earlier one."""
        if self.token.kind != ")":
            if not self.at_end:
                raise self.error(f"{self.token.value!r} cannot stand here.", hint="Expected: ).")
            raise self.error("this parenthesis is not closed.", opened, "Write ) at its end.")
        self.take()

    def inner(self) -> Condition:
        """Return a condition inside the parentheses of ``all`` or ``any``."""
        self.depth += 1
        self._check_depth()
        found = self._or()
        self.depth -= 1
        return found

    def _check_depth(self) -> None:
        if self.depth > DEEPEST:
            raise self.error(f"there are more than {DEEPEST} parentheses inside each other here.")

    def _is_call(self) -> bool:
        token, opened = self.token, self.after()
        if token.kind != "word" or opened.kind != "(" or opened.start != token.end:
            return False
        if token.value in fields.CALLS or token.value in predicates.CALLS:
            return True
        known = (*fields.CALLS, *predicates.CALLS)
        raise self.unknown("condition", token, known)

    def _is_short(self) -> bool:
        token, colon = self.token, self.after()
        own = token.kind == "word" and token.value in WITH_COLON
        return own and colon.value == ":" and token.value not in self.vocabulary.attributes

    def _is_field(self) -> bool:
        """Say whether what stands here is compared with something."""
        name, operator = self.token.value, self.after()
        known = name in self.vocabulary.attributes or name in self.vocabulary.tasks
        if operator.kind == "op":
            if known or name in fields.DEFAULTED:
                return True
            if self.token.kind == "word":
                hint = did_you_mean(name, self._names())
                raise self.error(
                    f"there is no attribute or task {name!r}.",
                    hint=f"{hint} To search for the words, write them in quotes.",
                )
        if operator.kind == "word" and operator.value.lower() in WORD_OPERATORS:
            if known:
                return True
            listed = operator.value.lower() == "in" and self.after(2).kind == "("
            if name in fields.DEFAULTED and operator.value.lower() in ("in", "is", "missing"):
                return True
            if listed or operator.value.lower() in ("contains", "matches"):
                raise self.unknown("attribute or task", self.token, self._names())
        # A name alone at the end is being typed: its operators are offered.
        return self.token.kind == "name" and known

    def _words(self) -> Condition:
        """Take words and phrases that follow each other: a full-text search for all of them."""
        parts: list[str] = []
        while self.token.kind in ("word", "string"):
            token = self.token
            if parts and (self.is_word(*JOINING) or self._begins_condition()):
                break
            said = token.value.replace('"', " ")
            parts.append(f'"{said}"' if token.kind == "string" else token.value)
            self.take()
            if self.at_end:
                self._offer_after_word(token)
        return TextSearch(" ".join(parts))

    def _begins_condition(self) -> bool:
        if self.token.kind == "string":
            return False
        return self._is_call() or self._is_short() or self._is_field()

    def _offer_after_word(self, token: Token) -> None:
        name = token.value
        if token.kind == "word" and (
            name in self.vocabulary.attributes
            or name in self.vocabulary.tasks
            or name in fields.DEFAULTED
        ):
            self.offers += [("operator", one) for one in fields.operators(self, name)]

    def _offer_beginning(self) -> None:
        self.offer("attribute", self.vocabulary.attributes)
        self.offer("task", self.vocabulary.tasks)
        self.offer("field", (f"{name}(" for name in fields.CALLS))
        self.offer("condition", (f"{name}(" for name in predicates.CALLS if name != "raw"))
        self.offer("joining", ("not",))

    def _names(self) -> list[str]:
        return [*self.vocabulary.attributes, *self.vocabulary.tasks, *fields.DEFAULTED]
