"""What `--help` says: quickly, in groups, within a terminal, and true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer.main

from nle_style.cli.main import app
from nle_style.media import INTERMEDIATES
from tests.helpers.command import nle_style

PANELS = ("Look", "Timeline", "Reading", "Output", "Machine")


def commands(group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and of every group of commands."""
    group = group or typer.main.get_command(app)
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = [pytest.param(words, id=" ".join(words) or "nle-style") for words in commands()]


def helped(monkeypatch: pytest.MonkeyPatch, *words: str, columns: int = 80) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", columns)
    done = nle_style(*words)
    assert done.code == 0, done.err
    return done.out


def panels(text: str) -> list[str]:
    return re.findall(r"^╭─ ([^─]+?) ─", text, re.MULTILINE)


@pytest.mark.parametrize("words", [each for each in ALL if each.values[0] != ("resolve",)])
def test_every_command_helps_with_h_within_80_columns(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    text = helped(monkeypatch, *words, "-h")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    # Every option has a word of help: its last column is not empty.
    assert text == helped(monkeypatch, *words, "--help")


def test_the_options_stand_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, wanted in (
        ("render", ("Look", "Reading", "Output", "Machine")),
        ("batch", PANELS),
        ("farm", PANELS),
        ("info", PANELS),
    ):
        found = panels(helped(monkeypatch, command, "-h"))
        assert tuple(each for each in found if each in PANELS) == wanted, command
        assert set(found) <= {"Arguments", "Options", *PANELS}


def test_what_only_programs_call_is_hidden_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    text = helped(monkeypatch, "-h")
    shown = re.findall(r"^│ ([a-z-]+) +[A-Z]", text, re.MULTILINE)
    assert {"render", "batch", "info", "farm", "doctor", "styles"} <= set(shown)
    assert "run" not in shown
    assert "A job file" in helped(monkeypatch, "run", "-h")


def test_no_option_of_batch_is_one_that_it_always_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--matte" not in helped(monkeypatch, "batch", "-h")


def test_o_means_where_the_result_goes_in_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0
    for parameter in ALL:
        words = parameter.values[0]
        if words in ((), ("resolve",), ("run",)):
            continue
        text = " ".join(helped(monkeypatch, *words, "-h", columns=200).split())
        if "--output" not in text:
            assert " -o " not in text, words
            continue
        seen += 1
        assert re.search(r"--output[^│]* -o [^│]*Where the results? goe?s?:", text), words
    assert seen >= 10


def test_the_formats_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    text = helped(monkeypatch, "render", "-h", columns=200)
    assert all(name in text for name in INTERMEDIATES)


def test_an_editor_need_not_know_how_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("render", "batch", "farm", "info", "demo", "sheet"):
        text = helped(monkeypatch, command, "-h").lower()
        for word in ("norm", "mean and variance", "zero-based", "chroma", "luma"):
            assert word not in text, (command, word)


@pytest.mark.slow
def test_help_answers_at_once() -> None:
    """In half a second of processor time, the best of five. On a machine that is so busy that the
    library which prints the help takes most of that, in twice what the library takes."""

    def seconds(*words: str) -> float:
        program = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        assert program.returncode == 0
        return used.ru_utime + used.ru_stime

    taken = []
    for _ in range(5):
        taken.append(seconds("-m", "nle_style", "--help"))
        if taken[-1] < 0.5:
            return
    assert min(taken) < 2 * min(seconds("-c", "import typer.rich_utils") for _ in range(3))
