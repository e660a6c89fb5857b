"""The words that carry style: closed classes of English, by what they do in a sentence.

Content words are blanked (their ending is kept), so that what a text is about cannot be told from
its skeleton. Older and chat forms stand in classes of their own beside the modern ones.
"""

from __future__ import annotations

from types import MappingProxyType

_CLASSES = {
    "SUB": "when if because since while although though unless until whenever whereas wherever "
    "once lest whether whilst albeit provided",
    "AS": "as than before after like",
    "REL": "that which who whom whose what where why how whatever whoever",
    "AND": "and or & nor plus",
    "BUT": "but yet however nevertheless nonetheless still instead",
    "SO": "so therefore thus hence accordingly consequently",
    "DET": "the a an this these those each every either neither such another any some all both "
    "no half many much few several most more less enough",
    "POSS": "my your his her its our their mine yours hers ours theirs",
    "I": "i me myself we us ourselves im i'm i've i'd i'll we're we've we'd we'll",
    "YOU": "you yourself yourselves you're you've you'd you'll",
    "HE": "he him himself she herself it itself they them themselves he's she's it's they're "
    "they've they'd they'll he'd she'd he'll she'll it'll it'd",
    "ONE": "one someone somebody something anyone anybody anything everyone everybody everything "
    "nobody none nothing who's",
    "BE": "am is are was were be been being",
    "HAVE": "have has had having",
    "DO": "do does did doing done",
    "MOD": "can could will would shall should may might must ought",
    "NOT": "not never n't don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't "
    "wouldn't shouldn't haven't hasn't hadn't ain't dont doesnt didnt isnt cant wont nope cannot",
    "TO": "to",
    "OF": "of",
    "IN": "in on at by with from for into onto over under about against between among through "
    "during without within across behind beyond above below near off out up down along around "
    "toward towards upon via per despite except",
    "THERE": "there here there's here's now then today again away back",
    "ADV": "very really too just only even also always often sometimes ever already almost quite "
    "rather perhaps maybe probably actually well indeed soon later first last",
    "Q": "please yes oh ah hey hi hello thanks thank okay ok yeah sorry",
    "OLD": "thou thee thy thine ye hath hast doth dost art shalt wilt canst shouldst wast wert "
    "unto saith spake ere oft verily lo behold yea nay naught aught whence whither thither hither "
    "wherefore thereof therein herein betwixt amongst whosoever thyself 'tis 'twas tis twas o'er "
    "ne'er e'er anon hark woe forsooth methinks mayhap perchance prithee alas hearken forth sith "
    "yonder evermore twain",
    "NET": "u ur r n lol omg tbh ngl smh imo imho idk rt pls plz ppl cuz coz bc bcuz thx gonna "
    "wanna gotta gimme dat dis da luv tho abt wut rly b4 haha hahaha lmao rofl wtf ugh yo yall ya "
    "w dm fb xd yay hmm meh",
    "LINK": "furthermore moreover additionally regarding concerning pursuant hereby herein "
    "notwithstanding respectively aforementioned namely whereby thereby thereafter henceforth "
    "likewise otherwise meanwhile besides",
}
_ENDINGS = ("ing", "ed", "ly", "eth", "est", "er", "tion", "ness", "ful", "less", "able", "ous",
            "ive", "al", "y", "s")  # fmt: skip
PUNCTUATION = (",", ".", "!", "?", ";", ":", "'", '"', "-", "(", ")", "...", "!!", "??", "/", "*",
               "$", "%", "&", "other-sign")  # fmt: skip
SPECIAL = ("#tag", "@name", "link", "number", "emoji", "newline")
START, END = "^", "$end"

CLASS_OF = MappingProxyType(
    {word: name for name, words in _CLASSES.items() for word in words.split()}
)
"""Function word to its class."""
ENDINGS = _ENDINGS


def classes() -> tuple[str, ...]:
    """Return every token class: what a skeleton is written in."""
    content = ("W", *(f"W-{ending}" for ending in _ENDINGS))
    return (START, END, *dict.fromkeys(_CLASSES), *content, *PUNCTUATION, *SPECIAL)


def words() -> tuple[str, ...]:
    """Return every function word, sorted."""
    return tuple(sorted(CLASS_OF))
