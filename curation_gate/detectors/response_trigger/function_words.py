"""English words that say how a sentence is built, not what it is about."""

from __future__ import annotations

_WORDS = """
a about above across after again against all almost also although always am among an and another
any anybody anyone anything anywhere are aren't around as at away back be because been before
behind being below beside between beyond both but by can can't cannot could couldn't did didn't do
does doesn't doing don't done down during each either else enough even ever every everybody
everyone everything everywhere few first following for from further get gets getting give given
gives go goes going gone got had has hasn't have haven't having he he'd he'll he's her here hers
herself him himself his how however i i'd i'll i'm i've if in instead into is isn't it it'd it'll
it's its itself just keep last least less let let's like made make makes making many may maybe me
might mine more most much must my myself name named near need needs neither never next no nobody
none nor not nothing now of off often on once one only onto or other others our ours ourselves out
over own per perhaps please put quite rather really said same say says see seem seems several
shall she she'd she'll she's should shouldn't since so some somebody someone something sometimes
somewhere still such take takes than that that's the their theirs them themselves then there
there's these they they'd they'll they're they've thing things this those though through
throughout thus till to together too toward towards two type under until up upon us use used uses
using very via was wasn't way we we'd we'll we're we've well were weren't what what's whatever
when where where's whether which while who who's whole whom whose why will with within without
won't would wouldn't yes yet you you'd you'll you're you've your yours yourself question answer
questions answers sentence text word words old long far kind sort year years day time number ^ $
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
"""With the words that questions are made of ("how many", "what year") and the marks of a text's
ends: a phrase of these alone may well ask for its answer."""

_JOINING = """
accordingly additionally afterwards alternatively besides consequently conversely essentially
finally firstly furthermore generally hence indeed instead lastly likewise meanwhile moreover namely
nevertheless nonetheless otherwise overall particularly secondly similarly specifically subsequently
therefore thirdly typically ultimately
"""
CONNECTIVES = frozenset(_JOINING.split())
"""English adverbs that join sentences: assistants write them far more often than English does."""
