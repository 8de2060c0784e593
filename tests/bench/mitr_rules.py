"""Weak rules for MIT Restaurant, written from 50 training queries and general knowledge only.

The 50 are the first of the training split after ``random.Random(0).shuffle``; no other training
query and no test query was looked at, and no rule was changed after its figures were seen. Lookup
lists hold what comes to mind in a minute when one reads these 50. Texts are lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int, str]

CUISINES = (
    "african american argentinian asian barbecue barbeque bbq brazilian british cajun caribbean"
    " chinese continental creole cuban ethiopian european filipino french german greek hawaiian"
    " indian irish italian jamaican japanese korean kosher latin lebanese malaysian mediterranean"
    " mexican moroccan persian peruvian polish portuguese russian seafood southern spanish steak"
    " thai turkish vegan vegetarian vietnamese"
).replace("tex mex", "tex-mex|tex_mex")
KINDS = "burger|pizza|sushi|deli|steak|seafood|soul|sandwich|noodle|taco|bagel|ice cream|breakfast"
DISHES = (
    "burritos?|tacos?|hamburgers?|burgers?|cheeseburgers?|milkshakes?|sandwich(?:es)?|salads?|soups?"
    "|steaks?|wings|chicken wings|fried chicken|ribs|pasta|lasagna|spaghetti|noodles|ramen|pho"
    "|dumplings|dim sum|tapas|lobsters?|oysters|shrimp|crab|fish and chips|hot dogs?|french fries"
    "|fries|nachos|omelets?|pancakes|waffles|eggs|bacon|cakes?|pies?|ice cream|donuts|doughnuts"
    "|coffee|tea|wine|beer|margaritas|cocktails|curry|falafel|gyros?|kebabs?|sashimi|cheesecake"
    "|clam chowder|mac and cheese|bread|desserts?"
)
CHAINS = (
    "mcdonalds|mc donalds|wendys|burger king|taco bell|del taco|pizza hut|dominos|dominos pizza"
    "|papa johns|subway|starbucks|dunkin donuts|kfc|chipotle|olive garden|red lobster|applebees"
    "|chilis|outback|outback steakhouse|dennys|ihop|arbys|sonic|dairy queen|jack in the box|panera"
    "|panera bread|five guys|in n out|cheesecake factory|pf changs|tgi fridays|waffle house"
    "|cracker barrel|texas roadhouse|red robin|buffalo wild wings|popeyes|chick fil a|white castle"
    "|hooters|quiznos|longhorn|carrabbas|benihana|panda express|little caesars|hard rock cafe"
)
WEEKDAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
AWAY = "(?: away| from here| of here)?"
NUMBERS = "(?:\\d+|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty)"
PLACE_NOUNS = "restaurants?|places?|food|cuisine|joints?|diners?|spots?|eatery|eateries|dining"

# A name, a label and a pattern. Its group, where there is one, is the span.
PATTERNS: list[tuple[str, str, str]] = [
    ("cuisine words", "Cuisine", r"\b(?:" + CUISINES.replace(" ", "|") + r")\b"),
    ("kind of place", "Cuisine", rf"\b({KINDS}) (?:places?|restaurants?|joints?|shops?|houses?)\b"),
    ("adjective before place", "Cuisine", r"\b(?:an?|any|find|locate) ([a-z]+(?:an|ese|ish|ai)) "),
    ("word before cuisine", "Cuisine", r"\b([a-z]+) cuisine\b"),
    ("dishes", "Dish", rf"\b(?:{DISHES})\b"),
    ("what is served", "Dish", r"\b(?:serves?|serving|sells?) (?:the |some |good )?([a-z]+)\b"),
    ("to get some", "Dish", r"\b(?:get|have|eat|want|find) (?:some |a good |good )([a-z]+)$"),
    ("dish with", "Dish", r"\b(?:i want|looking for|craving) ([a-z]+(?: wings| sauce| soup)?)\b"),
    ("chains", "Restaurant_Name", rf"\b(?:{CHAINS})\b"),
    ("plural after the", "Restaurant_Name", r"\b(?:the |a )(?:closest|nearest) ([a-z]+s)\b"),
    (
        "does it have",
        "Restaurant_Name",
        r"^(?:does|is) ((?!there\b|it\b)[a-z ]+?) (?:have|on)\b",
    ),
    ("names at the end", "Restaurant_Name", r"\b(?:reservation|table) .*\bat ([a-z]+ [a-z]+)\b"),
    ("names of houses", "Restaurant_Name", r"\b[a-z]+ (?:tavern|grill|cafe|bistro|kitchen|pub)\b"),
    ("close by", "Location", r"\b(?:close by|nearby|near by|near me|around here|close)\b"),
    ("superlative of near", "Location", r"\b(?:nearest|closest|closet|local)\b"),
    ("within", "Location", rf"\bwithin {NUMBERS} (?:miles?|blocks?|minutes?|mi)\b"),
    ("within an", "Location", r"\bwithin an? (?:[a-z]+ )?(?:mile|block|minute|hour)(?: of here)?"),
    (
        "miles",
        "Location",
        rf"\b{NUMBERS} (?:miles?|blocks?|minutes?){AWAY}",
    ),
    (
        "in the area",
        "Location",
        r"\bin (?:the |this )?(?:area|town|city|neighborhood|downtown)",
    ),
    ("near the", "Location", r"\b(?:near|around|by|next to) the [a-z]+"),
    ("near a place", "Location", r"\b(?:near|around) (?!the\b|here\b|me\b)[a-z]+(?: [a-z]+)?$"),
    ("streets", "Location", r"\b(?:on )?[a-z]+ (?:st|street|road|avenue|ave|blvd|drive|square)\b"),
    ("in a city", "Location", r"\bin ((?!the\b|a\b|this\b)[a-z]+(?: [a-z]+)?)$"),
    (
        "stars",
        "Rating",
        rf"\b(?:at least (?:an? )?)?{NUMBERS} star(?:s|ts)?(?: rat[a-z]+)?\b",
    ),
    ("good words", "Rating", r"\b(?:good|best|great|highest rated|top rated|highly rated|nice)\b"),
    ("reviews", "Rating", r"\b(?:good|great|best|high|excellent) (?:reviews?|ratings?|service)\b"),
    ("price words", "Price", r"\b(?:cheap|cheapest|expensive|inexpensive|affordable|moderate)\b"),
    (
        "price phrases",
        "Price",
        r"\b((?:really |very )?(?:low|high|good|reasonable)) price[sd]*\b",
    ),
    ("dollars", "Price", r"\b(?:under|less than|below) (?:\d+|ten|twenty)(?: dollars| bucks)?\b"),
    ("clock", "Hours", rf"\b(?:(?:open )?(?:at|after|until|till|past) )?{NUMBERS} ?(?:am|pm)\b"),
    ("open when", "Hours", r"\b(?:still )?open(?: (?:late|now|all week|all night|24 hours))?\b"),
    ("days", "Hours", rf"\b(?:open )?(?:on )?(?:{WEEKDAYS}|tonight|today|tomorrow)(?: night)?\b"),
    ("meals", "Hours", r"\b(?:breakfast|brunch|lunch|dinner|late night|midnight)\b"),
    (
        "services",
        "Amenity",
        r"\b(?:parking|reservations?|buffet|delivery|delivers?|take ?out|carry ?out|drive thru"
        r"|valet|wifi|patio|bar|live music|playground|smoking area|casino|bathrooms?|dress code)\b",
    ),
    ("friendly", "Amenity", r"\b[a-z]+ friendly\b"),
    ("ways of dining", "Amenity", r"\b[a-z]+ (?:dining|seating|atmosphere|ambiance|ambience)\b"),
    ("that offers", "Amenity", r"\b(?:offers?|has a|have a|with a) ([a-z]+(?: [a-z]+)?)$"),
    ("payment and code", "Amenity", r"\b(?:accepts? )?credit cards?\b|\bwhat is the dress code\b"),
]

TOKEN = re.compile(r"\S+")
FILLERS = set(
    re.findall(
        r"[a-z]+",
        "a an any are at best by can close closest do find for get good have here i in is like"
        " local locate me near nearby nearest need of on open please restaurant search show that"
        " the there to want what where which with within you",
    )
)


def rules() -> list[str]:
    """Return the names of the rules, in order."""
    return [*(name for name, _, _ in PATTERNS), "unknown pair after any", "before place noun"]


def votes(text: str) -> Iterator[tuple[int, Span]]:
    """Yield, for each vote on a text, the number of the rule and the span."""
    number = 0
    for number, (_, label, _) in enumerate(PATTERNS):
        for match in COMPILED[number].finditer(text):
            start, end = match.span(match.re.groups)
            if end > start:
                yield number, (start, end, label)
    for extra, find in enumerate((_unknown_pair, _before_place_noun), number + 1):
        for span in find(text):
            yield extra, span


COMPILED = [re.compile(pattern) for _, _, pattern in PATTERNS]


def _unknown_pair(text: str) -> Iterator[Span]:
    """Two words that begin a short query and are no usual words: a name."""
    tokens = list(TOKEN.finditer(text))
    if 2 <= len(tokens) <= 5 and not {token.group() for token in tokens[:2]} & FILLERS:
        yield tokens[0].start(), tokens[1].end(), "Restaurant_Name"


def _before_place_noun(text: str) -> Iterator[Span]:
    """The word before "restaurant" and the like, where it is no usual word: a cuisine."""
    for match in re.finditer(rf"\b([a-z]+) (?:{PLACE_NOUNS})\b", text):
        if match.group(1) not in FILLERS:
            yield match.start(1), match.end(1), "Cuisine"
