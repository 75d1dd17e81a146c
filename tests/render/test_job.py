"""The job file: the pinned sample, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from nle_style.errors import JobError, LookError
from nle_style.render import Item, LookJob, Reading, RenderJob, read_job
from tests.helpers.client import load_client

SAMPLE = Path(__file__).parents[1] / "data" / "job_v1.yaml"


def test_the_pinned_sample() -> None:
    job = read_job(SAMPLE)
    (item,) = job.items
    assert item.source == Path("/media/flower.mp4")
    assert item.frames == (0, 149)
    assert item.look.styles == {"blue": 1.0}
    assert item.look.strength == 1.0
    assert item.look.statistics == "hybrid"
    assert item.look.stroke_scale == 1.0
    assert item.look.colour == "poster"
    assert job.output.directory == Path("/renders")
    assert job.output.format == "png-mov"
    assert job.output.depth == "auto"
    assert job.output.handles == 8
    assert job.control.cancel_file is None
    assert job.control.resume is True


def test_the_plugins_client_writes_the_same_job(tmp_path: Path) -> None:
    client = load_client()
    item = {
        "source": "/media/flower.mp4",
        "frames": [0, 149],
        "look": client.make_look({"blue": 1.0}),
    }
    job = client.make_job([item], "/renders", format="png-mov", handles=8)
    assert job == yaml.safe_load(SAMPLE.read_text())
    path = tmp_path / "job.json"
    client.write_json(job, str(path))
    assert read_job(path) == read_job(SAMPLE)
    assert [p.name for p in tmp_path.iterdir()] == ["job.json"]


def test_a_job_survives_its_own_form(tmp_path: Path) -> None:
    job = read_job(SAMPLE)
    path = tmp_path / "again.yaml"
    path.write_text(job.as_yaml())
    assert read_job(path) == job


def test_the_controls_of_a_look_go_the_whole_way(tmp_path: Path) -> None:
    """Client -> job file -> job -> look -> job: nothing is lost on the way."""
    client = load_client()
    data = client.make_look({"blue": 1.0}, 0.5, "shot", stroke_scale=2.0, colour="source")
    job = client.make_job([{"source": "/media/a.mov", "frames": None, "look": data}], "/renders")
    client.write_json(job, str(tmp_path / "job.json"))
    part = read_job(tmp_path / "job.json").items[0].look
    look = part.look()
    assert look.as_data() == {
        "styles": {"blue": 1.0},
        "strength": 0.5,
        "statistics": "shot",
        "stroke_scale": 2.0,
        "colour": "source",
    }
    assert LookJob.of(look) == part


def test_how_movies_are_read_goes_the_whole_way(tmp_path: Path) -> None:
    client = load_client()
    item = {"source": "/media/a.mov", "frames": None, "look": client.make_look({"blue": 1.0})}
    plain = client.make_job([item], "/renders")
    assert "reading" not in plain
    job = client.make_job([item], "/renders", interlaced="deinterlace", conform="24000/1001")
    client.write_json(job, str(tmp_path / "job.json"))
    read = read_job(tmp_path / "job.json")
    assert read.reading == Reading(interlaced="deinterlace", conform="24000/1001")
    assert read.items[0].reading is None
    assert read_job(SAMPLE).reading == Reading(interlaced="refuse", conform=None)


def _broken(**changes: object) -> str:
    data = yaml.safe_load(SAMPLE.read_text())
    for key, value in changes.items():
        target = data
        *path, last = key.split("__")
        for part in path:
            target = target[int(part) if part.isdigit() else part]
        target[last] = value
    return yaml.safe_dump(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a job"),
        ("just words", "not a job"),
        ("items: []", "not a job"),
        ("a: [1", "not YAML"),
        ("nle_style_job: !!python/object/apply:os.system ['true']", "not YAML"),
        (_broken(nle_style_job=2), "version 2"),
        (_broken(items=[]), "items"),
        (_broken(items__0__frames=[5, 4]), "frames"),
        (_broken(items__0__frames=[-1, 4]), "frames"),
        (_broken(items__0__strenght=1), "items.0.strenght"),
        (_broken(items__0__look__colour="clip"), "look.colour"),
        (_broken(items__0__look__stroke_scale="large"), "look.stroke_scale"),
        (_broken(items__0__name="../up"), "not a plain file name"),
        (_broken(output__handles=-1), "output.handles"),
        (_broken(control__resume="perhaps"), "control.resume"),
        (_broken(reading={"interlaced": "blend"}), "reading.interlaced"),
        (_broken(reading={"conform": "23.976"}), "reading.conform"),
    ],
)
def test_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    with pytest.raises(JobError, match=message) as caught:
        read_job(path)
    assert str(path) in str(caught.value)


def test_a_missing_and_a_binary_job(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cannot be read"):
        read_job(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(JobError, match="UTF-8"):
        read_job(tmp_path / "binary.yaml")


def test_a_look_is_validated_when_it_is_made() -> None:
    job = RenderJob.model_validate(yaml.safe_load(_broken(items__0__look__strength=2)))
    with pytest.raises(LookError, match="strength 2"):
        job.items[0].look.look()


def _item(**changes: object) -> Item:
    return Item.model_validate(
        {"source": "/media/a.mov", "look": {"styles": {"blue": 1.0}}, **changes}
    )


def test_painted_ranges_are_put_in_order_and_joined() -> None:
    item = _item(frames=(0, 50), paint=[[40, 44], [3, 9], [10, 12], [42, 50], [0, 1]])
    assert item.paint == ((0, 1), (3, 12), (40, 50))
    assert _item(paint=[[7, 7]]).paint == ((7, 7),)
    assert _item().paint is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"paint": [[5, 3]]}, "not a range"),
        ({"paint": [[-1, 3]]}, "not a range"),
        ({"paint": []}, "at least 1"),
        ({"paint": [[0, 10]], "frames": (5, 20)}, "reaches beyond the frames"),
        ({"paint": [[6, 21]], "frames": (5, 20)}, "reaches beyond the frames"),
        ({"rate": "0"}, "pattern"),
        ({"rate": "24/0"}, "pattern"),
        ({"rate": "23.976"}, "pattern"),
    ],
)
def test_what_an_item_refuses(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        _item(**changes)
