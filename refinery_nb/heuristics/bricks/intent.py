"""Bricks for what somebody wants to say: greetings, thanks, complaints, spam and the like."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label, phrases

GROUP = "intent"

SPAM_SIGNALS = r"""
import re

OFFERS = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(one) for one in WORDS) + r")(?!\w)", re.IGNORECASE
)
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
MONEY = re.compile(r"[$€£] ?[0-9]|[0-9] ?(?:%|[$€£]) ?off|100 ?%", re.IGNORECASE)
MARKS = re.compile(r"[!$€£]{2}|[A-Z]{5}")


def spam_signals(record):
    text = record[ON] or ""
    signals = min(3, len(set(map(str.lower, OFFERS.findall(text)))))
    signals += bool(LINK.search(text)) + bool(MONEY.search(text)) + bool(MARKS.search(text))
    if signals >= LEAST:
        return SPAM
    return HAM if signals == 0 and text else None
"""

NEGATED = (
    *("no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without"),
    *("cannot", "can't", "won't", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't"),
    *("weren't", "haven't", "hasn't", "hadn't", "wouldn't", "shouldn't", "couldn't"),
)
OFFERS = (
    *("act now", "apply now", "bonus", "buy now", "cash prize", "casino", "cheap pills"),
    *("claim your", "click here", "congratulations", "crypto", "double your", "earn money"),
    *("exclusive deal", "extra income", "for free", "free gift", "free trial", "get rich"),
    *("guaranteed", "limited offer", "limited time", "lottery", "lowest price", "make money"),
    *("miracle", "no obligation", "no risk", "prize", "risk free", "special promotion"),
    *("subscribe now", "text stop", "unsubscribe", "urgent reply", "viagra", "winner"),
    *("work from home", "you have been selected", "you have won", "you won"),
)

BRICKS = (
    phrases(
        "greeting",
        GROUP,
        "Begins with a greeting, in English, German, French or Spanish.",
        (
            *("hello", "hi", "hey", "hiya", "dear", "greetings", "good morning"),
            *("good afternoon", "good evening", "good day", "howdy", "welcome", "hallo"),
            *("guten tag", "guten morgen", "guten abend", "moin", "servus", "grüezi"),
            *("liebe", "lieber", "sehr geehrte", "sehr geehrter", "bonjour", "bonsoir", "salut"),
            *("hola", "buenos días", "buenas tardes", "ciao", "buongiorno"),
        ),
        "greeting",
        examples(
            ("Hello there", "greeting"),
            ("  GOOD  morning!", "greeting"),
            ("¡Buenos días!", "greeting"),
            ("This shift ends; they say hi later on", None),
            ("Highway", None),
            ("Nobody saw a highway", None),
            ("", None),
        ),
        first=15,
    ),
    phrases(
        "farewell",
        GROUP,
        "Says goodbye or ends a letter.",
        (
            *("goodbye", "good bye", "bye", "see you", "take care", "best regards"),
            *("kind regards", "yours sincerely", "yours faithfully", "sincerely", "cheers"),
            *("all the best", "have a nice day", "auf wiedersehen", "tschüss", "viele grüße"),
            *("mit freundlichen grüßen", "au revoir", "adiós", "hasta luego", "arrivederci"),
        ),
        "farewell",
        examples(
            ("Bye, see you", "farewell"),
            ("Viele Grüße, Ann", "farewell"),
            ("Kind\nregards", "farewell"),
            ("A by-election and a byte", None),
            ("", None),
        ),
    ),
    phrases(
        "gratitude",
        GROUP,
        "Says thanks.",
        (
            *("thanks", "thank you", "thank u", "thx", "tysm", "many thanks", "grateful"),
            *("gratitude", "appreciate", "appreciated", "much obliged", "danke", "vielen dank"),
            *("merci", "gracias", "grazie", "obrigado", "obrigada", "bedankt", "dankeschön"),
        ),
        "thanks",
        examples(
            ("Thank you so much", "thanks"),
            ("thx!", "thanks"),
            ("Dankeschön 💐", "thanks"),
            ("Thanksgiving is late", None),
            ("", None),
        ),
    ),
    phrases(
        "apology",
        GROUP,
        "Says sorry.",
        (
            *("sorry", "apologise", "apologize", "apologies", "apology", "my fault", "my bad"),
            *("forgive me", "excuse me", "pardon me", "i regret", "we regret", "entschuldigung"),
            *("verzeihung", "tut mir leid", "désolé", "désolée", "perdón", "lo siento"),
        ),
        "apology",
        examples(
            ("We are very SORRY for that.", "apology"),
            ("Je suis désolée", "apology"),
            ("Please accept our apologies", "apology"),
            ("The apologist spoke", None),
            ("", None),
        ),
    ),
    phrases(
        "complaint",
        GROUP,
        "Complains about a product or service.",
        (
            *("complain", "complaint", "disappointed", "disappointing", "unacceptable", "refund"),
            *("money back", "not working", "doesn't work", "does not work", "didn't work"),
            *("stopped working", "broken", "damaged", "defective", "faulty", "never arrived"),
            *("has not arrived", "hasn't arrived", "still waiting", "too late", "overcharged"),
            *("charged twice", "wrong item", "poor quality", "bad service", "poor service"),
            *("rip off", "rip-off", "waste of money", "waste of time", "fed up", "no response"),
            *("terrible service", "worst", "never again", "cancel my", "speak to a manager"),
        ),
        "complaint",
        examples(
            ("It arrived BROKEN and I want my money back", "complaint"),
            ("It doesn’t work", "complaint"),
            ("My order has not arrived 💩", "complaint"),
            ("Works well", None),
            ("It was broken", None, {"least": 2}),
            ("", None),
        ),
    ),
    phrases(
        "urgency",
        GROUP,
        "Says that something is urgent.",
        (
            *("urgent", "urgently", "asap", "as soon as possible", "immediately", "right away"),
            *("at once", "emergency", "quickly", "right now", "time critical", "deadline"),
            *("without delay", "top priority", "high priority", "hurry", "dringend", "eilt"),
            *("sofort", "schnellstmöglich", "urgente"),
        ),
        "urgent",
        examples(
            ("I need it ASAP", "urgent"),
            ("Bitte schnellstmöglich!", "urgent"),
            ("as soon\nas possible", "urgent"),
            ("The resurgent party", None),
            ("", None),
        ),
    ),
    phrases(
        "negation",
        GROUP,
        "Holds a negation: not, never, doesn't, without.",
        NEGATED,
        "negated",
        examples(
            ("It does not fit", "negated"),
            ("It doesn’t fit", "negated"),
            ("NEVER 💩", "negated"),
            ("A knot, a note, notable", None),
            ("", None),
        ),
    ),
    phrases(
        "profanity",
        GROUP,
        "Holds a swear word (profanity); a mild English list to start from.",
        (
            *("arse", "arsehole", "ass", "asshole", "bastard", "bloody", "bollocks", "bugger"),
            *("bullshit", "crap", "crappy", "damn", "damned", "dammit", "douche", "dumbass"),
            *("goddamn", "hell", "idiot", "idiots", "jackass", "jerk", "moron", "pissed"),
            *("screw you", "shit", "shitty", "stupid", "sucks", "wtf"),
        ),
        "profane",
        examples(
            ("What the hell is this", "profane"),
            ("DAMN!", "profane"),
            ("Hello, assess the class in Scunthorpe", None),
            ("shit💩", "profane"),
            ("", None),
        ),
    ),
    phrases(
        "wish",
        GROUP,
        "Asks for something or makes a suggestion: I would like, it would be nice if.",
        (
            *("i would like", "i'd like", "we would like", "i want", "i need", "we need"),
            *("could you", "can you", "would you", "is it possible", "would it be possible"),
            *("it would be nice", "it would be great", "i wish", "i suggest", "feature request"),
            *("please add", "please provide", "looking for", "ich möchte", "ich hätte gern"),
        ),
        "wish",
        examples(
            ("I’d like a room for two", "wish"),
            ("Could  you help", "wish"),
            ("Ich möchte ein Zimmer", "wish"),
            ("They like it", None),
            ("", None),
        ),
    ),
    phrases(
        "uncertainty",
        GROUP,
        "Hedges: maybe, perhaps, it seems, I think.",
        (
            *("maybe", "perhaps", "possibly", "probably", "apparently", "presumably", "it seems"),
            *("seems to", "might be", "may be", "could be", "not sure", "i guess", "i think"),
            *("i suppose", "allegedly", "reportedly", "vielleicht", "vermutlich", "peut-être"),
        ),
        "unsure",
        examples(
            ("Perhaps it is late", "unsure"),
            ("Peut-être demain", "unsure"),
            ("I’m not  sure", "unsure"),
            ("In May be careful", "unsure"),
            ("It is late", None),
            ("", None),
        ),
    ),
    Brick(
        "spam_signals",
        "classifier",
        GROUP,
        "Signals of spam, added up: offers, links, money, capitals and marks.",
        SPAM_SIGNALS,
        (
            label("spam", "what to vote from LEAST signals", "spam"),
            label("ham", "what to vote where there is no signal", "ham"),
            Parameter("words", "words", OFFERS, "words and phrases of offers"),
            Parameter("least", "integer", 3, "how many signals make spam"),
        ),
        examples(
            ("CONGRATULATIONS!! You have won $1000, click here www.x.example", "spam"),
            ("See you at lunch", "ham"),
            ("See you at lunch", None, {"ham": None}),
            ("Look: https://example.org", None),
            ("ＦＲＥＥ💩", "ham"),
            ("", None),
        ),
    ),
)
