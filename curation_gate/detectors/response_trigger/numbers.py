"""What each number of evidence on a phrase and a kind of answer says.

A table and nothing else, so that a report can be written without what the numbers are measured by
(evidence.py).
"""

from __future__ import annotations

from curation_gate.detectors.number import Number
from curation_gate.detectors.phrases.numbers import FORM

NUMBERS = (
    Number("rows", "counts", 0, "log10 of the rows that hold it"),
    Number("share", "counts", 0, "log10 of the share of all rows that hold it"),
    Number("purity", "counts", 1, "share of its rows whose answer is of the kind"),
    Number("purity_bound", "counts", 1, "lower 5 % bound of that share"),
    Number("usual_rate", "counts", -1, "share of the other rows of its tasks that are of the kind"),
    Number(
        "usual_z", "counts", 1, "z of its rows of the kind against that share (of an act: asked)"
    ),
    Number("surprise", "counts", 1, "log10 of the odds against such purity by chance"),
    Number("exclusive", "counts", 1, "share of the answers of the kind that stand in its rows"),
    Number("tasks", "counts", 0, "log2 of the tasks it stands in"),
    Number("of_task", "counts", -1, "share of the rows of its tasks that hold it"),
    Number("is_learned", "answers", 0, "1 where the kind was learned from its own rows, in folds"),
    Number("is_absent", "answers", 0, "1 where the kind is not to do what the inputs ask for"),
    Number("feature_gain", "answers", 1, "root of the G squared of its strongest answer feature"),
    Number("recited", "answers", 1, "share of its answers with a run of words that others share"),
    Number("run_words", "answers", 1, "log2 of 1 + the words of such a run, the mean of its rows"),
    Number("run_share", "answers", 0, "share of those answers that such runs are"),
    Number("run_elsewhere", "answers", -1, "share of the answers with such a run in other rows"),
    Number(
        "own_run",
        "answers",
        1,
        "log2 of 1 + the words of runs that stand mostly in its answers, the mean of its rows",
    ),
    Number("own_words", "answers", 1, "log2 of 1 + the words that stand mostly in its answers"),
    Number("equal", "answers", 0, "share of its answers of the kind that are the same one"),
    Number("answer_words", "answers", 0, "log10 of the words of its answers, their median"),
    Number("answer_length", "answers", 0, "log2 of how much longer they are than other answers"),
    Number("answer_alike", "answers", 1, "how well its answers are told from others, AUROC"),
    Number("favour", "answers", 0, "how much more favourable its answers are than others, nats"),
    Number("input_alike", "input", -1, "how well other words tell its inputs from others, AUROC"),
    Number("ordinary", "input", 1, "share of its rows whose other words are like other inputs"),
    Number("ordinary_bound", "input", 1, "lower 5 % bound of the kind's share among those"),
    Number("asked", "encoder", -1, "share of the kind that the encoder makes of its inputs"),
    Number("asked_z", "encoder", 1, "z of its rows of the kind against what the inputs ask for"),
    Number("near_asked", "encoder", -1, "share of the kind among the inputs nearest to its own"),
    Number("near_z", "encoder", 1, "z of its rows of the kind against those nearest inputs"),
    Number(
        "topic_asked",
        "encoder",
        -1,
        "how well the encoder tells its inputs from those that ask for as little, AUROC",
    ),
    Number("topic", "encoder", -1, "how well the encoder tells its inputs from others, AUROC"),
    Number("apart_z", "encoder", 1, "near_z times 2 (1 - topic_asked): 0 where inputs tell"),
    Number("encoder_known", "encoder", -1, "share of its words that the encoder has"),
    Number("readable", "encoder", 0, "share of the words of the set that the encoder can read"),
    *FORM,
    Number(
        "rivals",
        "neighbours",
        -1,
        "log2 of 1 + the candidates in other rows, with other answers, of no lower apart_z",
    ),
    Number("part_of_stronger", "neighbours", -1, "share of its rows that a stronger candidate has"),
)
"""In the order of the columns of `Evidence.table`."""
NAMES = tuple(number.name for number in NUMBERS)
