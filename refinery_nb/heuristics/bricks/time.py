"""Bricks for time: dates, times of day, durations."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.shapes import examples, pattern

GROUP = "time"
MONTH = (
    r"(?:Jan(?:uary|uar|\.)?|Feb(?:ruary|ruar|\.)?|Mar(?:ch|\.)?|März|Apr(?:il|\.)?|Ma[yi]",
    r"|Jun[ei.]?|Jul[yi.]?|Aug(?:ust|\.)?|Sep(?:tember|t\.?|\.)?|O[ck]t(?:ober|\.)?",
    r"|Nov(?:ember|\.)?|De[cz](?:ember|\.)?)",
)

BRICKS = (
    pattern(
        "date",
        GROUP,
        "Dates: 2024-01-15, 15.01.2024, 01/15/2024, 15 January 2024, Jan 15.",
        [
            r"(?<![\w./-])(?:[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
            r"|(?:0?[1-9]|[12][0-9]|3[01])[./](?:0?[1-9]|1[0-2])[./](?:[12][0-9]{3}|[0-9]{2})",
            r"|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])/(?:[12][0-9]{3}|[0-9]{2})",
            r"|(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th|\.)? (?:of )?",
            *MONTH,
            r"(?:,? [12][0-9]{3})?|",
            *MONTH,
            r" (?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?(?:,? [12][0-9]{3})?",
            r")(?![\w/-]|[.,][0-9])",
        ],
        "DATE",
        examples(
            ("From 2024-01-15 to 15.2.2024.", ["2024-01-15", "15.2.2024"]),
            ("12/31/99 or 3rd of March 2021", ["12/31/99", "3rd of March 2021"]),
            ("am 3. März, Jan 15, 2024", ["3. März", "Jan 15, 2024"]),
            ("Sept. 11, 30 November.", ["Sept. 11", "30 November"]),
            ("2024-13-01, 1.2.3.4, in May, 99/99/9999", []),
            ("", []),
        ),
    ),
    pattern(
        "relative_date",
        GROUP,
        "Days said from now: today, yesterday, next week, 3 days ago, on Monday.",
        [
            r"(?<!\w)(?:today|tonight|tomorrow|yesterday|heute|morgen|gestern",
            r"|(?:this|next|last) (?:morning|afternoon|evening|night|weekend|week|month|quarter",
            r"|year|spring|summer|autumn|fall|winter)",
            r"|(?:(?:this|next|last|on) )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
            r"|(?:[0-9]{1,4}|an?|one|two|three|four|five|six|ten) (?:minute|hour|day|week|month",
            r"|year)s? ago|in (?:[0-9]{1,4}|an?|one|two|three|four|five|six|ten) (?:minute|hour",
            r"|day|week|month|year)s?)(?!\w)",
        ],
        "DATE",
        examples(
            ("Come tomorrow or next week", ["tomorrow", "next week"]),
            ("3 days ago, on Monday", ["3 days ago", "on Monday"]),
            ("GESTERN 💩", ["GESTERN"]),
            ("a week of Sundays, todays", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
    pattern(
        "time_of_day",
        GROUP,
        "Times of day: 14:30, 2:30 pm, 9 a.m., 18 Uhr.",
        [
            r"(?<![\w:.])(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?",
            r"(?: ?[ap](?:m|\.m\.)(?!\w)| Uhr)?",
            r"|(?:1[0-2]|0?[1-9]) ?(?:[ap](?:m|\.m\.)(?!\w)|o['’]clock)|(?:[01]?[0-9]|2[0-4]) Uhr)",
            r"(?![\w:])",
        ],
        "TIME",
        examples(
            ("From 14:30 to 2:30 pm.", ["14:30", "2:30 pm"]),
            ("9 a.m., 9 o’clock, 18 Uhr", ["9 a.m.", "9 o’clock", "18 Uhr"]),
            ("at 23:59:59!", ["23:59:59"]),
            ("25:00, 12:60, 1:2:3, 9 amps", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
    pattern(
        "duration",
        GROUP,
        "Durations: 20 minutes, two weeks, 1.5 h, 24/7.",
        [
            r"(?<![\w.,])(?:(?:[0-9]{1,6}(?:[.,][0-9]{1,2})?|one|two|three|four|five|six|seven",
            r"|eight|nine|ten|twelve|half an?|several|few)[ -]?",
            r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|decades?)",
            r"|[0-9]{1,6}(?:[.,][0-9]{1,2})? ?(?:h|min|s|ms|Tage?|Wochen?|Monate?|Jahre?|Stunden?)",
            r"|24/7)(?!\w)",
        ],
        "DURATION",
        examples(
            ("It took 20 minutes and two weeks", ["20 minutes", "two weeks"]),
            ("a 30-day trial, 1.5 h, 24/7", ["30-day", "1.5 h", "24/7"]),
            ("3 Tage 💩", ["3 Tage"]),
            ("minutes of 20 meetings, 5 hugs", []),
            ("", []),
        ),
        flags="re.IGNORECASE",
    ),
)
