"""What each number of evidence says: its name, its unit and which way it points.

A table and nothing else, so that a report can be written without what the numbers are measured by
(evidence.py).
"""

from __future__ import annotations

from curation_gate.detectors.number import Number
from curation_gate.detectors.phrases.numbers import FORM

NUMBERS = (
    Number("rows", "counts", 0, "log10 of the rows that hold it"),
    Number("share", "counts", 0, "log10 of the share of the judged rows that hold it"),
    Number("purity", "counts", 1, "share of its rows that have the outcome"),
    Number(
        "purity_bound",
        "counts",
        1,
        "lower 5 % bound of the share of its rows that have the outcome",
    ),
    Number("usual_rate", "counts", -1, "share of the rows of its tasks that have the outcome"),
    Number("usual_z", "counts", 1, "z of its rows with the outcome against the usual rate"),
    Number("usual_z_elsewhere", "counts", 0, "usual_z without the task that adds most"),
    Number("surprise", "counts", 1, "log10 of the odds against such purity by chance"),
    Number("tasks", "counts", 0, "log2 of the tasks it stands in"),
    Number("pure_tasks", "counts", 1, "share of its tasks in which all its rows have the outcome"),
    Number("outcome_is_rare", "counts", 0, "1 where its outcome is one that few rows have"),
    Number("words_z", "words", 1, "z against what the other words of its rows lead to expect"),
    Number("words_z_elsewhere", "words", 0, "words_z without the task that adds most"),
    Number("against_z", "words", 1, "z over rows whose other words speak against the outcome"),
    Number("against_z_elsewhere", "words", 0, "against_z without the task that adds most"),
    Number(
        "against_share", "words", 0, "share of its rows whose other words speak against the outcome"
    ),
    Number(
        "against_bound",
        "words",
        1,
        "lower 5 % bound of the outcome's share where other words speak against it",
    ),
    Number(
        "over_chance", "words", 1, "against_z less the largest z that chance gives so many phrases"
    ),
    Number(
        "least_z", "words", 1, "the smallest of usual_z, words_z, encoder_z and encoder_whole_z"
    ),
    Number("table_z", "table", 1, "deviations by which the word table disowns the outcome"),
    Number("table_whole_z", "table", 1, "table_z with the phrase left in the text"),
    Number(
        "table_position",
        "table",
        1,
        "by the word table, -1/2: its texts look like the outcome, 1/2: like others",
    ),
    Number("table_weight", "table", -1, "largest weight of its words in the word table, nats"),
    Number("table_known", "table", -1, "share of its words that the word table has"),
    Number("encoder_z", "encoder", 1, "z against what the encoder makes of the texts"),
    Number("encoder_whole_z", "encoder", 1, "encoder_z with the phrase left in the texts"),
    Number(
        "encoder_against_z", "encoder", 1, "encoder_z over the texts that speak against the outcome"
    ),
    Number(
        "encoder_against_bound",
        "encoder",
        1,
        "lower 5 % bound of the outcome's share in texts that speak against it",
    ),
    Number(
        "encoder_position",
        "encoder",
        1,
        "by the encoder, -1/2: its texts look like the outcome, 1/2: like others",
    ),
    Number(
        "encoder_added",
        "encoder",
        -1,
        "what it adds to the outcome's log-odds by the encoder, nats",
    ),
    Number(
        "encoder_alone",
        "encoder",
        -1,
        "log-odds of the outcome for the phrase alone, by the encoder, nats",
    ),
    Number("encoder_known", "encoder", -1, "share of its words that the encoder has"),
    Number("readable", "encoder", 0, "share of the words of the set that the encoder can read"),
    Number(
        "encoder_separation",
        "encoder",
        0,
        "how well the encoder tells texts of the outcome from others, deviations",
    ),
    *FORM,
    Number(
        "part_of_stronger",
        "neighbours",
        -1,
        "share of its rows that a stronger candidate of its outcome has",
    ),
)
"""In the order of the columns of `Evidence.table`."""
NAMES = tuple(number.name for number in NUMBERS)
SIBLINGS = Number(
    "siblings", "neighbours", 1, "log2 of 1 + the triggers of its target and form in other rows"
)
"""The number that the second stage of the model reads beside these (neighbours.py, siblings)."""
