"""Whatever goes wrong is one message; the graph and the root are as before, nothing is left."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.nuke.doubles.fake_nodes import Node
from tests.plugins.nuke.doubles.fake_nuke import CancelledError
from tests.plugins.nuke.doubles.session import Session, Start, make_node, picture

Break = Callable[[Session, Node], None]


def _execute_fails(error: Exception | str) -> Break:
    def breaking(session: Session, node: Node) -> None:
        def on_execute(frame: int, view: str) -> str | Exception | None:
            if frame < 1002:
                return None
            if isinstance(error, str):
                return error
            raise error

        session.studio.on_execute = on_execute

    return breaking


def _sets(**values: Any) -> Break:
    def breaking(session: Session, node: Node) -> None:
        for name, value in values.items():
            node[name].setValue(value)

    return breaking


def _unsaved(session: Session, node: Node) -> None:
    session.studio._root._name = "Root"


def _no_input(session: Session, node: Node) -> None:
    node.setInput(0, None)


def _no_frames(session: Session, node: Node) -> None:
    node.input(0)._frames = (5, 4)


def _cancelled_upstream(session: Session, node: Node) -> None:
    session.studio.cancel_at = 1


def _no_interpreter(session: Session, node: Node) -> None:
    installed = session.folder / "nle_style_installation.json"
    data = json.loads(installed.read_text())
    installed.write_text(json.dumps({**data, "command": [str(session.folder / "python")]}))


def _broken_interpreter(session: Session, node: Node) -> None:
    program = session.folder / "python"
    program.write_text("#!/nowhere/python\n")
    program.chmod(0o755)
    _no_interpreter(session, node)


def _animated(session: Session, node: Node) -> None:
    node["strength"]._value = {1001: 0.0, 1003: 1.0}


def _unknown_space(session: Session, node: Node) -> None:
    session.studio._root["workingSpaceLUT"].setValue("scene_linear")


def _assert_clean(session: Session) -> None:
    """No file of a render that is under way, and no worker that lives."""
    left = [path for path in session.folder.rglob("*") if path.is_file()]
    assert [p for p in left if p.suffix == ".part"] == []
    assert list(session.folder.rglob("writing-*")) == []
    assert [p for p in left if p.name == "cancel"] == []
    for noted in session.folder.rglob("pid"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(noted.read_text()), 0)


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (_execute_fails(RuntimeError("Plate: missing frame 1002")), "missing frame 1002"),
        (_execute_fails(RuntimeError("Cancelled")), "Cancelled. The script is as it was."),
        (_execute_fails(CancelledError("")), "Cancelled. The script is as it was."),
        (_execute_fails(OSError(28, "No space left on device")), "No space left on device"),
        (_execute_fails("empty"), "room on the disk"),
        (_cancelled_upstream, "Cancelled. The script is as it was."),
        (_no_interpreter, "nle-style install nuke"),
        (_broken_interpreter, "cannot be started"),
        (_unsaved, "the script is not saved"),
        (_no_input, "nothing is connected"),
        (_no_frames, "its input Plate has no frames"),
        (_animated, "'strength' is animated"),
        (_unknown_space, "working space 'scene_linear'"),
        (_sets(first=5, last=4), "has no frames"),
        (_sets(first=1, last=9), "Press reset"),
        (_sets(views="main side"), "no view 'side'"),
        (_sets(output="relative/path"), "must be a whole path"),
        (_sets(output="/renders/[getenv SHOT]"), "must be a whole path"),
        (_sets(output="/dev/null/here"), "cannot be made"),
        (_sets(matte="another node", matte_node="Roto1"), "no node 'Roto1'"),
        (_sets(matte="channel of the input", matte_channel="mask.a"), "mask.a is not there"),
        (_sets(matte="channel of the input", matte_channel="alpha"), "is not a channel"),
        (_sets(input_colour="another (name below)"), "name the input colourspace"),
    ],
)
def test_what_fails_before_the_worker_is_one_message(
    start: Start, breaking: Break, said: str
) -> None:
    session = start()
    node = make_node(session)
    breaking(session, node)
    session.studio._root["proxy"].setValue(True)
    session.studio._modified = False
    before = session.studio.snapshot()
    session.studio.press(node, "render")
    (message,) = session.studio.messages
    assert said in message
    assert session.studio.snapshot() == before
    _assert_clean(session)


@pytest.mark.parametrize(
    ("mode", "cancel_at", "said"),
    [
        ("crash", None, "Segmentation fault"),
        ("full", None, "the disk is full"),
        ("slow", 10, "What is finished is kept"),
    ],
)
def test_a_worker_that_fails_is_one_message_and_the_last_result_stays(
    start: Start, mode: str, cancel_at: int | None, said: str
) -> None:
    session = start()
    node = make_node(session)
    session.studio.press(node, "render")
    worker = session.folder / "worker.py"
    worker.write_text(worker.read_text().replace("mode = 'ok'", f"mode = {mode!r}"))
    kept = {path: path.read_bytes() for path in session.output.glob("*/*.exr")}
    assert len(kept) == 3
    session.studio._modified = False
    session.studio.cancel_at = cancel_at and session.studio._asked + cancel_at
    before = session.studio.snapshot()
    session.studio.press(node, "render")
    (message,) = session.studio.messages
    assert said in message
    assert session.studio.snapshot() == before
    assert {path: path.read_bytes() for path in session.output.glob("*/*.exr")} == kept
    assert session.studio.tasks
    _assert_clean(session)


@pytest.mark.parametrize(("leaves", "again"), [("half a file", [1003]), ("none", [1002, 1003])])
def test_frames_that_were_written_before_a_failure_are_not_written_again(
    start: Start, leaves: str, again: list[int]
) -> None:
    """But the last file that is there is: Nuke may not have ended it."""
    session = start()
    node = make_node(session)
    error = RuntimeError("no licence")

    def on_execute(frame: int, view: str) -> Exception | None:
        if frame == 1003 and leaves == "none":
            raise error
        return error if frame == 1003 else None

    session.studio.on_execute = on_execute
    session.studio.press(node, "render")
    (message,) = session.studio.messages
    assert "cannot render the input's frames 1001-1003 (main): no licence" in message
    session.studio.executed.clear()
    session.studio.on_execute = lambda frame, view: None
    session.studio.press(node, "render")
    assert session.studio.executed == [(frame, "main") for frame in again]
    assert len(session.studio.messages) == 1


@pytest.mark.skipif(shutil.which("mount") is None, reason="mount is not there")
def test_a_full_disk_is_one_message(start: Start, tmp_path: Path) -> None:
    """A real one, of 64 kB, where the machine lets the tests mount it."""
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        session = start(frames=(1, 40))
        node = make_node(session, picture, (1, 40))
        node["output"].setValue(str(small))
        session.studio._modified = False
        before = session.studio.snapshot()
        session.studio.press(node, "render")
        (message,) = session.studio.messages
        assert "frame" in message
        assert session.studio.snapshot() == before
        assert not list(small.rglob("writing-*"))
    finally:
        subprocess.run(["umount", str(small)], check=True)
