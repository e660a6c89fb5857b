from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curation_gate.errors import RulesError
from curation_gate.probes.transforms import TRANSFORMS
from curation_gate.rulebook import (
    KNOWN_TRANSFORMS,
    load_rules,
    parse_rules,
    rules_folder,
    shipped_packs,
)
from curation_gate.rulepack import Policy

PATH = Path("pack.yaml")
DEFAULT = (rules_folder() / "default.yaml").read_text(encoding="utf-8")
SMALL = """\
name: small
rules:
  - id: CG002
    title: influence under negation
    detector: invariance
    severity: quarantine
    rationale: it does not turn
"""
LOSS = f"rules[{[rule.detector for rule in load_rules().rules].index('loss')}]"


def edited(old: str, new: str) -> str:
    assert old in DEFAULT, f"{old!r} is no longer in default.yaml"
    return DEFAULT.replace(old, new, 1)


def test_every_shipped_pack_loads_under_its_own_name() -> None:
    assert {"default", "paper"} <= set(shipped_packs())
    assert [load_rules(name).name for name in shipped_packs()] == list(shipped_packs())


def test_default_pack_is_what_the_documents_say() -> None:
    pack = load_rules()
    assert pack.name == "default"
    assert [rule.id for rule in pack.rules] == [
        "CG001",
        "CG002",
        "CG003",
        "CG004",
        "CG006",
        "CG007",
        "CG008",
        "CG009",
        "CG010",
        "CG011",
        "CG012",
    ]
    assert [rule.id for rule in pack.enabled] == [
        "CG001",
        "CG004",
        "CG006",
        "CG007",
        "CG009",
        "CG010",
        "CG011",
        "CG012",
    ]
    assert pack.rules[1].parameters == {
        "reading": "contrast",
        "scale": "residual",
        "threshold": 3.0,
        "center": "stratum",
        "statistic": "mean",
    }
    assert pack.policy == Policy(false_discovery_budget=0.05, fail_on="quarantine", minimum_rows=50)
    assert pack.proxy.name == "embedded"


def test_default_yaml_spells_out_the_defaults_of_the_code() -> None:
    written = load_rules().model_dump()
    bare = parse_rules(SMALL, PATH).model_dump()
    for section in ("policy", "proxy", "probes", "influence"):
        assert bare[section] == written[section]
    assert bare["rules"][0]["parameters"] == written["rules"][1]["parameters"]


def test_paper_pack_holds_the_settings_of_the_paper() -> None:
    pack = load_rules("paper")
    assert (pack.proxy.epochs, pack.proxy.batch_rows, pack.proxy.batch_tokens) == (10, 8, None)
    assert (pack.probes.origin, pack.probes.count, pack.probes.transform) == (
        "keywords",
        100,
        "sorry_not",
    )
    parameters = pack.rules[0].parameters
    assert (parameters["reading"], parameters["threshold"], parameters["center"]) == (
        "R1",
        3.0,
        "global",
    )


def test_hash_follows_settings_and_nothing_else() -> None:
    pack = parse_rules(DEFAULT, PATH)
    assert len(pack.hash) == 32
    assert parse_rules("# a remark\n" + DEFAULT, Path("other.yaml")).hash == pack.hash
    assert parse_rules(edited("threshold: 3.0", "threshold: 3"), PATH).hash == pack.hash
    assert parse_rules(edited("threshold: 3.0", "threshold: 3.5"), PATH).hash != pack.hash
    assert parse_rules(edited("minimum_rows: 50", "minimum_rows: 51"), PATH).hash != pack.hash


def test_a_pack_without_a_rule_that_is_on_is_refused() -> None:
    text = DEFAULT.replace("enabled: true", "enabled: false")
    with pytest.raises(RulesError, match="every rule is switched off"):
        parse_rules(text, PATH)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        (
            "threshold: 3.0",
            "treshold: 3.0",
            "treshold",
            "rules[1].parameters.treshold: unknown key",
        ),
        ("threshold: 3.0", "threshold: .inf", ".inf", "rules[1].parameters.threshold: "),
        ("threshold: 3.0", "threshold: .nan", ".nan", "rules[1].parameters.threshold: "),
        ("threshold: 3.0", "threshold: '3'", "'3'", "rules[1].parameters.threshold: "),
        ("reading: contrast", "reading: R9", "R9", "'R1', 'R2', 'R3' or 'contrast'"),
        ("detector: loss", "detector: losss", "losss", "there are: control_tokens, divergence,"),
        ("detector: loss", "detector: [loss]", "[loss]", f"{LOSS}.detector: "),
        ("fraction: 0.02", "fraction: 2", "fraction: 2", f"{LOSS}.parameters.fraction: "),
        ("id: CG008", "id: CG002", "rules:", "id used twice: CG002"),
        ("id: CG008", "id: eight", "eight", f"{LOSS}.id: "),
        ("title: high loss", "titel: high loss", "titel", f"{LOSS}.titel: unknown key"),
        ("severity: review", "severity: warn", "warn", "rules[1].severity: "),
        ("enabled: true", "enabled: 'no'", "'no'", "rules[0].enabled: "),
        ("fail_on: quarantine", "fail_on: sometimes", "sometimes", "policy.fail_on: "),
        ("max_tokens: 96", "max_tokens: '96'", "'96'", "proxy.max_tokens: "),
        ("  epochs: null", "  epochs: 2\n  epochs: 5", "epochs: 5", "'epochs' is given twice"),
        ("batch_tokens: null", "batch_tokens: 512", "proxy:", "batch_tokens or batch_rows"),
        ("keywords: []", "keywords: [a]", "probes:", "`origin: keywords`"),
        ("origin: entities", "origin: file", "probes:", "`origin: file`"),
        ("transform: sorry_not", "transform: maybe", "maybe", "there are: bang_no, gramm"),
        ("method: directional", "method: exact", "exact", "influence.method: "),
        ("policy:", "polity:", "polity", "polity: unknown key"),
    ],
)
def test_mistakes_name_file_line_and_key(old: str, new: str, at: str, said: str) -> None:
    text = edited(old, new).replace("batch_rows: null", "batch_rows: 8")
    line = next(k for k, content in enumerate(text.splitlines(), start=1) if at in content)
    with pytest.raises(RulesError) as caught:
        parse_rules(text, PATH)
    messages = caught.value.message.splitlines()
    assert any(m.startswith(f"pack.yaml:{line}: ") and said in m for m in messages), messages


def test_every_mistake_is_reported_at_once() -> None:
    text = edited("threshold: 3.0", "threshold: -1").replace("minimum_rows: 50", "minimum_rows: 0")
    with pytest.raises(RulesError) as caught:
        parse_rules(text, PATH)
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the pack is empty"),
        ("# only a remark\n", "the pack is empty"),
        ("[]\n", "not a list"),
        ("name: x\nrules: []\n", "pack.yaml:2: rules: a pack needs at least one rule"),
        ("name: x\n", "rules: is required"),
        ("name: x\nrules: [\n", "not YAML"),
        ("a: &x [1]\nb: *x\n", "anchors and aliases"),
        ("? [a]\n: 1\n", "a key has to be a word"),
    ],
)
def test_packs_that_say_nothing_are_errors(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=r"pack\.yaml") as caught:
        parse_rules(text, PATH)
    assert said in caught.value.message


def test_an_unknown_name_lists_the_shipped_packs() -> None:
    with pytest.raises(RulesError) as caught:
        load_rules("defualt")
    assert "defualt" in caught.value.message
    assert "default, paper" in (caught.value.hint or "")


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"absent\.yaml: cannot be read"):
        load_rules(tmp_path / "absent.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(RulesError, match="not UTF-8 at byte 6"):
        load_rules(tmp_path / "bad.yaml")


def test_a_probe_file_counts_from_the_pack(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL + "probes: {origin: file, file: probes/own.jsonl}\n", encoding="utf-8")
    assert load_rules(str(path)).probe_file() == tmp_path / "probes" / "own.jsonl"
    assert load_rules().probe_file() is None


def test_transform_names_are_those_of_the_probes_stage() -> None:
    assert frozenset(TRANSFORMS) == KNOWN_TRANSFORMS


def test_rulebook_imports_no_torch() -> None:
    code = "import sys, curation_gate.rulebook as r; r.load_rules(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
