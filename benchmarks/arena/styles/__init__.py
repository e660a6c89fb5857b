"""Sets with a planted style, and clean ones, by seed: what the verdict on styles is fitted on.

    from styles import draw_styled
    drawn = draw_styled(seed=7, half="fit")

A half has its own tasks of the pool and its own rewriters: the verdict is fitted on one half and
judged on the other, which holds nothing that it has seen.
"""

from .drawing import HALVES, StyledSet, draw_styled

__all__ = ["HALVES", "StyledSet", "draw_styled"]
