"""From the node to the Read: the stand-in's Write, the real worker, the frames that come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.plugins.nuke.doubles.fake_nodes import Node
from tests.plugins.nuke.doubles.session import PYTHON, Session, Start, make_node, picture, read_exr

WORKER = [PYTHON, "-m", "nle_style"]
VIEWS = ("left", "right", "centre")


def files_of(read: Node, view: str = "main") -> list[Path]:
    """The files that a Read shows, in order; all of its range exist."""
    name = read["file"].value().replace("%V", view)
    span = range(read["first"].value(), read["last"].value() + 1)
    paths = [Path(name.replace("######", f"{frame:06d}")) for frame in span]
    assert all(path.is_file() for path in paths)
    return paths


def graph_channels(node: Node, frame: int, view: str) -> dict[str, np.ndarray]:
    """What the graph holds inside its format, under the names that EXRs have for it."""
    shown = node._picture(frame, view)
    left, top = -shown.box[0], shown.box[3] - shown.size[1]
    rows, columns = slice(top, top + shown.size[1]), slice(left, left + shown.size[0])
    names = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}
    return {names.get(n, n): plane[rows, columns] for n, plane in shown.channels.items()}


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.mark.slow
def test_strength_0_gives_every_channel_of_every_view_bit_for_bit(start: Start) -> None:
    session = start(WORKER, views=VIEWS, frames=(1001, 1012))

    def feed(frame: int, view: str) -> Any:
        return picture(frame, view, layers=True, overscan=5)

    node = make_node(session, feed, (1001, 1012))
    node["strength"].setValue(0.0)
    node["format"].setValue("EXR 32 bit float")
    session.studio._root["proxy"].setValue(True)
    session.studio.nuke.frame(1005)
    session.studio.press(node, "render")
    assert session.studio.messages == []
    read = session.studio.nuke.toNode("NLEStyle1_result")
    assert read["file"].value() == (
        f"{session.output}/NLEStyle1_v001.%V/NLEStyle1_v001.%V.######.exr"
    )
    assert (read["first"].value(), read["last"].value()) == (1001, 1012)
    assert read["raw"].value()
    session.studio._root["proxy"].setValue(False)
    for view in VIEWS:
        for frame, path in zip(range(1001, 1013), files_of(read, view), strict=True):
            wanted, found = graph_channels(node.input(0), frame, view), read_exr(path)
            assert set(found) == {"R", "G", "B", "A", "depth.Z", "mask.a"}
            assert float(found["R"].max()) == 40.0
            assert float(found["G"].min()) < 0
            assert all(same_bits(found[name], wanted[name]) for name in wanted)
    assert session.studio.nuke.frame() == 1005


@pytest.mark.slow
def test_half_by_default_and_data_layers_stay_float(start: Start) -> None:
    session = start(WORKER, frames=(1, 2))

    def feed(frame: int, view: str) -> Any:
        return picture(frame, view, layers=True)

    node = make_node(session, feed, (1, 2))
    node["strength"].setValue(0.0)
    session.studio.press(node, "render")
    assert session.studio.messages == []
    read = session.studio.nuke.toNode("NLEStyle1_result")
    for frame, path in zip((1, 2), files_of(read), strict=True):
        wanted, found = graph_channels(node.input(0), frame, "main"), read_exr(path)
        assert same_bits(found["depth.Z"], wanted["depth.Z"])
        for name in "RGBA":
            assert same_bits(found[name], wanted[name].astype(np.float16))


@pytest.mark.slow
def test_the_look_is_painted_inside_the_matte_alone(start: Start, tiny_pack: Path) -> None:
    session = start(WORKER, frames=(1, 2))

    def feed(frame: int, view: str) -> Any:
        return picture(frame, view, layers=True, half=True)

    node = make_node(session, feed, (1, 2))
    node["pack"].setValue(str(tiny_pack))
    session.studio.press(node, "reload_styles")
    node["style"].setValue("red")
    node["style2"].setValue("green")
    node["blend"].setValue(0.25)
    node["matte"].setValue("channel of the input")
    node["matte_channel"].setValue("mask.a")
    node["format"].setValue("EXR 32 bit float")
    session.studio.press(node, "render")
    assert session.studio.messages == []
    read = session.studio.nuke.toNode("NLEStyle1_result")
    for frame, path in zip((1, 2), files_of(read), strict=True):
        wanted, found = graph_channels(node.input(0), frame, "main"), read_exr(path)
        inside = wanted["mask.a"] == 1
        differs = found["G"] != wanted["G"]
        assert not differs[~inside].any()
        assert differs[inside].mean() > 0.9
        assert all(same_bits(found[name], wanted[name]) for name in ("A", "depth.Z", "mask.a"))
    told = json.loads(read["nle_style_provenance"].value())
    assert told["look"]["styles"] == {"red": 0.75, "green": 0.25}
    report = json.loads(Path(told["reports"][0]).read_text())
    assert report["look"]["styles"] == {"red": 0.75, "green": 0.25}
    assert len(report["mattes"]) == 1


def _rendered(session: Session, node: Node) -> tuple[str, list[str], list[tuple[int, str]]]:
    """Press Render; the Read's files' names and what Nuke executed for it."""
    session.studio.executed.clear()
    session.studio.press(node, "render")
    assert session.studio.messages == []
    read = session.studio.nuke.toNode("NLEStyle1_result")
    names = [path.name for path in files_of(read, "left")]
    return Path(read["file"].value()).name, names, list(session.studio.executed)


def test_another_look_is_another_version_and_the_previous_is_kept(start: Start) -> None:
    session = start(views=("left", "right"))
    node = make_node(session)
    first, _, executed = _rendered(session, node)
    assert first == "NLEStyle1_v001.%V.######.exr"
    assert executed == [(frame, view) for view in ("left", "right") for frame in (1001, 1002, 1003)]
    kept = {path: path.read_bytes() for path in session.output.glob("*_v001.*/*.exr")}
    assert len(kept) == 6
    node["style"].setValue("blue")
    second, _, executed = _rendered(session, node)
    assert second == "NLEStyle1_v002.%V.######.exr"
    assert executed == []
    assert {path: path.read_bytes() for path in kept} == kept
    again, _, _ = _rendered(session, node)
    assert again == second
    reads = [n for n in session.studio._all() if n.Class() == "Read"]
    assert len(reads) == 1
    assert reads[0]._reloads == 3


def test_the_read_says_where_it_is_from(start: Start) -> None:
    session = start(views=("left",))
    node = make_node(session)
    _rendered(session, node)
    read = session.studio.nuke.toNode("NLEStyle1_result")
    assert read["label"].value().startswith("red 1, strength 1\nNLEStyle1 v001 ")
    assert "[" not in read["label"].value()
    assert json.loads(read["nle_style_provenance"].value())["nle_style"] == "0.1.0"
    assert "Nuke rendered 3 of 3 upstream frames" in node["last_result"].value()


def test_downstream_hangs_on_the_read_if_asked(start: Start) -> None:
    session = start(views=("left",))
    node = make_node(session)
    blur = session.studio.nuke.nodes.Blur()
    blur.setInput(0, node)
    _rendered(session, node)
    assert blur.input(0) is node
    node["reconnect"].setValue(True)
    _rendered(session, node)
    assert blur.input(0).name() == "NLEStyle1_result"
    assert node.input(0).name() == "Plate"


@pytest.mark.parametrize("place", ["project", "environment", "node"])
@pytest.mark.parametrize("name", ["scene_linear", "role_scene_linear", "ACES2065-1"])
def test_a_role_is_what_the_projects_configuration_says(
    start: Start, monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    session = start()
    node = make_node(session)
    config = session.folder / "show.ocio"
    config.write_text("ocio_profile_version: 2\n")
    session.studio._root["workingSpaceLUT"].setValue(name)
    monkeypatch.delenv("OCIO", raising=False)
    if place == "project":
        session.studio._root["customOCIOConfigPath"].setValue(str(config))
    elif place == "environment":
        monkeypatch.setenv("OCIO", str(config))
    else:
        node["ocio"].setValue(str(config))
    _rendered(session, node)
    work = session.output / ".nle_style_upstream" / "NLEStyle1"
    job = json.loads((work / "job.json").read_text())
    assert job["colour"] == {"input": name.replace("role_", ""), "ocio": str(config)}


def test_a_role_by_name_is_the_configurations(start: Start) -> None:
    session = start()
    node = make_node(session)
    node["input_colour"].setValue("another (name below)")
    node["colour_name"].setValue("role_compositing_log")
    _rendered(session, node)
    work = session.output / ".nle_style_upstream" / "NLEStyle1"
    assert json.loads((work / "job.json").read_text())["colour"]["input"] == "compositing_log"


def test_the_job_says_what_the_knobs_say(start: Start) -> None:
    session = start(views=("left",), frames=(1010, 1012))
    node = make_node(session, frames=(1001, 1030))
    session.studio._root["fps"].setValue(23.976)
    session.studio._root["workingSpaceLUT"].setValue("ACES - ACEScg")
    for name, value in {
        "first": 1010,
        "last": 1012,
        "handles": 4,
        "device": "cpu",
        "memory": "4GiB",
        "stroke_scale": 2.0,
        "colour": "source",
        "statistics": "frame",
        "strength": 0.5,
        "format": "EXR 32 bit float",
        "output": str(session.folder / "out"),
    }.items():
        node[name].setValue(value)
    _, names, _ = _rendered(session, node)
    assert names[0] == "NLEStyle1_v001.left.001006.exr"
    assert names[-1] == "NLEStyle1_v001.left.001016.exr"
    work = session.folder / "out" / ".nle_style_upstream" / "NLEStyle1"
    job = json.loads((work / "job.json").read_text())
    assert job == {
        "nle_style_job": 1,
        "items": [
            {
                "source": str(work / "left" / "NLEStyle1.left.%06d.exr"),
                "frames": [0, 10],
                "look": {
                    "styles": {"red": 1.0},
                    "strength": 0.5,
                    "statistics": "frame",
                    "stroke_scale": 2.0,
                    "colour": "source",
                },
                "name": "NLEStyle1_v001.left",
                "rate": "24000/1001",
            }
        ],
        "output": {
            "directory": str(session.folder / "out"),
            "format": "exr",
            "depth": "float",
            "handles": 0,
        },
        "colour": {"input": "ACEScg"},
        "control": {
            "cancel_file": str(work / "cancel"),
            "resume": True,
            "device": "cpu",
            "memory": "4GiB",
        },
    }


def test_a_preview_is_one_frame_into_a_read_of_its_own(start: Start) -> None:
    session = start(views=("left", "right"))
    node = make_node(session)
    session.studio.nuke.frame(1002)
    session.studio.press(node, "preview")
    assert session.studio.messages == []
    assert session.studio.executed == [(1002, "left")]
    read = session.studio.nuke.toNode("NLEStyle1_preview")
    assert read["file"].value().endswith("NLEStyle1_preview.left.######.exr")
    assert (read["first"].value(), read["last"].value()) == (1002, 1002)
    assert session.studio.nuke.toNode("NLEStyle1_result") is None
    assert _rendered(session, node)[0].startswith("NLEStyle1_v001.")


def test_a_node_inside_a_group_is_rendered_there(start: Start) -> None:
    session = start(views=("left",))
    nuke = session.studio.nuke
    group = nuke.nodes.Group()
    with group:
        node = make_node(session)
    session.studio.press(node, "render")
    assert session.studio.messages == []
    assert [n.name() for n in group._nodes] == ["Plate", "NLEStyle1", "NLEStyle1_result"]
    assert (session.output / "Group1_NLEStyle1_v001.left").is_dir()
