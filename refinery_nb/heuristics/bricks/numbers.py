"""Bricks for numbers and quantities."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "numbers"

NUMBER = r"""
import re

WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    "|hundred|thousand|million|billion"
)
SPELT = rf"|(?:(?:{WORDS})(?:[ -](?:and )?(?:{WORDS})){{0,6}})" if SPELT_OUT else ""
PATTERN = re.compile(
    r"(?<![\w.,#&])(?:[-+−]?(?:[0-9]{1,3}(?:[,.’'\u00a0\u202f][0-9]{3}){1,6}|[0-9]{1,18})"
    rf"(?:[.,][0-9]{{1,12}})?{SPELT})(?!\w|[.,][0-9])",
    re.IGNORECASE,
)


def number(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

QUANTITY = r"""
import re

UNIT = "|".join(re.escape(one) for one in sorted(UNITS, key=len, reverse=True))
PATTERN = re.compile(
    r"(?<![\w.,])[-+−]?(?:[0-9]{1,3}(?:[,.’'][0-9]{3}){1,4}|[0-9]{1,12})(?:[.,][0-9]{1,6})?"
    rf"(?: ?[x×] ?[0-9]{{1,6}}(?:[.,][0-9]{{1,3}})?){{0,2}}[ -]?(?:{UNIT})(?!\w)"
)


def quantity(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

UNITS = (
    *("mg", "g", "kg", "oz", "lb", "lbs", "pound", "pounds", "ton", "tons", "tonnes"),
    *("gram", "grams", "kilo", "kilos", "mm", "cm", "m", "km", "inch", "inches", "ft"),
    *("foot", "feet", "yard", "yards", "mi", "mile", "miles", "meter", "meters", "metres"),
    *("kilometers", "kilometres", "ml", "cl", "l", "L", "liter", "liters", "litre", "litres"),
    *("gallon", "gallons", "cup", "cups", "m²", "m2", "km²", "m³", "°C", "°F", "W", "kW"),
    *("MW", "kWh", "V", "mA", "mAh", "Hz", "kHz", "MHz", "GHz", "kB", "KB", "MB", "GB", "TB"),
    *("km/h", "mph", "bar", "psi", "kcal", "cal", "px", "dpi", "pieces", "pcs", "Stück"),
)

BRICKS = (
    Brick(
        "number",
        "extractor",
        GROUP,
        "Numbers, with signs, thousands and decimals; spelt out too if wanted.",
        NUMBER,
        (
            label("NUMBER", "what a number is labelled"),
            Parameter("spelt_out", "flag", False, "whether one, twenty-two and the like count"),
        ),
        examples(
            ("1,234.5 of -3 or 7.", ["1,234.5", "-3", "7"]),
            ("Twenty-two men and 3 dogs", ["Twenty-two", "3"], {"spelt_out": True}),
            ("−4,5 💩", ["−4,5"]),
            ("B2B, 1.2.3.4, v2, someone", [], {"spelt_out": True}),
            ("", []),
        ),
    ),
    Brick(
        "quantity",
        "extractor",
        GROUP,
        "Quantities with a unit: 5 kg, 20 x 30 cm, 16GB.",
        QUANTITY,
        (
            label("QUANTITY", "what a quantity is labelled"),
            Parameter("units", "words", UNITS, "units, as they are written"),
        ),
        examples(
            ("5 kg and 16GB of 1.5 l", ["5 kg", "16GB", "1.5 l"]),
            ("20 x 30 cm", ["20 x 30 cm"]),
            ("−5 °C, 3 m²", ["−5 °C", "3 m²"]),
            ("5 people, 3 kgs, x5 m, 10 in all", []),
            ("", []),
        ),
    ),
)
