"""Bricks for names: people, organisations, anything written with capitals, quotations."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "names"

PERSON_TITLE = r"""
import re

UPPER = "A-ZÀ-ÖØ-ÞČĆĐŁŃŚŠŞİŹŻŽ"
TITLE = "|".join(re.escape(one) for one in TITLES)
NAME = rf"[{UPPER}](?:[\w’'-]{{1,30}}|\.)"
PATTERN = re.compile(
    rf"(?<![\w-])(?:(?:{TITLE})\.? ){{1,3}}((?:(?:von|van|de|der|den|di|la|al|bin) ){{0,2}}{NAME}"
    rf"(?: (?:(?:von|van|de|der|den|di|la|al|bin) ){{0,2}}{NAME}){{0,3}})"
)


def person_title(record):
    for match in PATTERN.finditer(record[ON] or ""):
        end = match.end() - 2 if match[0].endswith(("'s", "’s")) else match.end()
        yield LABEL, match.start(0 if WITH_TITLE else 1), end
"""

ORGANISATION = r"""
import re

UPPER = "A-ZÀ-ÖØ-ÞČĆĐŁŃŚŠŞİŹŻŽ"
FORM = "|".join(re.escape(one) for one in sorted(FORMS, key=len, reverse=True))
WORD = rf"[{UPPER}0-9][\w’'.-]{{0,30}}"
PATTERN = re.compile(
    rf"(?<![\w&])(?:{WORD} (?:(?:&|and|und|of|for|für|et) )?){{0,4}}{WORD},? "
    rf"(?:(?:&|and|of) )?(?:{FORM})(?![\w-])\.?"
)
ARTICLES = re.compile(r"(?:The|A|An|At|In|By|From|With|For|And|But|Die|Der|Das|Bei|Von) ")


def organisation(record):
    for match in PATTERN.finditer(record[ON] or ""):
        article = ARTICLES.match(match[0])
        start = match.start() + (article.end() if article else 0)
        text = match[0][start - match.start() :]
        # A full stop belongs to Inc. and Co., not to GmbH at the end of a sentence.
        stop = text.endswith(".") and not text.endswith(("Inc.", "Corp.", "Ltd.", "Co.", "Bros."))
        if " " in text:
            yield LABEL, start, match.end() - stop
"""

CAPITALISED_NAME = r"""
import re

UPPER = "A-ZÀ-ÖØ-ÞČĆĐŁŃŚŠŞİŹŻŽ"
WORD = rf"[{UPPER}][\w’'-]{{1,30}}"
PATTERN = re.compile(
    rf"(?<!\w){WORD}(?: (?:(?:of|the|von|van|der|de|di|da|del|la|al|bin|&) ){{0,2}}{WORD}){{0,5}}"
)
SKIPPED = frozenset(NOT_FIRST)


def capitalised_name(record):
    for match in PATTERN.finditer(record[ON] or ""):
        start, words = match.start(), match[0].split(" ")
        # The first word of a sentence is capitalised anyway: small words are no names.
        while words and (words[0].lower() in SKIPPED or words[0].islower()):
            start += len(words.pop(0)) + 1
        if len(words) >= LEAST_WORDS:
            name = " ".join(words)
            end = start + len(name) - (2 if name.endswith(("'s", "’s")) else 0)
            yield LABEL, start, end
"""

ACRONYM = r"""
import re

PATTERN = re.compile(r"(?<![\w.-])(?:[A-Z]{2,6}s?|(?:[A-Z]\.){2,6})(?![\w-])")


def acronym(record):
    text = record[ON] or ""
    if text.isupper() and len(text.split()) > 2:
        return  # it shouts: no word can be told from an acronym
    for match in PATTERN.finditer(text):
        yield LABEL, match.start(), match.end()
"""

QUOTED_TEXT = r"""
import re

PATTERN = re.compile(
    r'"([^"\n]{1,300})"|“([^“”\n]{1,300})”|„([^„“”\n]{1,300})[“”]|«([^«»\n]{1,300})»'
    r"|»([^«»\n]{1,300})«|(?<!\w)‘([^‘’\n]{1,300})’(?!\w)|「([^「」\n]{1,300})」"
)


def quoted_text(record):
    for match in PATTERN.finditer(record[ON] or ""):
        if match[match.lastindex].strip():
            group = 0 if WITH_MARKS else match.lastindex
            yield LABEL, match.start(group), match.end(group)
"""

TITLES = (
    *("Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof", "Professor", "Sir", "Dame", "Lord", "Lady"),
    *("President", "Senator", "Minister", "Judge", "Captain", "Colonel", "Sergeant", "Gov"),
    *("King", "Queen", "Prince", "Princess", "Pope", "Sen", "Rep", "Herr", "Herrn", "Frau"),
    *("Monsieur", "Madame", "Señor", "Señora", "Signor", "Signora"),
)
FORMS = (
    *("Inc", "Incorporated", "Corp", "Corporation", "Ltd", "Limited", "LLC", "LLP", "PLC", "plc"),
    *("Co", "Company", "Bros", "Group", "Holding", "Holdings", "Partners", "Bank", "Airlines"),
    *("University", "Institute", "Foundation", "Association", "GmbH", "AG", "SE", "KG", "OHG"),
    *("e.V", "SA", "S.A", "SARL", "SAS", "SpA", "S.p.A", "Srl", "BV", "B.V", "NV", "N.V", "AB"),
    *("Oy", "AS", "A/S", "Pty", "Pvt", "Ltda", "Kft"),
)
NOT_FIRST = (
    *("a", "an", "the", "and", "but", "or", "if", "in", "on", "at", "by", "for", "from", "of"),
    *("to", "with", "as", "when", "while", "after", "before", "i", "we", "you", "he", "she"),
    *("it", "they", "this", "that", "these", "those", "my", "our", "your", "his", "her", "its"),
    *("their", "who", "what", "where", "why", "how", "is", "are", "was", "were", "do", "does"),
    *("did", "can", "will", "not", "no", "yes", "dear", "hello", "hi", "please", "thanks"),
    *("there", "here", "so", "then", "also", "about", "since", "der", "die", "das", "ein", "eine"),
)

BRICKS = (
    Brick(
        "person_title",
        "extractor",
        GROUP,
        "People named with a title: Dr. Ann Smith, Frau von Berg.",
        PERSON_TITLE,
        (
            label("PERSON", "what a person is labelled"),
            Parameter("titles", "words", TITLES, "what stands before a name"),
            Parameter("with_title", "flag", True, "whether the title belongs to the span"),
        ),
        examples(
            ("We met Dr. Ann Smith.", ["Dr. Ann Smith"]),
            ("Prof. Dr. Öztürk and Frau von Berg", ["Prof. Dr. Öztürk", "Frau von Berg"]),
            ("Mr Smith’s car", ["Smith"], {"with_title": False}),
            ("the dr said, Miss it, a general rule", []),
            ("", []),
        ),
    ),
    Brick(
        "organisation",
        "extractor",
        GROUP,
        "Organisations by what ends their name: Acme Inc., Müller GmbH, University.",
        ORGANISATION,
        (
            label("ORG", "what an organisation is labelled"),
            Parameter("forms", "words", FORMS, "what ends a name"),
        ),
        examples(
            ("Acme Widgets Inc. sold it to Müller GmbH.", ["Acme Widgets Inc.", "Müller GmbH"]),
            ("The Ernst & Young LLP office", ["Ernst & Young LLP"]),
            ("Deutsche Bank, 3M Company", ["Deutsche Bank", "3M Company"]),
            ("The Company and a group of limited size", []),
            ("", []),
        ),
    ),
    Brick(
        "capitalised_name",
        "extractor",
        GROUP,
        "Names written with capitals, two words or more: New York, Bank of England.",
        CAPITALISED_NAME,
        (
            label("NAME", "what a name is labelled"),
            Parameter("least_words", "integer", 2, "words that a name must have"),
            Parameter("not_first", "words", NOT_FIRST, "words that begin no name"),
        ),
        examples(
            ("In New York she saw Bob Smith.", ["New York", "Bob Smith"]),
            ("The Bank of England or Łódź Fabryczna’s", ["Bank of England", "Łódź Fabryczna"]),
            ("Paris is nice", ["Paris"], {"least_words": 1}),
            ("The weather is nice. This Is", []),
            ("", []),
        ),
    ),
    Brick(
        "acronym",
        "extractor",
        GROUP,
        "Acronyms: NATO, U.S., PCs; not in a text that is all capitals.",
        ACRONYM,
        (label("ACRONYM", "what an acronym is labelled"),),
        examples(
            ("NATO and the U.S. bought PCs", ["NATO", "U.S.", "PCs"]),
            ("ÖBB or EU?", ["EU"]),
            ("I am A OK-ish", []),
            ("SEND ME MY PARCEL NOW", []),
            ("", []),
        ),
    ),
    Brick(
        "quoted_text",
        "extractor",
        GROUP,
        "Text between quotation marks of any style.",
        QUOTED_TEXT,
        (
            label("QUOTE", "what a quotation is labelled"),
            Parameter("with_marks", "flag", False, "whether the marks belong to the span"),
        ),
        examples(
            ('She said "no" and “yes”', ["no", "yes"]),
            ("„Guten Tag“ «salut» 「はい」", ["Guten Tag", "salut", "はい"]),
            ('a "b" c', ['"b"'], {"with_marks": True}),
            ("It's Ann's 5\" screen", []),
            ("", []),
        ),
    ),
)
