"""`nuke -t render_node.py` and the function behind it: no GUI, no progress bar."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.plugins.nuke.doubles.session import PLUGIN, Start, make_node


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """As Nuke does: a last word that is a range is not in `sys.argv`."""
    script = str(PLUGIN / "render_node.py")
    given = arguments[:-1] if re.fullmatch(r"[\d,x-]+", arguments[-1]) else arguments
    monkeypatch.setattr(sys, "argv", [script, *given])
    raw = ["/usr/local/Nuke16.0v1/Nuke16.0", "-t", script, *arguments]
    monkeypatch.setattr(sys.modules["nuke"], "rawArgs", raw)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(PLUGIN / "render_node.py"))
    return int(ended.value.code or 0)


def test_the_command_renders_a_node(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = start(gui=False, views=("left", "right"))
    make_node(session)
    script, saved = session.folder / "comp_v001.nk", session.folder / "out.nk"
    options = ["--frames", "1002-1003", "--views", "right", "--save-as", str(saved)]
    assert _run(monkeypatch, str(script), "NLEStyle1", *options) == 0
    printed = capsys.readouterr().out
    assert printed == f"NLEStyle1_result: {session.output}/NLEStyle1_v001.right/" + (
        "NLEStyle1_v001.right.######.exr\n"
    )
    assert session.studio.executed == [(1002, "right"), (1003, "right")]
    assert session.studio.tasks == []
    assert saved.is_file()


@pytest.mark.parametrize("before", [(), ("--",)])
def test_a_range_may_be_the_last_word(
    start: Start, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...]
) -> None:
    session = start(gui=False)
    make_node(session)
    script = str(session.folder / "comp_v001.nk")
    assert _run(monkeypatch, *before, script, "NLEStyle1", "--frames", "1002-1003") == 0
    assert session.studio.executed == [(1002, "main"), (1003, "main")]


@pytest.mark.parametrize(
    ("script", "node", "said"),
    [
        ("comp_v001.nk", "Plate", "Plate is not an NLEStyle node"),
        ("comp_v001.nk", "Nothing", "Nothing is not an NLEStyle node"),
        ("other.nk", "NLEStyle1", "no such file"),
    ],
)
def test_what_cannot_be_rendered_is_one_line_and_exit_code_2(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    node: str,
    said: str,
) -> None:
    session = start(gui=False)
    make_node(session)
    assert _run(monkeypatch, str(session.folder / script), node) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_the_function_takes_names_frames_and_views(start: Start) -> None:
    session = start(gui=False, views=("left", "right"))
    make_node(session)
    read = session.plugin.render("NLEStyle1", frames=(1001, 1002), views=["left"])
    assert Path(read["file"].value()).name == "NLEStyle1_v001.left.######.exr"
    with pytest.raises(Exception, match="no view 'up'"):
        session.plugin.render("NLEStyle1", views=["up"])
