"""A job's colours: refused before anything is rendered, part of the render's key, reported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
import torch

from nle_style.core import load_pack
from nle_style.errors import InputError, JobError
from nle_style.render import ColourJob, Control, Item, LookJob, Output, RenderJob, read_job
from nle_style.render.item import run_job
from nle_style.render.plan import ItemPlan, Planner
from tests.helpers.client import load_client
from tests.helpers.clips import make_clip

CONFIG = "ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6"


def _exr(path: Path) -> Path:
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), oiio.ImageSpec(32, 32, 3, "half"))
    writer.write_image(np.full((32, 32, 3), 2.0, np.float32))
    writer.close()
    return path


def _plan(source: Path, pack: Path, colour: ColourJob | None = None) -> ItemPlan:
    item = Item(source=source, look=LookJob(styles={"red": 1.0}))
    output = Output(directory=source.parent)
    job = RenderJob(items=(item,), output=output, colour=colour or ColourJob())
    return Planner(job, load_pack(pack), torch.device("cpu")).plan(item)


def test_the_scene_path_is_part_of_the_key(tiny_pack: Path, tmp_path: Path) -> None:
    exr = _exr(tmp_path / "a.exr")
    keys = set()
    for colour, recorded in (
        (None, "linear, Rec.709 primaries"),
        (ColourJob(input="srgb"), None),
        (ColourJob(input="ACEScg"), f"{CONFIG}: ACEScg"),
        (ColourJob(input="ACEScct"), f"{CONFIG}: ACEScct"),
    ):
        plan = _plan(exr, tiny_pack, colour)
        assert plan.facts.get("colour") == recorded
        assert (plan.scene is None) == (recorded is None)
        keys.add(plan.manifest.key)
    assert len(keys) == 4


def test_display_footage_keeps_its_key(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=3, sound=False)
    plan = _plan(clip, tiny_pack)
    assert plan.scene is None
    assert "colour" not in plan.facts
    assert _plan(clip, tiny_pack, ColourJob(input="rec709")).manifest.key == plan.manifest.key


def test_a_wrong_name_is_refused_with_the_clip(tiny_pack: Path, tmp_path: Path) -> None:
    exr = _exr(tmp_path / "plate.exr")
    job = RenderJob(
        items=(Item(source=exr, look=LookJob(styles={"red": 1.0})),),
        output=Output(directory=tmp_path / "out"),
        colour=ColourJob(input="slog3"),
        control=Control(device="cpu"),
        pack=str(tiny_pack),
    )
    result = run_job(job)
    assert result.exit_code == InputError.exit_code
    assert "plate.exr: unknown colour space 'slog3'" in str(result.items[0].error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ColourJob()),
        ({"input_colour": "V-Log V-Gamut"}, ColourJob(input="V-Log V-Gamut")),
        ({"ocio": "/show.ocio"}, ColourJob(ocio=Path("/show.ocio"))),
    ],
)
def test_the_plugins_jobs_are_read(
    settings: dict[str, str], expected: ColourJob, tmp_path: Path
) -> None:
    client = load_client()
    items = [{"source": "a.mov", "look": client.make_look({"red": 1.0})}]
    job = client.make_job(items, "/renders", **settings)
    # Workers of version 0.1 refuse a key that they do not know.
    assert ("ocio" in job["colour"]) == ("ocio" in settings)
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job))
    assert read_job(path).colour == expected


def test_an_empty_name_is_no_job(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(
        "nle_style_job: 1\nitems: [{source: a.mov, look: {styles: {red: 1}}}]\n"
        "output: {directory: out}\ncolour: {input: ''}\n"
    )
    with pytest.raises(JobError, match=r"colour\.input"):
        read_job(path)


def test_the_report_says_the_colours(tiny_pack: Path, tmp_path: Path) -> None:
    sources = (make_clip(tmp_path / "clip.mp4", frames=2, sound=False), _exr(tmp_path / "a.exr"))
    job = RenderJob(
        items=tuple(Item(source=each, look=LookJob(styles={"red": 1.0})) for each in sources),
        output=Output(directory=tmp_path / "out"),
        control=Control(device="cpu"),
        pack=str(tiny_pack),
    )
    assert run_job(job).exit_code == 0
    said = [
        json.loads((tmp_path / "out" / f"{name}.red.report.json").read_text())["colour"]
        for name in ("clip", "a")
    ]
    assert said == ["display-referred: the code values as they are", "linear, Rec.709 primaries"]
