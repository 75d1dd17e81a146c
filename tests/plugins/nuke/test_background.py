"""Renders in the background: the stand-in fails whatever touches the graph off its main thread."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.plugins.nuke.doubles.session import Session, Start, make_node


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("nle_style ")]


def _idle(session: Session) -> bool:
    background = __import__("nle_style_nuke.rendering.background", fromlist=["_running"])
    return not background._running and not _threads()


def test_the_read_appears_when_the_main_thread_has_time(start: Start) -> None:
    session = start()
    node = make_node(session)
    session.studio.press(node, "render_background")
    assert session.studio.messages == []
    assert session.studio.nuke.toNode("NLEStyle1_result") is None
    session.studio.pump(lambda: _idle(session))
    assert session.studio.messages == []
    assert session.studio.nuke.toNode("NLEStyle1_result") is not None


def test_one_render_a_node_and_cancel_ends_it(start: Start) -> None:
    session = start(mode="slow")
    node = make_node(session)
    session.studio.press(node, "cancel")
    assert "no render in the background" in session.studio.messages.pop()
    session.studio._modified = False
    before = session.studio.snapshot()
    session.studio.press(node, "render_background")
    for button in ("render_background", "render"):
        session.studio.press(node, button)
        assert "Press Cancel" in session.studio.messages.pop()
    session.studio.press(node, "cancel")
    session.studio.pump(lambda: bool(session.studio.messages) and _idle(session))
    (message,) = session.studio.messages
    assert "Cancelled" in message
    assert session.studio.snapshot() == before
    assert not list(session.folder.rglob("cancel"))


def test_a_crash_is_one_message(start: Start) -> None:
    session = start(mode="crash")
    node = make_node(session)
    session.studio.press(node, "render_background")
    session.studio.pump(lambda: bool(session.studio.messages) and _idle(session))
    (message,) = session.studio.messages
    assert "NLEStyle1: nle-style ended with exit code 1" in message


def test_a_node_that_is_gone_is_one_message(start: Start) -> None:
    session = start()
    node = make_node(session)
    session.studio.press(node, "render_background")
    session.studio.nuke.delete(node)
    session.studio.pump(lambda: bool(session.studio.messages) and _idle(session))
    (message,) = session.studio.messages
    assert "is gone from the script" in message
    assert session.studio.nuke.toNode("NLEStyle1_result") is None


@pytest.mark.parametrize("button", ["render", "render_background"])
def test_a_progress_bar_whose_window_is_gone_ends_no_render(start: Start, button: str) -> None:
    session = start()
    node = make_node(session)
    session.studio.window_gone = True
    session.studio.press(node, button)
    session.studio.pump(lambda: _idle(session))
    assert session.studio.messages == []
    assert session.studio.nuke.toNode("NLEStyle1_result") is not None


def test_a_render_ends_at_its_node_whatever_group_is_at_work(start: Start) -> None:
    """As in a callback of a node inside a group, where names are looked up there."""
    session = start()
    node = make_node(session)
    group = session.studio.nuke.nodes.Group()
    session.studio.press(node, "render_background")
    with group:
        session.studio.pump(lambda: _idle(session))
        session.plugin.render("NLEStyle1")
    assert session.studio.messages == []
    assert session.studio.nuke.toNode("NLEStyle1_result") is not None


def test_no_worker_outlives_nuke(start: Start) -> None:
    session = start(mode="slow")
    node = make_node(session)
    session.studio.press(node, "render_background")
    pid = session.output / ".nle_style_upstream" / "NLEStyle1" / "pid"
    session.studio.pump(lambda: pid.is_file() and bool(pid.read_text()))
    __import__("nle_style_nuke.rendering.background", fromlist=["_end_all"])._end_all()
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(pid).read_text()), 0)
    session.studio.pump(lambda: _idle(session))


def test_the_stand_in_is_strict_off_the_main_thread(start: Start) -> None:
    session = start()
    node, nuke = make_node(session), session.studio.nuke
    faults: list[str] = []

    def try_all() -> None:
        for call in (
            lambda: node["style"],
            lambda: nuke.nodes.Blur(),
            lambda: nuke.toNode("NLEStyle1"),
            lambda: nuke.message("hello"),
        ):
            try:
                call()
            except RuntimeError as error:
                faults.append(str(error))

    thread = threading.Thread(target=try_all)
    thread.start()
    thread.join()
    assert len(faults) == 4
    with pytest.raises(RuntimeError, match="wait for itself"):
        nuke.executeInMainThreadWithResult(print)
    with pytest.raises(AttributeError):
        nuke.anything  # noqa: B018
    with pytest.raises(RuntimeError, match="Unknown command"):
        nuke.nodes.Gauss()
    with pytest.raises(RuntimeError, match="not executable"):
        nuke.executeMultiple([node], [(1, 1, 1)], ["main"])
    with pytest.raises(NameError):
        node["anything"]
