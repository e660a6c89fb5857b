"""Sets of free text, clean and attacked, by seed: what verdicts on answers are fitted on.

    from arena.answers import draw
    drawn = draw(seed=7, half="fit")

See "Free text" in the arena's README.md.
"""

from arena.drawing import ArenaSet

from .drawing import draw
from .payloads import FAMILIES

__all__ = ["FAMILIES", "ArenaSet", "draw"]
