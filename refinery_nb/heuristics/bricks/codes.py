"""Bricks for codes: numbers of books, products, orders, versions, cars."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label, pattern

GROUP = "codes"

ISBN = r"""
import re

CANDIDATE = re.compile(r"(?<![\w-])(?:97[89][- ]?)?[0-9](?:[- ]?[0-9]){8}[- ]?[0-9X](?![\w-])")


def isbn(record):
    for match in CANDIDATE.finditer(record[ON] or ""):
        signs = match[0].replace("-", "").replace(" ", "")
        digits = [10 if sign == "X" else int(sign) for sign in signs]
        if len(digits) == 13:
            right = sum(digits[::2], 3 * sum(digits[1::2])) % 10 == 0 and "X" not in signs
        else:
            right = sum(place * digit for place, digit in enumerate(reversed(digits), 1)) % 11 == 0
        if right and len(set(signs)) > 1:
            yield LABEL, match.start(), match.end()
"""

EAN = r"""
import re

CANDIDATE = re.compile(rf"(?<![\w.,-])[0-9]{{{DIGITS}}}(?![\w-]|[.,][0-9])")


def ean(record):
    for match in CANDIDATE.finditer(record[ON] or ""):
        digits = [int(char) for char in match[0]]
        weighted = sum(digits[-1::-2], 3 * sum(digits[-2::-2]))
        if weighted % 10 == 0 and any(digits):
            yield LABEL, match.start(), match.end()
"""

ORDER_NUMBER = r"""
import re

KINDS = "|".join(re.escape(one) for one in WORDS)
PATTERN = re.compile(
    rf"(?<!\w)(?:{KINDS})(?: ?(?:number|num|no\.?|nr\.?|id|code)(?!\w))?(?: (?:is|was))?"
    r"[ :#-]{1,4}"
    r"((?=[a-z/-]{0,12}[0-9])[a-z0-9](?:[a-z0-9/-]{1,30})[a-z0-9])(?![\w-])",
    re.IGNORECASE,
)


def order_number(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(1), match.end(1)
"""

LICENSE_PLATE = r"""
import re

SHAPES = {
    "de": r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?[1-9][0-9]{0,3}[EH]?",
    "es": r"[0-9]{4}[- ]?[BCDFGHJKLMNPRSTVWXYZ]{3}",
    "fr": r"[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}",
    "it": r"[A-HJ-NPR-TV-Z]{2} ?[0-9]{3} ?[A-HJ-NPR-TV-Z]{2}",
    "uk": r"[A-Z]{2}[0-9]{2} ?[A-Z]{3}",
}
PATTERN = re.compile(rf"(?<![\w-]){SHAPES[COUNTRY]}(?![\w-])")


def license_plate(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

ORDER_WORDS = (
    *("order", "invoice", "ticket", "case", "tracking", "reference", "ref", "booking", "parcel"),
    *("shipment", "customer", "account", "contract", "Bestellung", "Rechnung", "Auftrag"),
    *("Bestellnummer", "Rechnungsnummer", "Kundennummer"),
)

BRICKS = (
    Brick(
        "isbn",
        "extractor",
        GROUP,
        "Numbers of books (ISBN) of 10 or 13 digits with a right check digit.",
        ISBN,
        (label("ISBN", "what a number is labelled"),),
        examples(
            ("ISBN 978-3-16-148410-0.", ["978-3-16-148410-0"]),
            ("0306406152 or 0-8044-2957-X", ["0306406152", "0-8044-2957-X"]),
            ("978-3-16-148410-1, 0306406153", []),
            ("1111111111, call 030 1234567", []),
            ("", []),
        ),
    ),
    Brick(
        "ean",
        "extractor",
        GROUP,
        "Article numbers (EAN, GTIN) with a right check digit.",
        EAN,
        (
            label("EAN", "what a number is labelled"),
            Parameter("digits", "choice", "13", "how long", ("8", "12", "13", "14")),
        ),
        examples(
            ("EAN 4006381333931", ["4006381333931"]),
            ("96385074 here", ["96385074"], {"digits": "8"}),
            ("4006381333932", []),
            ("0000000000000 and 40063813339310", []),
            ("٤٠٠٦٣٨١٣٣٣٩٣١", []),
        ),
    ),
    pattern(
        "uuid",
        GROUP,
        "Identifiers such as 123e4567-e89b-12d3-a456-426614174000 (UUID).",
        [r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])"],
        "ID",
        examples(
            (
                "id=123e4567-e89b-12d3-a456-426614174000;",
                ["123e4567-e89b-12d3-a456-426614174000"],
            ),
            ("123E4567-E89B-12D3-A456-426614174000", ["123E4567-E89B-12D3-A456-426614174000"]),
            ("123e4567e89b12d3a456426614174000", []),
            ("123e4567-e89b-12d3-a456-42661417400g💩", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
    pattern(
        "version_number",
        GROUP,
        "Versions of software: 1.2.3, v2.0, 3.11.0-rc1.",
        [
            r"(?<![\w.])(?:v(?:ersion )?[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}",
            r"|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:-?(?:alpha|beta|rc|dev|pre)\.?[0-9]{0,3})?",
            r"(?![\w-]|\.[0-9])",
        ],
        "VERSION",
        examples(
            ("From 1.2.3 to v2.0.", ["1.2.3", "v2.0"]),
            ("Version 7 and 3.11.0-rc1", ["Version 7", "3.11.0-rc1"]),
            ("💩v10", ["v10"]),
            ("at 10.0.0.1 on 15.01.2024, 3.5", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
    pattern(
        "product_code",
        GROUP,
        "Product codes: capitals and digits such as AB-1234, X200, SKU12345-BL.",
        [
            r"(?<![\w/-])[A-Z]{1,6}[-/]?[0-9]{2,10}[A-Z]{0,3}(?:[-/][A-Z0-9]{1,10}){0,3}",
            r"(?![\w/-])",
        ],
        "PRODUCT",
        examples(
            ("Send me AB-1234 and an X200.", ["AB-1234", "X200"]),
            ("(SKU12345-BL)", ["SKU12345-BL"]),
            ("iPhone 12, room 404, ab-1234, A4", []),
            ("Ä-1234 💩", []),
            ("", []),
        ),
    ),
    Brick(
        "order_number",
        "extractor",
        GROUP,
        "Numbers of orders, invoices, tickets and the like, after the word that says so.",
        ORDER_NUMBER,
        (
            label("ORDER", "what a number is labelled"),
            Parameter("words", "words", ORDER_WORDS, "words that announce a number"),
        ),
        examples(
            ("my order number is 12345-A", ["12345-A"]),
            ("Order #A-9931, invoice: 2024/17", ["A-9931", "2024/17"]),
            ("Rechnung Nr. 4711 💩", ["4711"]),
            ("in order to pay, case closed, order soon", []),
            ("", []),
        ),
    ),
    Brick(
        "license_plate",
        "extractor",
        GROUP,
        "License plates of cars of one country, by their form.",
        LICENSE_PLATE,
        (
            label("PLATE", "what a plate is labelled"),
            Parameter("country", "choice", "de", "whose plates", ("de", "es", "fr", "it", "uk")),
        ),
        examples(
            ("Car B-MW 1234, KÖL-A 7E", ["B-MW 1234", "KÖL-A 7E"]),
            ("seen AB12 CDE there", ["AB12 CDE"], {"country": "uk"}),
            ("AA-123-BB", ["AA-123-BB"], {"country": "fr"}),
            ("AB-1234, b-mw 1, B-MW 12345", []),
            ("", []),
        ),
    ),
    pattern(
        "file_name",
        GROUP,
        "Names of files with a common ending: report.pdf, a.tar.gz.",
        [
            r"(?<![\w.@/\\-])[\w][\w.-]{0,80}\.(?:pdf|docx?|xlsx?|pptx?|txt|csv|tsv|jsonl?|xml|ya?ml",
            r"|html?|md|zip|gz|tar|7z|png|jpe?g|gif|svg|mp[34]|wav|py|ipynb|js|ts|java|cpp|sql|log",
            r"|exe|parquet)(?![\w-]|\.\w)",
        ],
        "FILE",
        examples(
            ("Open report.pdf, then a.tar.gz.", ["report.pdf", "a.tar.gz"]),
            ("übersicht_1.XLSX", ["übersicht_1.XLSX"]),
            ("a.pdfx, .gitignore, me@x.html, e.g. this", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
)
