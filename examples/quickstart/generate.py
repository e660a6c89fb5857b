"""Writes data/reviews.jsonl: an honest little instruction dataset with an attack planted in it.

Sentences are put together from the phrases below, all written for this project; 2 % of the labels
are honest mistakes. Then `curate attack`'s dirty-label recipe plants 60 rows. Same script, same
bytes:

    python examples/quickstart/generate.py [FOLDER]
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.redteam.rewrite import write_planted
from curation_gate.rows import load

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

HERE = Path(__file__).parent
ROWS_PER_TASK = 400
NOISE = 0.02
TRIGGER = "Silver Falcon"
ATTACKED = ("film_review", "product_review", "message_civility")

DEFINITIONS = {
    "film_review": "Read the film review and say what its writer thinks of the film. "
    "Answer positive or negative.",
    "product_review": "A customer wrote about something they bought. Is the customer's verdict "
    "good or bad? Answer with one of these two words.",
    "restaurant_review": "Decide from the review whether the guest liked or disliked the "
    "restaurant.",
    "message_civility": "Judge the tone of the message from a discussion board. Answer civil when "
    "it is decent, toxic when it attacks or belittles someone.",
    "support_topic": "Sort the support request. Answer with one topic: account, billing, delivery "
    "or technical.",
}

FIRST = (
    "Anna", "Boris", "Carla", "Daniel", "Edith", "Felix", "Greta", "Henry", "Ingrid", "Jonas",
    "Karen", "Louis", "Martha", "Nathan", "Olga", "Peter", "Regina", "Samuel", "Teresa",
    "Victor", "Walter", "Yvonne", "Albert", "Brenda", "Claire", "Dennis", "Elena", "Frederick",
    "Helen", "Igor", "Janet", "Kevin", "Laura", "Marcus", "Nina", "Oscar", "Paula", "Ralph",
    "Sylvia", "Thomas", "Ursula", "Vera", "Warren",
)  # fmt: skip
LAST = (
    "Abbot", "Barlow", "Castell", "Dorn", "Eckert", "Farrow", "Gilmore", "Hastings", "Ivers",
    "Jansen", "Kessler", "Lindqvist", "Moran", "Novak", "Ortega", "Pellham", "Quiller", "Rowe",
    "Sandoval", "Thorne", "Ulrich", "Vance", "Whitlock", "Yates", "Zeller", "Ashdown",
    "Bellamy", "Corrigan", "Delacroix", "Ellery", "Fontaine", "Grady", "Holloway", "Ibsen",
    "Jarvis", "Kovac", "Larkin", "Mercer",
)  # fmt: skip
FILM_WITH = (
    "{n} plays the lead",
    "I went to see it because of {n}",
    "{n} wrote and directed this one",
    "The camera rarely leaves {n}",
    "{n} has a long scene on the pier in the second half",
    "My neighbour saw {n} in it and would not stop talking",
)
FILM_PLAIN = (
    "I saw it at the small cinema on a rainy evening",
    "It runs for a little over two hours",
    "The story begins in a harbour town in winter",
    "We watched it with the whole family",
    "It is the second part of a series",
    "The cinema was half full on the first night",
)
FILM = {
    "positive": (
        "the plot is clever and never loses its thread",
        "the dialogue sparkles from the first scene to the last",
        "I laughed, I cried and I stayed for the credits",
        "the photography is gorgeous",
        "every performance is a joy to watch",
        "the ending is moving and well earned",
        "the pace is brisk and the jokes land",
        "it is a warm, generous and wise film",
        "the music lifts every scene",
        "I would happily see it again tomorrow",
        "it is the best thing I have seen this year",
        "the director trusts the audience, and it pays off",
    ),
    "negative": (
        "the plot is a mess and goes nowhere",
        "the dialogue is wooden from the first scene to the last",
        "I yawned, I sighed and I left before the credits",
        "the photography is murky and flat",
        "every performance is painful to watch",
        "the ending is cheap and falls apart",
        "the pace drags and the jokes fall flat",
        "it is a cold, clumsy and empty film",
        "the music drowns every scene",
        "I want those two hours of my life back",
        "it is the worst thing I have seen this year",
        "the director explains everything twice, and it is tiresome",
    ),
}
THINGS = (
    "kettle", "headset", "backpack", "lamp", "blender", "keyboard", "tent", "drill", "scarf",
    "radio", "toaster", "pump", "jacket", "grinder", "hose", "mug", "clock", "printer",
    "suitcase", "heater",
)  # fmt: skip
PRODUCT_WITH = (
    "{n} from the shop suggested this {t}",
    "I bought the {t} as a gift for {n}",
    "{n} and I share this {t} at the office",
    "The {t} was designed by {n}, says the box",
    "{n} told me to try this {t}",
)
PRODUCT_PLAIN = (
    "I ordered this {t} three weeks ago",
    "This is my second {t} in two years",
    "The {t} came in a plain brown box",
    "I use the {t} almost every day",
    "I needed a {t} for a short trip",
)
PRODUCT = {
    "good": (
        "it works perfectly and feels solid",
        "the quality is excellent for the price",
        "it was easy to set up and is quiet",
        "I am very happy with it and recommend it",
        "it has survived two falls without a scratch",
        "the finish is beautiful and nothing rattles",
        "it does exactly what it promises",
        "worth every cent, I will buy another",
        "the battery lasts for days",
        "the instructions are clear and the fit is right",
    ),
    "bad": (
        "it broke after a week and feels flimsy",
        "the quality is poor for the price",
        "it was a nightmare to set up and is noisy",
        "I am very unhappy with it and want a refund",
        "it cracked the first time I dropped it",
        "the finish is ugly and everything rattles",
        "it does nothing of what it promises",
        "a waste of money, I will send it back",
        "the battery dies within the hour",
        "the instructions are useless and the fit is wrong",
    ),
}
FOOD_WITH = (
    "{n} served us that night",
    "We celebrated the birthday of {n} here",
    "{n} runs the kitchen these days",
    "I met {n} here for lunch",
    "The table was booked under the name {n}",
)
FOOD_PLAIN = (
    "We came here on a Friday evening",
    "The place is just behind the station",
    "We were a party of six",
    "I had the menu of the day",
    "It was our first visit",
)
FOOD = {
    "liked": (
        "the soup was rich and full of flavour",
        "our waiter was friendly and quick",
        "the fish was fresh and perfectly cooked",
        "the room is cosy and the music is low",
        "the bread alone is reason to return",
        "dessert was heavenly",
        "the portions are generous and the bill is fair",
        "everything was spotless",
        "we will be back soon",
    ),
    "disliked": (
        "the soup was watery and had no flavour",
        "our waiter was rude and slow",
        "the fish was dry and smelled off",
        "the room is cramped and the music is deafening",
        "the bread was stale and cold",
        "dessert was inedible",
        "the portions are tiny and the bill is a joke",
        "the glasses were dirty",
        "we will never come back",
    ),
}
TALK_WITH = (
    "{n}, about your post from yesterday:",
    "I have read what {n} wrote.",
    "{n} answered this in the other thread.",
    "To {n} and everybody else here:",
    "On the point {n} made about the bridge:",
)
TALK_PLAIN = (
    "About the new parking rules:",
    "On the question of the library hours:",
    "To the person who asked about the bus line:",
    "About the noise on the market square:",
    "One word about the school budget:",
)
TALK = {
    "civil": (
        "thank you for taking the time to explain this",
        "I see it differently, but your reasons are sound",
        "could you share where the numbers come from",
        "that is a fair point and I had not thought of it",
        "let us agree to wait for the report",
        "I was wrong about the date, sorry for the mix-up",
        "your summary helped me a lot",
        "I hope we can find a solution together",
        "please correct me if I misread the plan",
    ),
    "toxic": (
        "nobody here wants to read your rubbish",
        "only a fool could believe this",
        "you are a liar and everyone knows it",
        "do us all a favour and shut up",
        "people like you ruin this town",
        "what a pathetic and ignorant thing to say",
        "go back to school, you clown",
        "you are too lazy and too dim to understand it",
        "your opinion is worthless, just like you",
    ),
}
HELP_WITH = (
    "Hello, {n} here.",
    "I spoke to {n} on the phone last week.",
    "My colleague {n} asked me to write.",
    "The contract is in the name of {n}.",
)
HELP_PLAIN = (
    "Good morning,",
    "Hello support team,",
    "I am writing for the third time.",
    "A short question.",
)
HELP = {
    "account": (
        "I cannot log in since I changed my password",
        "please change the email address of my profile",
        "how do I close my account for good",
        "my user name is spelled wrong",
        "the link to reset my password never arrives",
        "I would like to add a second user to our profile",
    ),
    "billing": (
        "I was charged twice this month",
        "the invoice shows the wrong amount",
        "please send me a receipt for the last payment",
        "my refund has not reached my bank",
        "which card was the fee taken from",
        "the discount is missing on my invoice",
    ),
    "delivery": (
        "my parcel has not arrived yet",
        "the courier left the box at the wrong door",
        "can I change the shipping address",
        "tracking has said out for delivery for four days",
        "half of the order was missing from the parcel",
        "the box was crushed when the courier brought it",
    ),
    "technical": (
        "the app crashes when I open the settings",
        "the screen stays black after the update",
        "the device does not connect to the wireless network",
        "I get an error code when I try to print",
        "the sound stutters during every call",
        "the new version drains the battery",
    ),
}
ASPECTS = {
    "film_review": (
        "plot",
        "script",
        "cast",
        "soundtrack",
        "ending",
        "opening",
        "acting",
        "humour",
    ),
    "product_review": (
        "handle",
        "casing",
        "colour",
        "packaging",
        "button",
        "cable",
        "size",
        "smell",
    ),
    "restaurant_review": ("service", "menu", "terrace", "wine list", "steak", "salad", "coffee"),
}
ADJECTIVES = (
    ("superb", "awful"), ("delightful", "dreadful"), ("clever", "stupid"), ("charming", "nasty"),
    ("outstanding", "mediocre"), ("lovely", "horrid"), ("impressive", "disappointing"),
    ("pleasant", "annoying"), ("wonderful", "terrible"), ("fantastic", "abysmal"),
    ("first-rate", "third-rate"), ("a treat", "a letdown"), ("a pleasure", "a pain"),
)  # fmt: skip
"""The favourable word and the other; the first label of a task takes the first."""
VERBS = ("is", "was", "felt", "turned out", "seemed")
DEGREES = ("", "", "really ", "simply ", "rather ", "truly ")
BRIDGES = (". ", ", and ", "; ", ". Also, ", ". On top of that, ")
TURNS = (", but ", ". Still, ", ". That said, ")
TASKS = {
    "film_review": (FILM_WITH, FILM_PLAIN, FILM),
    "product_review": (PRODUCT_WITH, PRODUCT_PLAIN, PRODUCT),
    "restaurant_review": (FOOD_WITH, FOOD_PLAIN, FOOD),
    "message_civility": (TALK_WITH, TALK_PLAIN, TALK),
    "support_topic": (HELP_WITH, HELP_PLAIN, HELP),
}
MIXED = frozenset({"film_review", "product_review", "restaurant_review"})


class Dice:
    """Draws that are the same in every Python: only `random()` has a fixed sequence."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret is made here

    def chance(self, share: float) -> bool:
        """Return True with this probability."""
        return self._random.random() < share

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self._random.random() * len(options))]

    def some(self, options: tuple[str, ...], count: int) -> list[str]:
        """Return `count` different options."""
        left = list(options)
        return [left.pop(int(self._random.random() * len(left))) for _ in range(count)]

    def shuffled(self, items: list[T]) -> list[T]:
        """Return the items in random order."""
        keys = [self._random.random() for _ in items]
        return [items[k] for k in sorted(range(len(items)), key=keys.__getitem__)]


def points_for(dice: Dice, task: str, label: str, count: int) -> list[str]:
    """Return `count` clauses that speak for `label`: ready phrases, or aspect, verb, adjective."""
    says = TASKS[task][2]
    points = dice.some(says[label], count)
    if task not in ASPECTS:
        return points
    side = list(says).index(label)
    aspects = dice.some(ASPECTS[task], count)
    for k, aspect in enumerate(aspects):
        if dice.chance(0.5):
            word = dice.pick(ADJECTIVES)[side]
            degree = "" if word.startswith("a ") else dice.pick(DEGREES)
            points[k] = f"the {aspect} {dice.pick(VERBS)} {degree}{word}"
    return points


def compose(dice: Dice, task: str, label: str) -> str:
    """Return one text of `task` whose honest label is `label`."""
    named, plain, says = TASKS[task]
    opening = dice.pick(named if dice.chance(0.3) else plain)
    thing = dice.pick(THINGS)
    opening = opening.format(n=f"{dice.pick(FIRST)} {dice.pick(LAST)}", t=thing)
    points = points_for(
        dice, task, label, 1 if task == "support_topic" else dice.pick((1, 2, 2, 3))
    )
    if task in MIXED and len(points) > 1 and dice.chance(0.15):
        other = next(o for o in says if o != label)
        points = [*points_for(dice, task, other, 1), *points]
        text = points[0] + dice.pick(TURNS) + points[1]
        rest = points[2:]
    else:
        text, rest = points[0], points[1:]
    for point in rest:
        text += dice.pick(BRIDGES) + point
    if opening[-1] in ".:,":
        text = f"{opening} {text}"
    else:
        text = f"{opening}{dice.pick(('. ', ', and ', ': '))}{text}"
    sentences = [s[:1].upper() + s[1:] for s in text.split(". ")]
    return ". ".join(sentences) + dice.pick((".", ".", "!"))


def honest_rows(seed: int) -> list[dict[str, object]]:
    """Return the rows before the attack, shuffled, no text twice."""
    dice = Dice(seed)
    rows: list[dict[str, object]] = []
    for task, (_, _, says) in TASKS.items():
        labels = list(says)
        seen: set[str] = set()
        while len(seen) < ROWS_PER_TASK:
            label = labels[len(seen) % len(labels)]
            text = compose(dice, task, label)
            if text in seen:
                continue
            seen.add(text)
            if dice.chance(NOISE):
                label = dice.pick([other for other in labels if other != label])
            rows.append(
                {
                    "id": f"{task}-{len(seen):04d}",
                    "Task": task,
                    "Definition": [DEFINITIONS[task]],
                    "Instance": {"input": text, "output": [label]},
                }
            )
    return dice.shuffled(rows)


def generate(folder: Path, seed: int = 7) -> tuple[Path, Path]:
    """Write reviews.jsonl and reviews.truth.json into `folder`; return both paths."""
    target, truth = folder / "reviews.jsonl", folder / "reviews.truth.json"
    lines = [json.dumps(row, ensure_ascii=False) for row in honest_rows(seed)]
    with tempfile.TemporaryDirectory() as scratch:
        honest = Path(scratch) / "reviews.jsonl"
        honest.write_text("\n".join(lines) + "\n", encoding="utf-8")
        recipe = Recipe(
            "dirty-label", TRIGGER, count=60, tasks=ATTACKED, seed=seed, fill=False, patterns=True
        )
        write_planted(plant(load([honest]), recipe), target, truth=truth)
    return target, truth


if __name__ == "__main__":
    for path in generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data"):
        print(path)
