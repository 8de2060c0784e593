"""Bricks for money: accounts and cards with their check digits, amounts, shares."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.shapes import examples, label, pattern

GROUP = "money"

IBAN = r"""
import re

LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "BA": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28,
    "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GE": 22,
    "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21,
    "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18,
    "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "TN": 24, "TR": 26, "UA": 29,
}
COUNTRIES = "|".join(
    rf"{country}[0-9](?: ?[0-9A-Z]){{{length - 3}}}" for country, length in LENGTHS.items()
)
CANDIDATE = re.compile(rf"(?<!\w)(?=[A-Z]{{2}}[0-9])(?:{COUNTRIES})(?!\w)")


def iban(record):
    for match in CANDIDATE.finditer(record[ON] or ""):
        compact = match[0].replace(" ", "")
        # ISO 7064, modulus 97: the first four characters at the end, letters as numbers.
        digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
        if int(digits) % 97 == 1:
            yield LABEL, match.start(), match.end()
"""

CREDIT_CARD = r"""
import re

CANDIDATE = re.compile(r"(?<![\w.,-])[2-6](?:[ -]?[0-9]){12,18}(?![\w-]|[.,][0-9])")


def credit_card(record):
    for match in CANDIDATE.finditer(record[ON] or ""):
        digits = [int(char) for char in match[0] if char.isdigit()]
        total = 0
        for place, digit in enumerate(reversed(digits)):
            doubled = digit * 2 if place % 2 else digit  # Luhn's formula
            total += doubled - 9 if doubled > 9 else doubled
        if total % 10 == 0 and len(set(digits)) > 1:
            yield LABEL, match.start(), match.end()
"""

VAT_ID = r"""
import re

PATTERN = re.compile(
    r"(?<!\w)(?:ATU[0-9]{8}|BE[01][0-9]{9}|CY[0-9]{8}[A-Z]|CZ[0-9]{8,10}|DE[0-9]{9}|DK[0-9]{8}"
    r"|EE[0-9]{9}|EL[0-9]{9}|ES[0-9A-Z][0-9]{7}[0-9A-Z]|FI[0-9]{8}|FR[0-9A-Z]{2}[0-9]{9}"
    r"|HR[0-9]{11}|HU[0-9]{8}|IE[0-9][0-9A-Z][0-9]{5}[A-Z]{1,2}|IT[0-9]{11}|LU[0-9]{8}"
    r"|LV[0-9]{11}|MT[0-9]{8}|NL[0-9]{9}B[0-9]{2}|PL[0-9]{10}|PT[0-9]{9}|RO[0-9]{2,10}"
    r"|SE[0-9]{10}01|SI[0-9]{8}|SK[0-9]{10})(?!\w)"
)


def vat_id(record):
    for match in PATTERN.finditer(record[ON] or ""):
        if match[0].startswith("DE"):
            product = 10  # ISO 7064, modulus 11, 10: the last digit checks the others
            for char in match[0][2:-1]:
                product = 2 * ((int(char) + product) % 10 or 10) % 11
            if (11 - product) % 10 != int(match[0][-1]):
                continue
        yield LABEL, match.start(), match.end()
"""

BRICKS = (
    Brick(
        "iban",
        "extractor",
        GROUP,
        "International bank account numbers (IBAN), with the length of their country and right"
        " check digits.",
        IBAN,
        (label("IBAN", "what a number is labelled"),),
        examples(
            ("To DE89 3704 0044 0532 0130 00, thanks", ["DE89 3704 0044 0532 0130 00"]),
            (
                "GB82WEST12345698765432 NO9386011117947",
                ["GB82WEST12345698765432", "NO9386011117947"],
            ),
            ("DE88 3704 0044 0532 0130 00", []),
            ("DE89 3704 0044 0532 0130", []),
            ("💩FR1420041010050500013M02606!", ["FR1420041010050500013M02606"]),
        ),
    ),
    Brick(
        "credit_card",
        "extractor",
        GROUP,
        "Numbers of payment cards, checked by Luhn's formula.",
        CREDIT_CARD,
        (label("CARD", "what a number is labelled"),),
        examples(
            ("Card 4111 1111 1111 1111.", ["4111 1111 1111 1111"]),
            ("5500-0000-0000-0004, 378282246310005", ["5500-0000-0000-0004", "378282246310005"]),
            ("4111 1111 1111 1112", []),
            ("4444444444444444 and 12345678901234567890123", []),
            ("💳4111111111111111", ["4111111111111111"]),
        ),
    ),
    pattern(
        "amount",
        GROUP,
        "Amounts of money with a currency sign or code before or after: $1,200.50, 12,50 €.",
        [
            r"(?<![\w.,])(?:(?:US|A|C|NZ|HK)?[$€£¥₹₽₩₺] ?|(?:USD|EUR|GBP|CHF|JPY|CNY|AUD|CAD|INR",
            r"|SEK|NOK|DKK|PLN|CZK) ?)",
            r"(?:[0-9]{1,3}(?:[.,'’ ][0-9]{3}){1,5}|[0-9]{1,12})(?:[.,][0-9]{1,2})?(?![0-9])",
            r"(?: ?(?:million|billion|trillion|bn|mn|Mio\.?|Mrd\.?|[mkKM])(?!\w))?",
            r"|(?<![\w.,])(?:[0-9]{1,3}(?:[.,'’ ][0-9]{3}){1,5}|[0-9]{1,12})(?:[.,][0-9]{1,2})?",
            r"(?: ?(?:million|billion|trillion|bn|mn|Mio\.?|Mrd\.?|[mkKM])(?!\w))?",
            r"(?: ?[$€£¥₹₽₩₺](?!\w)| ?(?:USD|EUR|GBP|CHF|JPY|CNY|AUD|CAD|INR|SEK|NOK|DKK|PLN|CZK",
            r"|dollars?|euros?|pounds?|cents?|yen|Euro)(?!\w))",
        ],
        "MONEY",
        examples(
            ("It cost $1,200.50 then, now 12,50 €.", ["$1,200.50", "12,50 €"]),
            ("EUR 3 million, 20 dollars, £5m", ["EUR 3 million", "20 dollars", "£5m"]),
            ("1.234,00 EUR", ["1.234,00 EUR"]),
            ("In 2024 there were 300 people, 5 %", []),
            ("💰US$ 5", ["US$ 5"]),
        ),
    ),
    pattern(
        "percentage",
        GROUP,
        "Percentages such as 5 %, -3.5% or 20 percent.",
        [
            r"(?<![\w.,])[-+−]?[0-9]{1,9}(?:[.,][0-9]{1,6})?",
            r"(?: ?[%‰](?!\w)| (?:percentage points?|percent|per cent|Prozent)(?!\w))",
        ],
        "PERCENT",
        examples(
            ("up 5 %, down -3.5%", ["5 %", "-3.5%"]),
            ("20 percent or 2 percentage points", ["20 percent", "2 percentage points"]),
            ("−1,5‰", ["−1,5‰"]),
            ("100 people, a %s, 5 percents", []),
            ("", []),
        ),
    ),
    Brick(
        "vat_id",
        "extractor",
        GROUP,
        "VAT identification numbers of the European Union by their form; German ones with their"
        " check digit.",
        VAT_ID,
        (label("VAT", "what a number is labelled"),),
        examples(
            ("VAT DE136695976", ["DE136695976"]),
            ("ATU12345678 and NL123456789B01", ["ATU12345678", "NL123456789B01"]),
            ("DE136695975", []),
            ("DE1366959761 or xATU12345678", []),
            ("", []),
        ),
    ),
)
