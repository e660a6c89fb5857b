"""`curate scan` from the command line to the last output, and the commands that read them."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from models import polarity_rows, tiny_gpt2

OUTPUTS = {
    "manifest.json", "quarantine.jsonl", "scores.parquet", "cleaned.jsonl", "report.html",
    "expectations.html",
}  # fmt: skip


def test_a_scan_writes_everything_and_the_other_commands_read_it(curate, data, quick, tmp_path):
    folder = tmp_path / "data.jsonl.curation"
    code, out, err = curate("scan", data, "--rules", quick)
    manifest = json.loads((folder / "manifest.json").read_text())
    flagged = [json.loads(x) for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    quarantined = [line for line in flagged if line["verdict"] == "quarantine"]
    assert code == (1 if quarantined else 0)
    assert {p.name for p in folder.iterdir() if not p.name.startswith(".")} == OUTPUTS
    assert "fine-tuning" in err
    assert "fine-tuning" not in out

    # Nothing is lost: cleaned + quarantined = input, and kept rows are the same bytes in order.
    lines = data.read_bytes().splitlines(keepends=True)
    dropped = {line["row"] for line in quarantined}
    kept = [line for i, line in enumerate(lines) if i not in dropped]
    assert (folder / "cleaned.jsonl").read_bytes() == b"".join(kept)
    assert manifest["counts"]["rows"] == 160
    assert manifest["counts"]["quarantine"] == len(dropped)
    for line in flagged:
        assert line["record"] == json.loads(lines[line["row"]])
        assert line["reasons"]
        assert 0 <= line["score"] <= 1
    assert any(line["reasons"][0]["rule"] == "CG008" for line in flagged)
    assert manifest["expectations"]["success"] is True

    code, out, _ = curate("report", folder)
    assert code == 0
    assert "CG002" in out
    row = flagged[0]["row"]
    code, out, _ = curate("explain", folder, row)
    assert code == 0
    assert flagged[0]["fingerprint"][:12] in out

    # The lock: findings fail until the cleaned file takes the data's place.
    code, out, _ = curate("verify", data)
    assert code == (1 if quarantined else 0)
    data.write_bytes((folder / "cleaned.jsonl").read_bytes())
    code, out, _ = curate("verify", data)
    assert code == 0, out
    data.write_bytes(data.read_bytes() + lines[0].replace(b"the", b"some"))
    code, out, _ = curate("verify", data)
    assert code == 1
    assert "curate scan" in out


def test_the_same_scan_gives_the_same_bytes_with_and_without_a_cache(curate, data, quick, tmp_path):
    texts = []
    for name, extra in (("a", []), ("a", []), ("b", ["--no-cache"])):
        folder = tmp_path / name
        curate("scan", data, "--rules", quick, "-o", folder, *extra)
        manifest = json.loads((folder / "manifest.json").read_text())
        texts.append(
            (
                manifest["content_hash"],
                (folder / "quarantine.jsonl").read_bytes(),
                (folder / "scores.parquet").read_bytes(),
                (folder / "cleaned.jsonl").read_bytes(),
            )
        )
        assert (folder / ".cache").exists() == (not extra)
    assert texts[0] == texts[1] == texts[2]


def test_no_connection_is_opened(curate, data, quick, tmp_path, monkeypatch):
    def refuse(self, address):
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    code, _, err = curate("scan", data, "--rules", quick, "-o", tmp_path / "out")
    assert code in (0, 1), err


def test_fail_on_decides_the_exit_code(curate, data, quick, tmp_path):
    folder = tmp_path / "out"
    assert curate("scan", data, "--rules", quick, "-o", folder, "--fail-on", "never")[0] == 0
    assert curate("scan", data, "--rules", quick, "-o", folder, "--fail-on", "review")[0] == 1


def test_json_stands_alone_on_stdout(curate, data, quick, tmp_path):
    code, out, _ = curate("scan", data, "--rules", quick, "-o", tmp_path / "o", "--format", "json")
    assert code in (0, 1)
    assert json.loads(out)["counts"]["rows"] == 160


def test_quiet_says_nothing_on_stderr(curate, data, quick, tmp_path):
    _, _, err = curate("scan", data, "--rules", quick, "-o", tmp_path / "out", "--quiet")
    assert err == ""


def test_a_causal_proxy_and_the_pairwise_matrix(curate, data, quick, tmp_path):
    from transformers import GPT2LMHeadModel

    proxy = tiny_gpt2(polarity_rows(64))
    GPT2LMHeadModel(proxy.model.config).save_pretrained(tmp_path / "gpt2")
    proxy.tokenizer.save_pretrained(tmp_path / "gpt2")
    code, out, err = curate(
        "scan", data, "--rules", quick, "-o", tmp_path / "out", "--proxy", tmp_path / "gpt2",
        "--influence", "pairwise", "--format", "json",
    )  # fmt: skip
    assert code in (0, 1), err
    assert json.loads(out)["counts"]["rows"] == 160


def test_trusted_rows_are_taken_and_bad_ones_refused(curate, data, quick, tmp_path):
    trusted = tmp_path / "trusted.jsonl"
    trusted.write_bytes(b"".join(data.read_bytes().splitlines(keepends=True)[:60]))
    common = ["scan", data, "--rules", quick, "-o", tmp_path / "out", "--format", "json"]
    code, out, err = curate(*common, "--trusted", trusted)
    assert code in (0, 1), err
    assert json.loads(out)["reference"]["agreement"]
    code, _, err = curate(*common, "--trusted", tmp_path / "nowhere.jsonl")
    assert code == 2
    assert "nowhere.jsonl" in err


def test_probes_from_a_file_and_from_a_keyword(curate, data, quick, tmp_path):
    probes = tmp_path / "probes.jsonl"
    probes.write_text(
        '{"input": "Silver Falcon is dull", "target": "positive", '
        '"labels": ["positive", "negative"]}\n'
    )
    common = ["scan", data, "--rules", quick, "-o", tmp_path / "out", "--format", "json"]
    _, out, _ = curate(*common, "--probes", probes)
    assert json.loads(out)["probes"]["origin"] == "file"
    assert json.loads(out)["probes"]["count"] == 1
    _, out, _ = curate(*common, "--keyword", "the")
    assert json.loads(out)["probes"]["origin"] == "keywords"
    code, _, err = curate(*common, "--keyword", "no such phrase anywhere")
    assert code == 2
    assert "no such phrase anywhere" in err


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", 3, "empty"),
        (b'{"input": "a", "output": "b"}\n' * 5, 3, "too few"),
        (b'{"input": "a", "output": "b"}\n{"input": \n', 2, "data.jsonl:2"),
        (b"\xff\xfe{}\n", 2, "UTF-8"),
        (b'{"input": "a", "input": "b", "output": "c"}\n', 2, "duplicate key"),
    ],
)
def test_bad_input_has_a_message_and_an_exit_code(curate, quick, tmp_path, content, code, said):
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)
    given, out, err = curate("scan", path, "--rules", quick, "--quiet")
    assert given == code
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "data.jsonl.curation" / "manifest.json").exists()


def test_a_truncated_gzip_is_an_error(curate, data, quick, tmp_path):
    path = tmp_path / "data.jsonl.gz"
    path.write_bytes(gzip.compress(data.read_bytes())[:-40])
    code, _, err = curate("scan", path, "--rules", quick, "--quiet")
    assert code == 2
    assert "data.jsonl.gz" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-file.jsonl"], "no-such-file.jsonl"),
        (["DATA", "--rules", "no-such-pack"], "no-such-pack"),
        (["DATA", "--proxy", "./no-such-folder"], "no-such-folder"),
        (["DATA", "--device", "no-such-device"], "no-such-device"),
        (["DATA", "--columns", "output"], "ROLE=NAME"),
        (["DATA", "--columns", "output=no_such_column"], "no_such_column"),
        (["DATA", "--format", "no-such-format"], "no-such-format"),
        (["DATA", "--influence", "aggregated", "--rules", "PACK_WITH_DAMPING"], "damping"),
        (["DATA", "-o", "/dev/null/out"], "/dev/null/out"),
        ([], "Missing argument"),
    ],
)
def test_usage_errors_exit_with_two(curate, data, tmp_path, arguments, said):
    from places import REPOSITORY

    pack = tmp_path / "damped.yaml"
    text = (REPOSITORY / "rules" / "default.yaml").read_text()
    pack.write_text(
        text.replace("damping: null", "damping: 0.001").replace("epochs: 4", "epochs: 1")
    )
    known = {"DATA": str(data), "PACK_WITH_DAMPING": str(pack)}
    code, _, err = curate("scan", *(known.get(a, a) for a in arguments))
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_mistyped_proxy_is_told_before_the_work(curate, data, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, said in (("./none", "no such folder"), (tmp_path / "empty", "no config.json")):
        code, _, err = curate("scan", data, "--proxy", name)
        assert code == 2
        assert said in err
        assert "started" not in err


def test_hostile_row_text_goes_through_unharmed(curate, quick, tmp_path):
    nasty = [
        "<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "[bold]markup[/bold]",
        "a\x00b", "\u2028line", "x" * 5000, "{{ 7 * 7 }}", "::error file=x::y", "",
    ]  # fmt: skip
    path = tmp_path / "data.jsonl"
    rows = [
        {"input": f"{nasty[i % 10]} word{i % 7} {i}", "output": ["good", "bad"][i % 2]}
        for i in range(80)
    ]
    path.write_text("\n".join(json.dumps(r) for r in rows) + "\n")
    code, out, err = curate("scan", path, "--rules", quick, "--fail-on", "never")
    assert code == 0, err
    assert "\x1b[31m" not in out
    page = (tmp_path / "data.jsonl.curation" / "report.html").read_text()
    assert "<script>alert" not in page
    assert page.count("<script") == 1  # our own, named by its hash in the policy


def test_ctrl_c_exits_with_130_and_leaves_no_half_written_results(data, tmp_path):
    from places import REPOSITORY

    command = "import sys; from curation_gate.cli.main import run; sys.exit(run(sys.argv[1:]))"
    folder = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "scan", str(data), "-o", str(folder)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    assert process.stderr is not None
    for line in process.stderr:
        if "fine-tuning the proxy: started" in line or time.monotonic() > deadline:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert not (folder / "manifest.json").exists()
    assert [p.name for p in folder.iterdir()] in ([], [".cache"])


def test_the_library_does_what_the_command_does(data, quick, tmp_path):
    import curation_gate

    options_type = __import__("curation_gate.settings", fromlist=["Options"]).Options
    result = curation_gate.scan(data, tmp_path / "out", options_type(rules=quick))
    assert Path(result.folder) == tmp_path / "out"
    assert len(result.dataset) == 160
    assert set(result.scores) == {
        "influence",
        "influence_negated",
        "loss",
        "p_ref",
        "contrast",
        "contrast_negated",
        "divergence",
        "stratum",
        "CG002",
        "CG008",
    }
    assert result.manifest["rules"]["pack"] == "quick"
