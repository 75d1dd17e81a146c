"""What an intermediate says of how it was made, read by PyAV and OpenImageIO alone."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import av
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.render import Item, LookJob, Output, RenderJob
from nle_style.render.item import run_job
from tests.helpers.clips import make_clip


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "exr"])
def test_pack_look_and_version(tiny_pack: Path, tmp_path: Path, format: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    look = LookJob(styles={"red": 1.0}, strength=0.0, colour="source")
    output = Output(directory=tmp_path / "out", format=format)
    item = Item(source=clip, frames=(0, 0), look=look)
    assert run_job(RenderJob(items=(item,), output=output, pack=str(tiny_pack))).exit_code == 0
    made = next(path for path in output.directory.iterdir() if path.stem == "clip.red" or
                path.is_dir())  # fmt: skip
    if format == "exr":
        (file,) = made.iterdir()
        spec = oiio.ImageInput.open(str(file)).spec()
        said = {
            entry.name.removeprefix("nle_style/"): entry.value
            for entry in spec.extra_attribs
            if entry.name.startswith("nle_style/")
        }
    else:
        with av.open(str(made)) as movie:
            tags = {name.lower(): value for name, value in movie.metadata.items()}
        said = {
            name.removeprefix("nle_style_") if name != "nle_style" else "key": value
            for name, value in tags.items()
            if name.startswith("nle_style")
        }
    assert set(said) == {"key", "version", "pack", "pack_sha256", "look"}
    assert said["version"] == version("nle-style")
    assert said["pack_sha256"] == hashlib.sha256(tiny_pack.read_bytes()).hexdigest()
    written = json.loads(said["look"])
    assert (written["styles"], written["strength"], written["colour"]) == ({"red": 1}, 0, "source")
