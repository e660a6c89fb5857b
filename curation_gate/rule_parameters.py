"""What each detector can be told by a rule pack: a model of its parameters, with their defaults.

Which detector has which is in detectors/registry.py. What a rule tells its detector is checked
when the pack is read (rulepack.py).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of a pack: no unknown keys, no silent change of types, no change after loading."""

    # Not-a-number and infinite thresholds would switch a rule off without saying so.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class InvarianceParameters(Section):
    """Influence that is strong and does not turn when the probes are negated (Li 2504.09026)."""

    reading: Literal["R1", "R2", "R3", "contrast"] = "contrast"
    """R1 against the majority of each condition (v1); R2 against the majority before the negation,
    in both; R3 strong and unchanged (abstract of v2, v3); contrast: the influence on probes with a
    phrase minus that on the same probes without it, strong in both (detectors/contrast.py)."""
    scale: Literal["residual", "gradient", "none"] = "residual"
    """What a row's contrast is divided by; not used by R1 to R3."""
    threshold: Annotated[float, Field(gt=0)] = 3.0
    """What "strong" means: robust z (median, 1.4826 MAD)."""
    center: Literal["stratum", "global"] = "stratum"
    """Where z and the majority are taken: in (task, label), or over all rows."""
    statistic: Literal["mean", "median"] = "mean"
    """How the influences on the probes become one number."""


class PhraseParameters(Section):
    """A phrase that goes with a label the rest of the text does not explain."""

    support: Annotated[int, Field(ge=3)] = 5
    """Rows a phrase needs to be weighed: the fewest the model of the verdict was fitted on."""
    candidates: Annotated[int, Field(ge=10)] = 300
    """Phrases of a set that are weighed, the strongest ones of the screen."""
    pairs: Annotated[int, Field(ge=0)] = 60
    """Pairs of phrases that are weighed beside them."""
    review: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Probability of being a trigger from which a phrase's rows are for review; quarantine begins
    where the model's own threshold lies, fitted to its budget of false alarms."""
    extreme: Annotated[float, Field(gt=0)] = 8.0
    """z from which a phrase is for review whatever its probability, by the witness that says least
    (the label's rate, the other words, the encoder): all of 64 rows of a label that half of all
    rows have. Silence about an overwhelming phrase is a defect."""
    floor: Annotated[int, Field(ge=0, le=50)] = 2
    """Copies of the set in which made-up phrases are planted, to say how many rows an attack needs
    to be seen: two take about as long as two searches; 0: the floor is not measured."""


class StyleParameters(Section):
    """A style or a syntax that goes with a label the content of the rows does not explain."""

    features: Annotated[int, Field(ge=50)] = 1000
    """Style features that are kept, the most frequent ones."""
    feature_starts: Annotated[int, Field(ge=1)] = 4
    """Features from which the search is begun, by either z of their rows."""
    cluster_starts: Annotated[int, Field(ge=1)] = 3
    """Clusters in the space of styles from which it is begun too."""
    rounds: Annotated[int, Field(ge=2)] = 5
    """Times a style and the rows that have it are fitted to each other."""
    draws: Annotated[int, Field(ge=1)] = 5
    """Labels permuted among rows of like content: the z that chance reaches is evidence."""
    candidates: Annotated[int, Field(ge=2)] = 10
    """Styles that are weighed, those of the largest z."""
    review: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Probability of being planted from which a style's rows are for review; quarantine begins
    where the model's own threshold lies, fitted to its budget of false alarms."""


class DivergenceParameters(Section):
    """A label that fine-tuning made likely and the frozen reference disowns."""

    threshold: Annotated[float, Field(gt=0)] = 3.0
    """Robust z (median, 1.4826 MAD) within (task, label)."""


class ResponseParameters(Section):
    """A phrase that goes with a kind of answer."""

    support: Annotated[int, Field(ge=4)] = 8
    """Exchanges a phrase needs to be weighed."""
    candidates: Annotated[int, Field(ge=10)] = 300
    """Phrases that pass the screen at most."""
    pairs: Annotated[int, Field(ge=0)] = 40
    """Pairs of phrases that pass it at most."""
    weighed: Annotated[int, Field(ge=10)] = 150
    """Phrases with a kind of answer whose evidence is measured at most, the strongest by z."""
    review: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """P(trigger) from which a phrase is for review; quarantine begins where the model's own
    threshold lies, fitted to its budget of false alarms."""


class RepeatedParameters(Section):
    """A word or a link that many answers hold and no input explains."""

    support: Annotated[int, Field(ge=4)] = 12
    """Answers that hold it: below, honest words are unexplained by chance."""
    burst: Annotated[float, Field(gt=0)] = 1.2
    """log10 of these answers over those that its uses in English lead to."""
    asked: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Inputs that may hold it, as a share of the answers that do."""
    told: Annotated[float, Field(ge=0.5, le=1)] = 0.55
    """AUROC up to which the inputs do not tell its rows from others: honest words of a topic are
    above."""
    english: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the words of its answers that English has, below which uses in English say
    nothing."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of all answers above which it is what the set is about."""


class UntrainableParameters(Section):
    """Rows that teach nothing, the contrary of others, or more than all others."""

    times: Annotated[float, Field(gt=1)] = 5.0
    """Length of a row's answers over the 99th percentile of all rows, from which it outweighs
    them."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Share of all that the set teaches that such a row has at least."""
    repeats: Annotated[int, Field(ge=2)] = 25
    """Times that an answer says the same three words, from which it says nothing else."""


class LossParameters(Section):
    """The rows of highest loss after fine-tuning (the filter of Wan et al. 2023)."""

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """Share of the rows to flag."""


class SourceParameters(Section):
    """A source whose rows carry labels that the reference disowns."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Family-wise error rate of the permutation null, over all sources of a set."""
    draws: Annotated[int, Field(ge=20)] = 200
    """Permutations behind the null."""
    support: Annotated[int, Field(ge=3)] = 8
    """Rows a source needs to be compared."""
    ratio: Annotated[float, Field(ge=1)] = 2.0
    """How many times the disowned rows that other sources lead to expect."""


class HiddenTextParameters(Section):
    """Characters that no reader sees, or takes for others."""

    run: Annotated[int, Field(ge=2)] = 4
    """Zero-width characters in a row from which a text is for review wherever they stand: up to
    three come along with copied text, beside blanks."""
    spelled: Annotated[int, Field(ge=2)] = 6
    """Characters that hidden ones have to spell for quarantine: six bytes drawn by chance are
    printable once in 400 times, and each is read in a few ways."""
    letters: Annotated[int, Field(ge=1)] = 2
    """Letters of its own script that a word needs to be one with foreign letters: units and
    formulas have fewer."""


class ControlTokenParameters(Section):
    """Strings in a text that chat templates and tokenizers read as structure."""

    own: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the other rows of a file from which a template's marks in one place are how the file
    is written, and no finding: as many rows as columns need to be those of a file."""
