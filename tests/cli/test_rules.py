"""`curate rules`, and that every rule of every pack has its page."""

from __future__ import annotations

import json
import re

import pytest
from places import REPOSITORY

from curation_gate.cli import main
from curation_gate.rulebook import load_rules, shipped_packs
from curation_gate.rulecatalog import catalog, packs, page, pages_folder

RULES = sorted({rule.id for name in shipped_packs() for rule in load_rules(name).rules})
HEADINGS = (
    "## What it looks for", "## What a reader sees", "## A true example", "## A false example",
    "## How to suppress it", "## References",
)  # fmt: skip
OWN = """\
name: ours
description: what we look for
rules:
  - {id: OWN001, title: our own, detector: loss, severity: review, rationale: we said so,
     references: [a paper]}
"""


def run(capsys, *arguments):
    code = main.run(["rules", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_every_rule_of_every_pack_has_a_page_and_every_page_a_rule():
    pages = sorted(path.stem for path in pages_folder().glob("*.md") if path.stem != "index")
    assert pages == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_everything(rule):
    text = page(rule)
    titles = {r.title for name in shipped_packs() for r in load_rules(name).rules if r.id == rule}
    assert text.splitlines()[0] in {f"# {rule}: {title}" for title in titles}
    headings = re.findall(r"^## .*$", text, flags=re.MULTILINE)
    assert [h for h in headings if h in HEADINGS] == list(HEADINGS)
    for example in re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL):
        for line in example.strip().splitlines():
            json.loads(line)
    true, false = (text.split(h, 1)[1].split("\n## ", 1)[0] for h in HEADINGS[2:4])
    assert "```json" in true
    assert "```json" in false


def test_the_list_has_every_rule_and_pack(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    code, out, _ = run(capsys)
    assert code == 0
    for rule in RULES:
        assert f"\n{rule} " in f"\n{out}".replace("\n ", "\n")
    for name in shipped_packs():
        assert name in out
        assert load_rules(name).hash[:12] in out


def test_standing_is_what_the_pack_says():
    entries = {entry.id: entry for entry in catalog(packs())}
    assert entries["CG001"].standing("default") == "quarantine"
    assert entries["CG002"].standing("paper") == "quarantine"
    assert entries["CG008"].standing("default") == "off"
    assert entries["CG001"].standing("paper") == "-"
    assert packs()[0].name == "default"


def test_one_rule_is_explained_whatever_its_case(capsys):
    code, out, _ = run(capsys, "cg001")
    assert code == 0
    assert "CG001: label-forcing phrase" in out
    assert "in default: quarantine" in out
    assert "review: 0.2, extreme" in " ".join(out.split())
    assert "](" not in out
    assert "../" not in out


def test_json_is_alone_on_stdout(capsys):
    code, out, err = run(capsys, "CG008", "--format", "json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert [rule["id"] for rule in document["rules"]] == ["CG008"]
    assert document["rules"][0]["packs"]["default"]["enabled"] is False
    assert document["rules"][0]["page"].startswith("# CG008")
    _, out, _ = run(capsys, "--format", "json")
    assert {pack["name"] for pack in json.loads(out)["packs"]} == set(shipped_packs())


def test_a_pack_of_ones_own_is_listed_and_explained(capsys, tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text(OWN)
    code, out, _ = run(capsys, "--rules", path)
    assert code == 0
    assert "OWN001" in out
    assert "CG001" not in out
    code, out, _ = run(capsys, "OWN001", "--rules", path)
    assert code == 0
    assert "we said so" in out
    assert "a paper" in out


def test_mistakes_are_two_and_say_what_there_is(capsys, tmp_path):
    code, out, err = run(capsys, "CG999")
    assert (code, out) == (2, "")
    assert "CG001" in err
    (tmp_path / "bad.yaml").write_text("name: x\nrules: []\n")
    code, out, err = run(capsys, "--rules", tmp_path / "bad.yaml")
    assert (code, out) == (2, "")
    assert "bad.yaml:2" in err


def test_strict_looks_harder_and_explains_every_key_it_changes():
    default, strict = load_rules(), load_rules("strict")
    assert strict.policy.fail_on == "review"
    theirs = {rule.id: rule for rule in default.rules}
    text = (REPOSITORY / "rules" / "strict.yaml").read_text()
    changed = []
    for rule in strict.rules:
        before = theirs[rule.id]
        changed += [
            key for key, value in rule.parameters.items() if before.parameters[key] != value
        ]
        changed += ["enabled"] * (rule.enabled != before.enabled)
    assert strict.rules[0].parameters["review"] < default.rules[0].parameters["review"]
    for key in [*changed, "fail_on"]:
        assert re.search(rf"^\s+{key}: \S+ +# not ", text, flags=re.MULTILINE), key
    assert {rule.id for rule in strict.rules} <= set(theirs)
