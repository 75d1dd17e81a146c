"""The node: what is made, what the knobs do to each other, older and newer nodes, the start-up."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest

from tests.plugins.nuke.doubles.session import PLUGIN, Start, make_node


def test_a_node_hangs_under_the_selection_and_has_every_knob(start: Start) -> None:
    session = start()
    node = make_node(session)
    from nle_style_nuke.node.knobs import KNOBS

    assert node.Class() == "NoOp"
    assert node.name() == "NLEStyle1"
    assert node.input(0).name() == "Plate"
    assert [knob.name() for knob in node._user] == [spec.name for spec in KNOBS]
    assert node["style"].values() == ["red", "green", "blue"]
    assert node["style2"].values() == ["none", "red", "green", "blue"]
    assert node["format"].value() == "EXR 16 bit half"
    assert (node["first"].value(), node["last"].value()) == (1001, 1003)
    assert node["pack_info"].value() == f"tiny, sha256 {'0' * 12}"
    assert node["version_info"].value() == "nle_style 0.1.0"
    assert [knob.label() for knob in node._user if type(knob).__name__ == "Tab_Knob"] == [
        *("Style", "Render", "Colour", "Info")
    ]
    assert make_node(session).name() == "NLEStyle2"


def test_the_range_is_reset_to_the_inputs(start: Start) -> None:
    session = start(frames=(1, 100))
    node = make_node(session, frames=(1010, 1020))
    node["first"].setValue(3)
    session.studio.press(node, "reset_range")
    assert (node["first"].value(), node["last"].value()) == (1010, 1020)


def test_a_still_serves_the_scripts_range(start: Start) -> None:
    node = make_node(start(frames=(5, 9)), frames=(1, 1))
    assert (node["first"].value(), node["last"].value()) == (5, 9)


def test_a_still_serves_frames_beyond_the_script_too(start: Start) -> None:
    session = start(frames=(5, 9))
    node = make_node(session, frames=(1, 1))
    node["first"].setValue(1001)
    node["last"].setValue(1002)
    session.studio.press(node, "render")
    assert session.studio.messages == []
    assert session.studio.executed == [(1001, "main"), (1002, "main")]


def test_what_has_no_effect_is_grey(start: Start) -> None:
    node = make_node(start())
    assert not node["blend"].enabled()
    node["style2"].setValue("green")
    assert node["blend"].enabled()
    node["matte"].setValue("another node")
    assert node["matte_node"].enabled()
    node["matte"].setValue("none")
    assert not node["matte_channel"].enabled()


def test_another_pack_brings_its_styles(start: Start) -> None:
    session = start()
    node = make_node(session)
    node["style"].setValue("green")
    worker = session.folder / "worker.py"
    text = worker.read_text().replace('["red", "green", "blue"]', 'sys.argv[3:] + ["green"]')
    worker.write_text(text)
    node["pack"].setValue("/packs/mine.safetensors")
    session.studio.press(node, "reload_styles")
    assert session.studio.messages == []
    assert node["style"].values() == ["--pack", "/packs/mine.safetensors", "green"]
    assert node["style"].value() == "green"


def test_an_older_node_gets_the_knobs_it_lacks(start: Start) -> None:
    session = start()
    node = make_node(session)
    node["strength"].setValue(0.25)
    for name in ("handles", "style2", "last_result"):
        del node._knobs[name]
    node["nle_style_node"].setValue(0)
    session.studio._call_back("create", node, None)
    assert node["handles"].value() == 0
    assert node["style2"].values() == ["none", "red", "green", "blue"]
    assert node["strength"].value() == 0.25
    assert node["nle_style_node"].value() == 1


def test_a_newer_node_is_left_alone_and_says_so(start: Start) -> None:
    session = start()
    node = make_node(session)
    del node._knobs["handles"]
    node["nle_style_node"].setValue(99)
    session.studio._call_back("create", node, None)
    assert "newer" in node["version_info"].value()
    assert node.knob("handles") is None
    assert node["nle_style_node"].value() == 99


def test_others_noops_are_not_touched(start: Start) -> None:
    session = start()
    other = session.studio.nuke.nodes.NoOp()
    assert list(other.knobs()) == ["label", "tile_color"]


@pytest.mark.parametrize("gone", ["file", "interpreter"])
def test_without_an_installation_there_is_a_message_and_no_node(
    start: Start, gone: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = start(command=[str(tmp_path / "no" / "python"), "-m", "nle_style"])
    if gone == "file":
        monkeypatch.delenv("NLE_STYLE_INSTALLATION")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
    before = session.studio.snapshot()
    assert session.plugin.create() is None
    (message,) = session.studio.messages
    assert "nle-style install nuke" in message
    assert session.studio.snapshot() == before


def test_the_installation_is_found_on_nukes_plugin_path(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = start()
    monkeypatch.delenv("NLE_STYLE_INSTALLATION")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    session.studio._plugin_path = [str(tmp_path / "empty"), str(tmp_path)]
    assert make_node(session).name() == "NLEStyle1"


def test_start_up_adds_the_menu_once(start: Start) -> None:
    session = start()
    for name in ("init.py", "menu.py", "init.py"):
        runpy.run_path(str(PLUGIN / name))
    assert len(session.studio._callbacks["create"]) == 1
    command = session.studio.menus["Nodes"]._commands["Filter/NLEStyle"]
    session.studio.source("Plate", None, (1, 2))
    exec(command, {})  # noqa: S102  (what Nuke does with a menu entry)
    assert session.studio.nuke.toNode("NLEStyle1") is not None


@pytest.mark.parametrize("fault", ["old", "broken"])
def test_a_failed_start_prints_a_line_and_stops_nothing(
    start: Start, fault: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start()
    for name in [n for n in sys.modules if n.startswith("nle_style_nuke")]:
        monkeypatch.delitem(sys.modules, name)
    if fault == "old":
        session.studio.nuke.NUKE_VERSION_MAJOR = 13
    else:
        monkeypatch.setitem(sys.modules, "nle_style_nuke", None)
    runpy.run_path(str(PLUGIN / "init.py"))
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert printed.startswith("nle_style is not loaded: ")
    assert ("needs Nuke 14" in printed) == (fault == "old")


def test_the_record_is_looked_for_under_home_where_it_is_set(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On Windows too, where Python takes %USERPROFILE% for the user's folder."""
    session = start()
    named = Path(os.environ["NLE_STYLE_INSTALLATION"])
    monkeypatch.delenv("NLE_STYLE_INSTALLATION")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "profile")
    for place in ("profile", "home"):
        (tmp_path / place / ".nuke").mkdir(parents=True)
        (tmp_path / place / ".nuke" / named.name).write_text(
            named.read_text().replace("0.1.0", place)
        )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert session.plugin.create()["version_info"].value() == "nle_style home"
    monkeypatch.delenv("HOME")
    assert session.plugin.create()["version_info"].value() == "nle_style profile"
