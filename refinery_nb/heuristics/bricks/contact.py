"""Bricks for ways to reach somebody: addresses, numbers, handles."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label, pattern

GROUP = "contact"

URL = r"""
import re

PATTERN = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"'`{}|\\^]{1,2000}", re.IGNORECASE)


def url(record):
    for match in PATTERN.finditer(record[ON] or ""):
        address = match[0].rstrip(".,;:!?*_")
        # A bracket belongs to the address only if it was opened there.
        while address.endswith((")", "]")):
            last = address[-1]
            if address.count("(" if last == ")" else "[") >= address.count(last):
                break
            address = address[:-1].rstrip(".,;:!?*_")
        if len(address) > 8:
            yield LABEL, match.start(), match.start() + len(address)
"""

IP_ADDRESS = r"""
import ipaddress
import re

CANDIDATE = re.compile(
    r"(?<![\w.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{3,39})(?![\w:]|\.[0-9])"
)


def ip_address(record):
    for match in CANDIDATE.finditer(record[ON] or ""):
        try:
            version = ipaddress.ip_address(match[0]).version
        except ValueError:
            continue
        if VERSION in ("any", str(version)):
            yield LABEL, match.start(), match.end()
"""

ZIP_CODE = r"""
import re

SHAPES = {
    "at": r"[1-9][0-9]{3}",
    "ca": r"[ABCEGHJ-NPRSTVXY][0-9][A-Z] ?[0-9][A-Z][0-9]",
    "ch": r"[1-9][0-9]{3}",
    "de": r"(?:D-)?(?:0[1-9]|[1-9][0-9])[0-9]{3}",
    "es": r"(?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}",
    "fr": r"(?:F-)?(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}",
    "nl": r"[1-9][0-9]{3} ?[A-Z]{2}",
    "uk": r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}",
    "us": r"[0-9]{5}(?:-[0-9]{4})?",
}
PATTERN = re.compile(rf"(?<![\w.,/-]){SHAPES[COUNTRY]}(?![\w/-]|[.,][0-9])")


def zip_code(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

BRICKS = (
    pattern(
        "email",
        GROUP,
        "E-mail addresses such as ann@example.org.",
        [
            r"(?<![\w.+-])[\w.+-]{1,64}@",
            r"[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?){1,8}",
        ],
        "EMAIL",
        examples(
            ("Write to ann@example.org.", ["ann@example.org"]),
            ("a.b+c@mail.example.co.uk, x@y.de", ["a.b+c@mail.example.co.uk", "x@y.de"]),
            ("jörg@müller.example 💩", ["jörg@müller.example"]),
            ("at @home, me@, @example.org, a@localhost", []),
            ("", []),
        ),
    ),
    Brick(
        "url",
        "extractor",
        GROUP,
        "Addresses of web pages that begin with http, https or www.",
        URL,
        (label("URL", "what an address is labelled"),),
        examples(
            ("See https://example.org/a?b=1#c.", ["https://example.org/a?b=1#c"]),
            ("(www.example.org)", ["www.example.org"]),
            ("https://example.org/wiki/A_(b), x", ["https://example.org/wiki/A_(b)"]),
            ("http://例え.jp/道 now", ["http://例え.jp/道"]),
            ("http:// and https or www. alone", []),
        ),
    ),
    pattern(
        "phone",
        GROUP,
        "Telephone numbers: international, with a trunk 0, or North American. Not plain digits.",
        [
            r"(?<![\w.+/-])(?:",
            r"\+[1-9][0-9]{0,2}(?:[ ()./-]{0,3}[0-9]){5,12}",
            r"|00[1-9](?:[ ()./-]{0,3}[0-9]){8,13}",
            r"|\(?0[1-9][0-9]{1,4}\)?[ /-]{1,3}[0-9](?:[ -]?[0-9]){4,9}",
            r"|(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}",
            r")(?![\w/]|[.-][0-9])",
        ],
        "PHONE",
        examples(
            ("Call +49 30 1234567 or 030/1234567.", ["+49 30 1234567", "030/1234567"]),
            ("(415) 555-2671, 415-555-2671", ["(415) 555-2671", "415-555-2671"]),
            ("☎ +44 (0)20 7946 0958, 0049301234567", ["+44 (0)20 7946 0958", "0049301234567"]),
            ("Order 123456789 of 2024-01-15 for 1,234,567, no. 001107539", []),
            ("", []),
        ),
    ),
    Brick(
        "ip_address",
        "extractor",
        GROUP,
        "IP addresses of version 4 and 6, checked to be possible ones.",
        IP_ADDRESS,
        (
            label("IP", "what an address is labelled"),
            Parameter("version", "choice", "any", "which addresses", ("any", "4", "6")),
        ),
        examples(
            ("from 192.168.0.1 to 10.0.0.255", ["192.168.0.1", "10.0.0.255"]),
            ("at 2001:db8::1, and ::1", ["2001:db8::1", "::1"]),
            ("at 12:30, version 1.2.3, 300.1.1.1, 1.2.3.4.5", []),
            ("10.0.0.1 or ::1", ["::1"], {"version": "6"}),
            ("１０.0.0.1", []),
        ),
    ),
    pattern(
        "hashtag",
        GROUP,
        "Hashtags such as #late; not #1.",
        [r"(?<![\w&/#])#(?=[0-9_]{0,40}[^\W\d_])\w{1,140}"],
        "HASHTAG",
        examples(
            ("So #late again #Tag_2", ["#late", "#Tag_2"]),
            ("#größe #東京", ["#größe", "#東京"]),
            ("We are #1, &#39; a#b ##x", []),
            ("", []),
        ),
    ),
    pattern(
        "mention",
        GROUP,
        "Handles such as @ann; not e-mail addresses.",
        [r"(?<![\w.@/+-])@\w(?:[\w.-]{0,62}\w)?"],
        "MENTION",
        examples(
            ("@ann and @bob.smith.", ["@ann", "@bob.smith"]),
            ("hi @jörg_1!", ["@jörg_1"]),
            ("ann@example.org, @ home, @@x", []),
            ("", []),
        ),
    ),
    pattern(
        "postal_address",
        GROUP,
        "Streets with a house number, in English or German order: 12 Main Street, Hauptstr. 12.",
        [
            r"(?<!\w)(?:[0-9]{1,5}[A-Za-z]? (?:[A-Z][\w.'-]{0,30} ){1,4}",
            r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square",
            r"|Sq|Place|Pl|Terrace|Parkway|Highway|Hwy|Way)(?!\w)",
            r"|[A-ZÄÖÜ][\w-]{0,40}?(?: (?:S|W|P|A|G|R)|(?<=\w)[swpagr])",
            r"(?:traße|trasse|tr\.|eg|latz|llee|asse|ing)",
            r" [0-9]{1,4}(?: ?[a-z])?(?!\w))",
        ],
        "ADDRESS",
        examples(
            ("Send it to 12 Main Street, please.", ["12 Main Street"]),
            ("Hauptstraße 12a, Berliner Allee 7", ["Hauptstraße 12a", "Berliner Allee 7"]),
            ("221B Baker St", ["221B Baker St"]),
            ("It took 12 main streets and 3 ways.", []),
            ("", []),
        ),
    ),
    Brick(
        "zip_code",
        "extractor",
        GROUP,
        "Postal codes (zip codes) of one country, by their form.",
        ZIP_CODE,
        (
            label("ZIP", "what a code is labelled"),
            Parameter(
                "country",
                "choice",
                "us",
                "whose codes",
                ("at", "ca", "ch", "de", "es", "fr", "nl", "uk", "us"),
            ),
        ),
        examples(
            ("Springfield, IL 62704-1234", ["62704-1234"]),
            ("10115 Berlin, D-80331 München", ["10115", "D-80331"], {"country": "de"}),
            ("London SW1A 1AA", ["SW1A 1AA"], {"country": "uk"}),
            ("12345.67 or 123456 or 1-12345", []),
            ("", []),
        ),
    ),
)
