"""Mattes from files: what is painted, what is left bit for bit, what is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nle_style.core import load_pack
from nle_style.errors import InputError, MediaError
from nle_style.media.source import probe_media
from nle_style.render import Control, Item, LookJob, MatteJob, Output, RenderJob, events, read_job
from nle_style.render.item import run_job
from nle_style.render.plan import ItemPlan, Planner
from nle_style.render.plan.mattes import plan_matte, same_shape, weight_of
from tests.helpers.client import load_client
from tests.helpers.clips import make_clip
from tests.helpers.media_factory import ffmpeg

FRAMES = 6
HEIGHT, WIDTH = 48, 64
RED = {"styles": {"red": 1.0}}
BLUE = {"styles": {"blue": 1.0}}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With as much chroma as luma, which the ffmpeg program reads as what is painted is read."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return make_clip(path, frames=FRAMES, sound=False, pixels="yuv444p")


def _decoded(path: Path) -> np.ndarray:
    """The frames as the ffmpeg program decodes them: (N, 48, 64, 3) 8-bit codes."""
    raw = ffmpeg("-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def _job(pack: Path, folder: Path, clip: Path, **item: Any) -> RenderJob:
    item = {"source": clip, "look": RED, **item}
    return RenderJob(
        items=(Item.model_validate(item),),
        output=Output(directory=folder),
        control=Control(device="cpu"),
        pack=str(pack),
    )


def _run(job: RenderJob) -> tuple[str, np.ndarray]:
    """How the item ended, and the frames."""
    told: list[events.Event] = []
    assert run_job(job, told.append).exit_code == 0
    (ended,) = [event for event in told if isinstance(event, events.ItemEnded)]
    return ended.status, _decoded(Path(ended.path))


@pytest.fixture(scope="module")
def source(clip: Path) -> np.ndarray:
    return _decoded(clip)


@pytest.fixture(scope="module")
def red(tiny_pack: Path, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return _run(_job(tiny_pack, tmp_path_factory.mktemp("red"), clip))[1]


@pytest.fixture(scope="module")
def blue(tiny_pack: Path, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return _run(_job(tiny_pack, tmp_path_factory.mktemp("blue"), clip, look=BLUE))[1]


def _sequence(folder: Path, edges: list[int], size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    """A matte that is white from column `edges[k]` on, numbered from 1001."""
    folder.mkdir()
    for number, edge in enumerate(edges, 1001):
        picture = np.zeros(size, np.uint8)
        picture[:, edge:] = 255
        Image.fromarray(picture).save(folder / f"matte.{number}.png")
    return folder / "matte.%04d.png"


# A wipe: another edge in every frame, so that a matte that is a frame early or late is seen.
EDGES = [8, 16, 24, 32, 40, 48]


def _wiped(outside: np.ndarray, inside: np.ndarray, edges: list[int]) -> np.ndarray:
    expected = outside.copy()
    for frame, edge in enumerate(edges):
        expected[frame, :, edge:] = inside[frame, :, edge:]
    return expected


def test_inside_the_look_and_outside_the_source(
    tiny_pack: Path, clip: Path, source: np.ndarray, red: np.ndarray, tmp_path: Path
) -> None:
    assert (source != red).any(axis=(1, 2, 3)).all()
    matte = _sequence(tmp_path / "matte", EDGES)
    _, painted = _run(_job(tiny_pack, tmp_path, clip, matte={"source": matte}))
    assert np.array_equal(painted, _wiped(source, red, EDGES))


def test_a_range_takes_the_frames_of_the_same_numbers(
    tiny_pack: Path, clip: Path, source: np.ndarray, tmp_path: Path
) -> None:
    matte = _sequence(tmp_path / "matte", EDGES)
    part = {"frames": (2, 4), "look": {**RED, "statistics": "frame"}}
    _, alone = _run(_job(tiny_pack, tmp_path / "alone", clip, **part))
    _, painted = _run(_job(tiny_pack, tmp_path / "matted", clip, **part, matte={"source": matte}))
    assert np.array_equal(painted, _wiped(source[2:5], alone, EDGES[2:5]))
    late = _sequence(tmp_path / "late", EDGES[2:5])
    job = _job(tiny_pack, tmp_path / "late", clip, **part, matte={"source": late, "offset": -2})
    assert np.array_equal(_run(job)[1], painted)


def test_one_look_a_matte(
    tiny_pack: Path,
    clip: Path,
    source: np.ndarray,
    red: np.ndarray,
    blue: np.ndarray,
    tmp_path: Path,
) -> None:
    """Red from the wipe's edge on, over it blue from column 40 on; the source is left of both."""
    wipe = _sequence(tmp_path / "wipe", EDGES)
    still = _sequence(tmp_path / "still", [40]).with_name("matte.1001.png")
    layer = {"matte": {"source": still}, "look": BLUE}
    job = _job(tiny_pack, tmp_path, clip, matte={"source": wipe}, layers=[layer])
    _, painted = _run(job)
    expected = _wiped(_wiped(source, red, EDGES), blue, [40] * FRAMES)
    assert np.array_equal(painted, expected)
    assert (tmp_path / "clip.red+blue.mov").exists()
    report = json.loads((tmp_path / "clip.red+blue.report.json").read_text())
    assert [
        (Path(m["source"]).parent.name, m["channel"], m["invert"]) for m in report["mattes"]
    ] == [
        ("wipe", "luma", False),
        ("still", "luma", False),
    ]
    assert [list(m["look"]["styles"]) for m in report["mattes"]] == [["red"], ["blue"]]
    assert all(len(m["fingerprint"]) == 64 for m in report["mattes"])


def test_a_movie_inverted(
    tiny_pack: Path, clip: Path, source: np.ndarray, red: np.ndarray, tmp_path: Path
) -> None:
    movie = tmp_path / "matte.mov"
    pattern = _sequence(tmp_path / "matte", EDGES)
    ffmpeg("-start_number", 1001, "-i", pattern, "-c:v", "png", movie)
    _, painted = _run(_job(tiny_pack, tmp_path, clip, matte={"source": movie, "invert": True}))
    assert np.array_equal(painted, _wiped(red, source, EDGES))


def test_a_matte_of_another_size(
    tiny_pack: Path, clip: Path, source: np.ndarray, red: np.ndarray, tmp_path: Path
) -> None:
    """At a quarter of the size its edge is soft over the cubic kernel's two pixels a side."""
    matte = _sequence(tmp_path / "matte", [8] * FRAMES, (HEIGHT // 4, WIDTH // 4))
    _, painted = _run(_job(tiny_pack, tmp_path, clip, matte={"source": matte}))
    assert np.array_equal(painted[:, :, : 32 - 8], source[:, :, : 32 - 8])
    assert np.array_equal(painted[:, :, 32 + 8 :], red[:, :, 32 + 8 :])
    low, high = np.minimum(source, red), np.maximum(source, red)
    assert ((painted >= low) & (painted <= high)).all()


def test_weights_of_a_resampled_matte(clip: Path, tmp_path: Path) -> None:
    info = probe_media(clip)
    for level, size in ((64, (96, 128)), (64, (12, 16)), (255, (12, 16)), (0, (75, 100))):
        path = tmp_path / "grey.png"
        Image.fromarray(np.full(size, level, np.uint8)).save(path)
        matte = plan_matte(MatteJob(source=path), probe_media(path), info, 0, 2)
        weights = list(matte.weights(0, 2))
        assert [(w.shape, w.dtype) for w in weights] == [((HEIGHT, WIDTH), np.float32)] * 3
        np.testing.assert_allclose(weights[0], level / 255, rtol=1e-6)
        if level in (0, 255):
            assert set(np.unique(weights[0])) == {level / 255}, "exactly: the bits depend on it"


def test_the_channels_of_a_matte() -> None:
    pixels = np.array([[[1, 0.5, 0.25, 0.125], [1, 1, 1, 2], [np.nan, -1, 7, np.nan]]], np.float32)
    assert weight_of(pixels, "alpha").tolist() == [[0.125, 1, 0]]
    assert weight_of(pixels[..., :3], "r").tolist() == [[1, 1, 0]]
    assert weight_of(pixels, "g").tolist() == [[0.5, 1, 0]]
    assert weight_of(pixels, "b").tolist() == [[0.25, 1, 1]]
    luma = weight_of(pixels, "luma")
    assert luma[0].tolist() == [pytest.approx(0.2126 + 0.7152 * 0.5 + 0.0722 * 0.25), 1, 0]
    every = np.arange(256, dtype=np.float32)[None, :, None].repeat(3, 2) / np.float32(255)
    assert np.array_equal(weight_of(every, "luma"), every[..., 0]), "grey exactly"


@pytest.mark.parametrize(
    ("matte", "clip", "fits"),
    [
        ((1920, 1080, 1), (1920, 1080, 1), True),
        ((854, 480, 1), (1920, 1080, 1), True),  # 853.33
        ((852, 480, 1), (1920, 1080, 1), False),
        ((3840, 2160, 1), (1920, 1080, 1), True),
        ((2048, 1080, 1), (1920, 1080, 1), False),
        ((1440, 1080, Fraction(4, 3)), (1440, 1080, Fraction(4, 3)), True),
        ((1440, 1080, 1), (1440, 1080, Fraction(4, 3)), True),  # untagged
        ((1920, 1080, 1), (1440, 1080, Fraction(4, 3)), True),  # square pixels
        ((1280, 1080, 1), (1440, 1080, Fraction(4, 3)), False),
        ((1080, 1920, 1), (1920, 1080, 1), False),
    ],
)
def test_which_sizes_fit(clip: Any, matte: Any, fits: bool) -> None:
    class Info:
        def __init__(self, width: int, height: int, pixel_aspect: Any) -> None:
            self.width, self.height = width, height
            self.pixel_aspect = Fraction(pixel_aspect)

    assert same_shape(Info(*matte), Info(*clip)) is fits  # type: ignore[arg-type]


def _plan(pack: Path, folder: Path, clip: Path, handles: int = 0, **item: Any) -> ItemPlan:
    job = _job(pack, folder, clip, **item)
    output = job.output.model_copy(update={"handles": handles})
    job = job.model_copy(update={"output": output})
    return Planner(job, load_pack(pack), torch.device("cpu")).plan(job.items[0])


def test_too_short_a_matte_is_refused_before_anything_is_rendered(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    matte = {"source": _sequence(tmp_path / "matte", EDGES[:4])}
    with pytest.raises(
        MediaError, match=r"frames 0-3, and frames 0-5 of clip\.mp4 need 0-5"
    ) as told:
        _plan(tiny_pack, tmp_path, clip, matte=matte)
    assert str(matte["source"]) in str(told.value)
    _plan(tiny_pack, tmp_path, clip, matte=matte, frames=(0, 3))
    with pytest.raises(MediaError, match=r"frames 0-4 of clip\.mp4"):
        _plan(tiny_pack, tmp_path, clip, 1, matte=matte, frames=(0, 3))
    _plan(tiny_pack, tmp_path, clip, matte=matte, paint=[(1, 2), (3, 3)])
    with pytest.raises(MediaError, match=r"frames 1-4 of clip\.mp4"):
        _plan(tiny_pack, tmp_path, clip, matte=matte, paint=[(1, 2), (4, 4)])
    _plan(tiny_pack, tmp_path, clip, matte={**matte, "offset": -2}, frames=(2, 5))
    with pytest.raises(MediaError, match=r"with the offset of -2, need -1-3"):
        _plan(tiny_pack, tmp_path, clip, matte={**matte, "offset": -2}, frames=(1, 5))
    layers = [{"matte": matte, "look": BLUE}]
    with pytest.raises(MediaError, match=r"frames 0-5 of clip\.mp4"):
        _plan(tiny_pack, tmp_path, clip, layers=layers)


def test_a_matte_that_does_not_fit_is_refused(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    square = {"source": _sequence(tmp_path / "square", EDGES, (48, 48))}
    with pytest.raises(MediaError, match=r"matte is 48x48 and clip\.mp4 64x48"):
        _plan(tiny_pack, tmp_path, clip, matte=square)
    opaque = {"source": _sequence(tmp_path / "opaque", EDGES), "channel": "alpha"}
    with pytest.raises(MediaError, match="no alpha"):
        _plan(tiny_pack, tmp_path, clip, matte=opaque)
    with pytest.raises(MediaError, match="no such file"):
        _plan(tiny_pack, tmp_path, clip, matte={"source": tmp_path / "none.mov"})
    movie = make_clip(tmp_path / "clip.red.mov", frames=FRAMES, sound=False)
    with pytest.raises(InputError, match=r"the result of clip\.mp4 would replace .*clip\.red\.mov"):
        run_job(_job(tiny_pack, tmp_path, clip, matte={"source": movie}))


def test_the_alpha_is_taken_if_there_is_one(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "matte.png"
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 4), np.uint8)).save(path)
    info = probe_media(clip)
    channels = ("auto", "luma", "g")
    matte, jobs = probe_media(path), [MatteJob(source=path, channel=c) for c in channels]
    planned = [plan_matte(job, matte, info, 0, 5).channel for job in jobs]
    assert planned == ["alpha", "luma", "g"]


def test_a_changed_matte_is_another_render(
    tiny_pack: Path, clip: Path, source: np.ndarray, red: np.ndarray, tmp_path: Path
) -> None:
    """Its content is in the key, as are its controls; without mattes the key is what it was."""
    matte = _sequence(tmp_path / "matte", EDGES)
    job = _job(tiny_pack, tmp_path / "out", clip, matte={"source": matte})
    assert _run(job)[0] == "delivered"
    assert _run(job)[0] == "present"
    file = matte.with_name("matte.1003.png")
    Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8)).save(file)
    status, painted = _run(job)
    assert status == "delivered"
    assert np.array_equal(painted, _wiped(source, red, [8, 16, 0, 32, 40, 48]))
    keys = {
        _plan(tiny_pack, tmp_path, clip, **item).manifest.key
        for item in (
            {},
            {"matte": {"source": matte}},
            {"matte": {"source": matte, "invert": True}},
            {"matte": {"source": matte, "channel": "g"}},
            {"layers": [{"matte": {"source": matte}, "look": RED}]},
            {"layers": [{"matte": {"source": matte}, "look": BLUE}]},
        )
    }
    assert len(keys) == 6
    assert not {"matte", "layers"} & _plan(tiny_pack, tmp_path, clip).facts.keys()


def test_the_plugins_client_writes_mattes(tmp_path: Path) -> None:
    client = load_client()
    layer = {"matte": client.make_matte("/m/b.mov"), "look": client.make_look({"blue": 1.0})}
    item = {
        "source": "/media/a.mov",
        "frames": None,
        "look": client.make_look({"red": 1.0}),
        "matte": client.make_matte("/m/a.%04d.exr", "r", invert=True, offset=-3),
        "layers": [layer],
    }
    client.write_json(client.make_job([item], "/renders"), str(tmp_path / "job.json"))
    (read,) = read_job(tmp_path / "job.json").items
    assert read.matte == MatteJob(source=Path("/m/a.%04d.exr"), channel="r", invert=True, offset=-3)
    (read_layer,) = read.layers
    assert read_layer.matte == MatteJob(source=Path("/m/b.mov"))
    assert read_layer.look == LookJob(styles={"blue": 1.0})
