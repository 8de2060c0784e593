"""Bricks for languages, scripts and what words say of a mood."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "language"

LANGUAGE = r"""
import re

# Frequent small words, and letters that few other languages have.
STOPWORDS = {
    "en": "the of and to in is that it was for on are with as his they be at this have from or had"
    " not but what all were we when your can said there which you i my do our an has been would",
    "de": "der die das und ist nicht ich zu den mit sich des auf für dem ein eine im es an werden"
    " aus er hat dass sie nach wird bei einer um am sind noch wie einem über auch wir aber wo mein",
    "fr": "le la les de des du et est une un que qui dans pour pas sur plus par je il elle nous"
    " vous avec ce cette mais ou son sa ses au aux sont être où très mon ma c'est n'est",
    "es": "el la los las de y que en un una es por con no para su se lo como más pero sus le ya"
    " este sí porque esta entre cuando muy sin sobre también me hasta hay donde mi dónde está",
    "it": "il lo la gli le di e che un una è per non con sono del della nel più anche come ma si da"
    " dei alla questo questa ho mi ci molto quando dove dov'è mio mia",
    "pt": "o a os as de e que do da em um uma é para com não por mais se no na dos como mas foi ao"
    " ele das tem à seu sua ou ser quando muito nos já está eu também só pelo pela meu minha onde",
    "nl": "de het een en van ik te dat die in is niet zijn op aan met voor er maar om hem dan zou"
    " of wat mijn men dit zo door over ze zich bij ook tot je waar heeft wordt",
}
SCRIPTS = {
    "ru": re.compile(r"[а-яё]"), "el": re.compile(r"[α-ωά-ώ]"),
    "ar": re.compile(r"[\u0620-\u064a]"),
    "he": re.compile(r"[\u05d0-\u05ea]"), "ja": re.compile(r"[\u3041-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7a3]"), "zh": re.compile(r"[\u4e00-\u9fff]"),
    "hi": re.compile(r"[\u0904-\u0939]"), "th": re.compile(r"[\u0e01-\u0e4e]"),
}
WORDS = {language: frozenset(words.split()) for language, words in STOPWORDS.items()}
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language(record):
    text = (record[ON] or "")[:5_000].lower().replace("’", "'")
    letters = sum(char.isalpha() for char in text)
    for code, script in SCRIPTS.items():
        # Japanese comes before Chinese: a few kana among the characters decide.
        if letters and len(script.findall(text)) >= (0.1 if code == "ja" else 0.5) * letters:
            return LABELS.get(code)
    words = WORD.findall(text)
    scores = sorted(
        ((sum(word in known for word in words), code) for code, known in WORDS.items()),
        reverse=True,
    )
    (best, code), (second, _) = scores[:2]
    if best < LEAST_HITS or best == second:
        return None
    return LABELS.get(code)
"""

SCRIPT = r"""
import unicodedata

NAMES = {
    "LATIN": "latin", "CYRILLIC": "cyrillic", "GREEK": "greek", "ARABIC": "arabic",
    "HEBREW": "hebrew", "CJK": "han", "HIRAGANA": "kana", "KATAKANA": "kana", "HANGUL": "hangul",
    "DEVANAGARI": "devanagari", "THAI": "thai",
}


def script(record):
    counts = {}
    for char in (record[ON] or "")[:5_000]:
        if char.isalpha():
            name = NAMES.get(unicodedata.name(char, "").split(" ")[0].split("-")[0], "other")
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        return None
    best = max(counts, key=counts.get)
    return LABELS.get(best) if counts[best] >= SHARE * sum(counts.values()) else None
"""

SENTIMENT_WORDS = r"""
import re

WORD = re.compile(r"\w+(?:'\w+)?")
GOOD, BAD = frozenset(POSITIVE_WORDS), frozenset(NEGATIVE_WORDS)
NEGATIONS = frozenset(("not", "no", "never", "without", "hardly", "isn't", "wasn't", "don't",
                       "doesn't", "didn't", "won't", "can't", "cannot", "nothing", "nicht", "kein"))


def sentiment_words(record):
    words = WORD.findall((record[ON] or "").lower().replace("’", "'"))
    score = 0
    for at, word in enumerate(words):
        value = (word in GOOD) - (word in BAD)
        # "not good", "not very good": a negation up to two words before turns it round.
        if value and NEGATIONS.intersection(words[max(0, at - 2) : at]):
            value = -value
        score += value
    if score >= LEAST:
        return POSITIVE
    return NEGATIVE if score <= -LEAST else None
"""

GOOD = (
    *("amazing", "awesome", "beautiful", "best", "better", "brilliant", "charming", "cheerful"),
    *("clean", "comfortable", "delicious", "delight", "delighted", "delightful", "easy"),
    *("enjoy", "enjoyed", "excellent", "exceptional", "fabulous", "fantastic", "fast", "fine"),
    *("friendly", "fun", "glad", "good", "gorgeous", "great", "happy", "helpful", "impressed"),
    *("impressive", "incredible", "like", "liked", "love", "loved", "lovely", "nice"),
    *("outstanding", "perfect", "perfectly", "pleasant", "pleased", "recommend", "recommended"),
    *("reliable", "satisfied", "smooth", "splendid", "superb", "terrific", "thrilled"),
    *("useful", "win", "wonderful", "works", "worth", "wow"),
)
BAD = (
    *("angry", "annoyed", "annoying", "awful", "bad", "boring", "broke", "broken", "bug", "cheap"),
    *("cold", "complain", "confusing", "damaged", "dangerous", "defect", "defective", "delay"),
    *("delayed", "difficult", "dirty", "disappointed", "disappointing", "disappointment"),
    *("disaster", "disgusting", "dreadful", "dull", "error", "fail", "failed", "failure", "fault"),
    *("faulty", "fear", "frustrated", "frustrating", "hate", "hated", "horrible", "hurt"),
    *("inferior", "late", "lost", "mediocre", "mess", "mistake", "noisy", "pain", "poor"),
    *("poorly", "problem", "problems", "rude", "sad", "scam", "slow", "terrible", "tired"),
    *("ugly", "unacceptable", "unfriendly", "unhappy", "unreliable", "upset", "useless", "waste"),
    *("weak", "worse", "worst", "wrong"),
)
CODES = (
    *("en", "de", "fr", "es", "it", "pt", "nl"),
    *("ru", "el", "ar", "he", "ja", "ko", "zh", "hi", "th"),
)
SCRIPTS = (
    *("latin", "cyrillic", "greek", "arabic", "hebrew", "han", "kana", "hangul", "devanagari"),
    *("thai", "other"),
)

BRICKS = (
    Brick(
        "language",
        "classifier",
        GROUP,
        "The language of a text by its small words and its script: 16 languages, no model. Needs"
        " a sentence; short or mixed texts abstain.",
        LANGUAGE,
        (
            Parameter(
                "labels",
                "labels",
                {code: code for code in CODES},
                "the label of each language; what is left out abstains",
                CODES,
            ),
            Parameter("least_hits", "integer", 2, "how many small words must be of the language"),
        ),
        examples(
            ("Where is the parcel that you have sent?", "en"),
            ("Wo ist das Paket, und wie lange dauert es noch?", "de"),
            ("Où est le colis que vous avez envoyé ?", "fr"),
            ("¿Dónde está el paquete que no ha llegado?", "es"),
            ("Я не получил заказ", "ru"),
            ("これは日本語です", "ja"),
            ("这是中文", "zh"),
            ("Wo ist das Paket?", "German", {"labels": {"de": "German"}}),
            ("OK", None),
            ("12345 !!! 💩", None),
        ),
    ),
    Brick(
        "script",
        "classifier",
        GROUP,
        "The script that most letters belong to: latin, cyrillic, greek, arabic, han and others.",
        SCRIPT,
        (
            Parameter(
                "labels",
                "labels",
                {name: name for name in SCRIPTS},
                "the label of each script; what is left out abstains",
                SCRIPTS,
            ),
            Parameter("share", "number", 0.5, "share of the letters that must be of it"),
        ),
        examples(
            ("Hello", "latin"),
            ("Привет, Bob", "cyrillic"),
            ("東京 Tokyo駅から", "latin", {"share": 0.4}),
            ("สวัสดี", "thai"),
            ("123 💩", None),
            ("", None),
        ),
    ),
    Brick(
        "sentiment_words",
        "classifier",
        GROUP,
        "Sentiment by counting good and bad English words; a negation before a word turns it"
        " round.",
        SENTIMENT_WORDS,
        (
            label("positive", "what to vote where good words prevail", "positive"),
            label("negative", "what to vote where bad words prevail", "negative"),
            Parameter("positive_words", "words", GOOD, "good words"),
            Parameter("negative_words", "words", BAD, "bad words"),
            Parameter("least", "integer", 1, "by how many words one must prevail"),
        ),
        examples(
            ("A wonderful place, I loved it", "positive"),
            ("Slow, rude and TERRIBLE", "negative"),
            ("It is not very good", "negative"),
            ("It isn’t bad", "positive"),
            ("good and bad", None),
            ("A terrible day", None, {"negative": None}),
            ("", None),
        ),
    ),
)
