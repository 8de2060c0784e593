"""Keyword rules for AG News, written from general knowledge of the news of 2004.

A handful of training texts had been seen before; the test split was not read, and no rule was
changed after its precision was seen: some are broad, some never right where another one is.
"""

from __future__ import annotations

# Name of the rule, label, terms: whole words, upper and lower case alike.
RULES: tuple[tuple[str, str, str], ...] = (
    ("middle east", "World", "iraq, iraqi, baghdad, fallujah, najaf, gaza, israeli, palestinian"),
    ("asia", "World", "korea, korean, beijing, taiwan, pakistan, kashmir, afghanistan, kabul"),
    ("europe", "World", "chechnya, putin, ukraine, kiev, blair, schroeder, chirac, kosovo"),
    ("africa", "World", "sudan, darfur, congo, rwanda, nigeria, zimbabwe, ivory coast"),
    ("violence", "World", "killed, bomb, bombing, troops, militants, rebels, hostage, insurgents"),
    ("politics", "World", "election, president, prime minister, parliament, opposition, senate"),
    ("diplomacy", "World", "united nations, un, peace talks, sanctions, treaty, foreign minister"),
    ("disaster", "World", "hurricane, earthquake, typhoon, flood, floods, refugees, death toll"),
    ("justice", "World", "war crimes, tribunal, prison, jailed, detainees, trial, arrested"),
    ("ball games", "Sports", "football, baseball, basketball, soccer, hockey, cricket, rugby"),
    ("american leagues", "Sports", "nba, nfl, nhl, mlb, ncaa, yankees, red sox, lakers, patriots"),
    ("european clubs", "Sports", "arsenal, chelsea, manchester united, real madrid, liverpool"),
    (
        "people on the field",
        "Sports",
        "coach, quarterback, striker, pitcher, goalkeeper, teammates",
    ),
    ("events", "Sports", "olympic, olympics, world cup, super bowl, playoff, grand prix, athens"),
    ("course of a game", "Sports", "scored, touchdown, homer, innings, halftime, goal, season"),
    ("results", "Sports", "win, won, beat, victory, defeat, champion, championship, final"),
    ("single players", "Sports", "tennis, golf, pga, federer, agassi, tiger woods, schumacher"),
    ("stock exchange", "Business", "stocks, shares, wall street, nasdaq, dow, investors, nyse"),
    ("results of firms", "Business", "profit, earnings, quarterly, revenue, forecast, quarter"),
    ("oil", "Business", "oil, crude, barrel, opec, yukos, gas prices, energy"),
    ("economy", "Business", "economy, inflation, jobless, federal reserve, interest rates, fed"),
    ("deals", "Business", "merger, acquisition, takeover, bid, buyout, billion, deal, bankruptcy"),
    ("money", "Business", "dollar, euro, currency, bank, banks, mortgage, pension, sec"),
    ("firms", "Business", "wal-mart, airlines, airways, boeing, ford, general motors, coca-cola"),
    ("trade", "Business", "exports, imports, wto, tariffs, retailers, retail, consumers, sales"),
    ("big names of computing", "Sci/Tech", "microsoft, google, ibm, intel, apple, yahoo, oracle"),
    ("software", "Sci/Tech", "software, windows, linux, browser, open source, firefox, server"),
    ("network", "Sci/Tech", "internet, online, web, broadband, wireless, e-mail, wi-fi, voip"),
    (
        "danger on the network",
        "Sci/Tech",
        "virus, worm, spam, hackers, phishing, spyware, security",
    ),
    ("space", "Sci/Tech", "nasa, space, mars, spacecraft, satellite, orbit, shuttle, saturn"),
    ("research", "Sci/Tech", "scientists, researchers, study, species, genetic, fossil, climate"),
    ("gadgets", "Sci/Tech", "ipod, xbox, playstation, nintendo, cell phone, phones, video game"),
    ("chips and files", "Sci/Tech", "chip, chips, processor, download, dvd, file-sharing, desktop"),
)
