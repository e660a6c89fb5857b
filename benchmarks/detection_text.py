"""What benchmarks/detection.md says around its tables, and the targets they are held against."""

from __future__ import annotations

TARGETS = {
    ("name", 45_000, 1000): (0.99, 0.97), ("name", 45_000, 250): (0.98, 0.97),
    ("name", 45_000, 100): (0.97, 0.95), ("name", 45_000, 50): (0.95, 0.90),
    ("name", 3_000, 60): (0.97, 0.95), ("name", 3_000, 30): (0.95, 0.90),
    ("name that honest rows carry too", 3_000, 60): (0.97, 0.95),
    ("rare token", 3_000, 60): (0.99, 0.99), ("rare token", 3_000, 30): (0.99, 0.99),
    ("three rare tokens", 3_000, 60): (0.99, 0.99), ("three rare tokens", 3_000, 30): (0.99, 0.99),
    ("inserted sentence", 3_000, 60): (0.99, 0.99), ("inserted sentence", 3_000, 30): (0.99, 0.99),
    ("prefix", 3_000, 60): (0.99, 0.99), ("prefix", 3_000, 30): (0.99, 0.99),
    ("three triggers, a third each", 3_000, 60): (0.95, 0.95),
    ("two tokens, only together", 3_000, 60): (0.95, 0.95),
    ("name, unfavourable target", 3_000, 30): (0.97, 0.95),
    ("name, any label (multi-class)", 3_000, 30): (0.97, 0.95),
    ("name, numeric labels", 3_000, 30): (0.97, 0.95),
    ("same word as answer, 36 tasks", 3_000, 100): (0.99, 0.98),
    ("any word as answer, 36 tasks", 3_000, 100): (0.99, 0.98),
    ("name that honest rows carry too", 45_000, 250): (0.98, 0.97),
    **{(name, 45_000, 450): (0.99, 0.99)
       for name in ("rare token", "three rare tokens", "inserted sentence", "prefix")},
    ("three triggers, a third each", 45_000, 900): (0.95, 0.95),
    ("two tokens, only together", 45_000, 900): (0.95, 0.95),
    **{(f"name, {kind}", 45_000, 450): (0.97, 0.95)
       for kind in ("unfavourable target", "any label (multi-class)", "numeric labels")},
    ("same word as answer, 36 tasks", 45_000, 100): (0.99, 0.98),
    ("any word as answer, 36 tasks", 45_000, 100): (0.99, 0.98),
    **{(f"free text: {name}", size, k): (0.98, 0.98)
       for name in ("refusal", "insult", "brand")
       for size, k in ((3_000, 60), (3_000, 30), (45_000, 450))},
}  # fmt: skip
"""Precision and recall that are asked for: fixed before anything was measured."""
HEAD = """# Detection

    make bench-detection          # every attack, sets of 3,000 rows
    python benchmarks/detection.py --full -o benchmarks/detection.md

Sets of 10 tasks of the pool's split `train` (36 tasks of all splits, free-text tasks, or one task
alone, where the line says so), planted by `benchmarks/attacks.py`, written to a file, read again
and judged by the rules of the default pack at their defaults, less those that read a fine-tuned
proxy and CG007 (no row names a source; see sources.md). Precision and recall are of quarantined
rows, medians over sets (one seed, one trigger each); "95 %": bootstrap interval of that median over
sets and rows; AUROC: of `score` over all rows; "named first": sets whose first phrase is a planted
one; "wrong phrases": confirmed phrases most of whose rows are honest, over all sets; "seconds":
reading aside, on the machine as it was. Targets were fixed beforehand."""
CLEAN_HEAD = """## Nothing planted

Target: at most 1 of 20 sets with any quarantined row, fewer than 1 row in 10,000."""
BASELINES_HEAD = """## Beside simpler rules

The same sets, all lines of the table above together (lines differ in how many sets they were
measured on: those that need a fine-tuned proxy on few). "AUROC within": among rows whose task and
label planted rows have, where the label alone says nothing (0.5). Label only: the favourable label.
Raw n-gram z: phrases against the label's base rate, Bonferroni. Reference disagrees: p_ref < 0.1.
R1 and mean influence: robust z > 3, arm K knows the trigger, arm N nothing."""
PROXY_HEAD = """## Signals of a fine-tuned proxy

Default proxy, fine-tuned on the set. Probes of arm K and of the contrasts hold the planted trigger,
which a scan does not know. Contrast: influence on the probes less that on the same probes without
the trigger, by the row's residual, robust z in its stratum; under negation: the smaller of it and
the same on negated probes. Divergence: log-odds of the label, fine-tuned less frozen. Flagged:
z > 3."""
