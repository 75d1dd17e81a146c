"""What a saved script has of the node, and that it lives on where the plugin is missing."""

from __future__ import annotations

import sys

import pytest

from tests.plugins.nuke.doubles import nk
from tests.plugins.nuke.doubles.fake_nuke import Studio
from tests.plugins.nuke.doubles.session import Start, make_node


def test_the_saved_node_comes_back_knob_by_knob(start: Start) -> None:
    node = make_node(start())
    node["style"].setValue("green")
    node["output"].setValue('/renders/a "quoted" [name]')
    read = nk.parse(nk.write(node))
    from nle_style_nuke.node.knobs import KNOBS, button_command

    assert read.kind == "NoOp"
    assert [knob.name for knob in read.user] == [spec.name for spec in KNOBS]
    for knob, spec in zip(read.user, KNOBS, strict=True):
        assert knob.options["l"] == spec.label
        assert knob.options.get("t", "") == spec.tooltip
        assert ("-STARTLINE" in knob.flags) == spec.same_line
        if spec.kind == "button":
            assert knob.options["T"] == button_command(spec.name)
    assert read.values["style"] == "green"
    assert read.values["output"] == '/renders/a "quoted" [name]'
    (style2,) = [knob for knob in read.user if knob.name == "style2"]
    assert style2.options["M"] == '"none" "red" "green" "blue"'


def test_every_button_is_one_line_that_says_what_to_do_without_the_plugin(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = nk.parse(nk.write(make_node(start())))
    for name in [n for n in sys.modules if n.startswith("nle_style_nuke")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not p.endswith("plugins/nuke")])
    bare = Studio()
    monkeypatch.setitem(sys.modules, "nuke", bare.nuke)
    node = bare.nuke.nodes.NoOp()
    commands = [knob.options["T"] for knob in saved.user if "T" in knob.options]
    assert len(commands) == 7
    for command in commands:
        assert "\n" not in command
        bare._run_command(node, command)
        assert "nle-style install nuke" in bare.messages.pop()
