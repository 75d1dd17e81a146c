"""Job files, cards, packs, manifests and bundles that somebody else wrote, to do harm."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from nle_style.core import load_pack
from nle_style.core.pack_header import FORMAT
from nle_style.core.perceptual import load_vgg16
from nle_style.errors import InputError, JobError, PackError, TimelineError, TrainingError
from nle_style.media.write import UnitRecord
from nle_style.render import read_job
from nle_style.render.farm import read_farm_job
from nle_style.render.record import FinishedUnit, Manifest
from nle_style.timeline.looks import read_look_map
from tests.helpers.clips import make_clip
from tests.helpers.command import nle_style

_BOMB = "\n".join(
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)),
    ]
)
_YAML = (
    "!!python/object/apply:os.system ['touch {0}']",
    "!!python/object/new:os.system ['touch {0}']",
    "!!python/name:os.system",
    "2020-02-32",
    "!!timestamp x",
    "!!float x",
    "!!bool maybe",
    "!!int ''",
    "9" * 5000,
    "&a [*a]",
    "{{? {{a: b}} : c}}",
    "[" * 1500,
    "'\ud800'",
    "\0",
)


@pytest.mark.parametrize("value", [*_YAML, "bomb"], ids=range(len(_YAML) + 1))
def test_yaml(value: str, tiny_pack: Path, tmp_path: Path) -> None:
    """In a job, a map of looks and a card: one error of ours each, and no code is run."""
    mark = tmp_path / "ran"
    value = f"*a11\n{_BOMB}" if value == "bomb" else value.format(mark)
    bomb = "\n".join(reversed(value.split("\n", 1)))
    pack = tmp_path / "tiny.safetensors"
    shutil.copyfile(tiny_pack, pack)
    for name, form, read, expected in (
        ("job", "{}\nnle_style_job: 1\nitems: {}\noutput: {{directory: x}}", read_job, JobError),
        ("looks", "{}\n- clip: {}", read_look_map, TimelineError),
        ("tiny", "{}\nstyles: {}", lambda path: load_pack(pack), PackError),
    ):
        before, _, last = bomb.rpartition("\n")
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(form.format(before, last).encode(errors="surrogatepass"))
        with pytest.raises(expected):
            read(path)
    assert not mark.exists()


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for suffix in (".safetensors", ".pth", ".pt"):
        path = tmp_path / f"weights{suffix}"
        for write in (
            lambda: path.write_bytes(pickle.dumps(_Evil(mark))),  # noqa: B023
            lambda: torch.save({"features.0.weight": _Evil(mark)}, path),  # noqa: B023
        ):
            write()
            with pytest.raises(TrainingError):
                load_vgg16(path)
            with pytest.raises(PackError):
                load_pack(path)
    assert not mark.exists()
    # What is refused would have run: else this test could not fail.
    pickle.loads(pickle.dumps(_Evil(mark)))  # noqa: S301
    assert mark.exists()


def _safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _claims(**network: object) -> dict[str, object]:
    shape = {"styles": ["red"], "width": 4, "residual_blocks": 1, **network}
    return {"__metadata__": {FORMAT: json.dumps(shape)}}


@pytest.mark.parametrize(
    "data",
    [
        _safetensors({}, length=2**63),
        _safetensors({}, length=2**40),
        _safetensors({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
        _safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}, bytes(8)),
        _safetensors(
            {
                "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
            },
            bytes(12),
        ),
        _safetensors(_claims()),
        _safetensors(_claims(width=256, residual_blocks=64)),
        _safetensors(_claims(width=-1)),
        _safetensors(_claims(width="4")),
        _safetensors(_claims(width=2**70)),
        _safetensors(_claims(styles=["../../etc/passwd"])),
        _safetensors(_claims(styles=["a/b"])),
        _safetensors(_claims(styles=[["red"]])),
        _safetensors(_claims(styles=[f"s{number}" for number in range(100_000)])),
        _safetensors({"__metadata__": {FORMAT: "[" * 100_000}}),
        b"\0" * 100_000,
        b"",
    ],
    ids=range(17),
)
def test_packs_that_lie(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pack.safetensors"
    path.write_bytes(data)
    with pytest.raises(PackError) as caught:
        load_pack(path)
    assert caught.value.where == str(path)


def test_a_pack_of_numbers_that_are_none(tiny_pack: Path, tmp_path: Path) -> None:
    with safetensors.safe_open(tiny_pack, "pt") as file:
        header = file.metadata()
    tensors = safetensors.torch.load_file(tiny_pack)
    path = tmp_path / "nan.safetensors"
    name = next(iter(tensors))
    tensors[name].view(-1)[0] = float("nan")
    safetensors.torch.save_file(tensors, path, header)
    with pytest.raises(PackError, match="not finite"):
        load_pack(path)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../b", "..", "x/"])
def test_names_in_job_files(name: str, tmp_path: Path) -> None:
    """An intermediate lies in the job's folder and nowhere else, in a farm's job too."""
    item = {"source": "a.mov", "look": {"styles": {"red": 1}}}
    job = {"nle_style_job": 1, "items": [{**item, "name": name}], "output": {"directory": "x"}}
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job))
    with pytest.raises(JobError, match="name"):
        read_job(path)
    job["items"] = [item]
    farm = {"nle_style_farm": 1, "job": job, "items": [{"name": name}], "files": {}}
    path.write_text(json.dumps(farm))
    with pytest.raises(JobError, match="name"):
        read_farm_job(path)


def test_a_manifest_that_names_other_files(tiny_pack: Path, tmp_path: Path) -> None:
    """A unit outside the work folder is not taken for one, though its hash is right."""
    record = UnitRecord(0, 0, 7, "unit.mov", 1, "0" * 64, ("0",))
    secret = tmp_path / "secret.mov"
    secret.write_bytes(b"x")
    path = tmp_path / "x.manifest.jsonl"
    good = {"type": "unit", "key": "k", "unit": vars(record)}
    bad = [
        {**good, "unit": {**vars(record), "index": 1, "file": file}}
        for file in ("../secret.mov", str(secret), "a/../../secret.mov", "a/")
    ]
    bad += [
        {**good, "unit": {**vars(record), "index": "x"}},
        {**good, "unit": 3},
        {**good, "measured": 3},
        {"type": "published"},
        {"type": "published", "key": "k", "fingerprint": 3},
        {"type": "shots", "key": "k", "shots": 3},
        {"type": "render", "key": "k", "facts": 3},
        {"type": ["unit"], "key": []},
    ]
    lines = [*map(json.dumps, bad), "[" * 100_000, "\0" * 10_000, "1e999", json.dumps(good)]
    path.write_text("\n".join(lines))
    manifest = Manifest(path, "k")
    assert manifest.units() == {0: FinishedUnit(record, None, None)}
    assert (manifest.published(), manifest.shots(), manifest.render()) == (None, None, None)
    assert manifest.file.last_published() is None


def test_links_out_of_the_results_folder(tiny_pack: Path, tmp_path: Path) -> None:
    """What an intermediate's name links to is never written; the source is never replaced."""
    movie = make_clip(tmp_path / "clip.mov", frames=2, sound=False)
    before = movie.read_bytes()
    out = tmp_path / "out"
    out.mkdir()
    (out / "clip.red.mov").symlink_to(movie)
    words = ("render", movie, "-o", out, "--style", "red", "--pack", tiny_pack)
    refused = nle_style(*words)
    assert refused.code == 2
    assert "its own source" in refused.err.replace("\n", " ")
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (out / "clip.red.mov").unlink()
    (out / "clip.red.mov").symlink_to(victim)
    done = nle_style(*words)
    assert done.code in (0, 2)
    assert victim.read_bytes() == b"precious"
    assert movie.read_bytes() == before


def test_no_path_mapping_file_is_a_crash(tmp_path: Path) -> None:
    from nle_style.render.farm import read_path_rules

    path = tmp_path / "rules.json"
    for text in ("[" * 100_000, "[1]", '{"version": []}', "\0", '{"version": "pathmapping-1.0"}'):
        path.write_text(text)
        with pytest.raises(InputError):
            read_path_rules(path)
