"""An Open Job Description bundle: a job cut into tasks that any manager of a farm can hand out.

Specification: OpenJobDescription/openjd-specifications, 2023-09, with the extension TASK_CHUNKING.
The bundle's files beside the template are those of AWS Deadline Cloud ("job bundle").
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from nle_style.apply import choose_device
from nle_style.core import load_pack
from nle_style.errors import NleStyleError
from nle_style.media.base import check_name, write_text
from nle_style.render.farm.farm_job import PIECE_FRAMES, FarmBatch, FarmItem, FarmJob, FileHashes
from nle_style.render.farm.template import ITEMS_PER_TASK, job_template
from nle_style.render.item import make_folder, writer_of
from nle_style.render.job import Item, RenderJob
from nle_style.render.plan import ItemPlan, plan_item
from nle_style.render.record import MANIFEST_SUFFIX, WHOLE_BYTES, SourceHashes, fingerprint
from nle_style.shipped import find_pack

__all__ = ["FARM_FILE", "Bundle", "make_farm_job", "write_bundle"]

FARM_FILE = "farm.json"
"""The job within a bundle."""

RESULTS = "output"
"""The folder within a bundle for the results, unless another is asked for."""


@dataclass(frozen=True)
class Bundle:
    """What was written.

    Attributes:
        folder: of template.yaml and the other files.
        farm: the job in it.
        chunk: pieces of a task.
        tasks: how many of each step, in their order.
    """

    folder: Path
    farm: FarmJob
    chunk: int
    tasks: dict[str, int]


def make_farm_job(job: RenderJob, batch: FarmBatch | None = None) -> FarmJob:
    """Plan a job for many processes. An item that is refused stays in it, with the reason.

    Args:
        job: its device `auto` becomes what this machine has; `cuda` need not be here.
        batch: the timeline that the job is from.

    Raises: PackError, InputError if the pack or the device cannot be had.
    """
    device = _device(job.control.device)
    job = _absolute(job, device)
    for path in (job.output.directory, *(item.source for item in job.items)):
        check_name(path)
    pack = load_pack(find_pack(job.pack))
    taken: set[str] = set()
    hashed = SourceHashes()
    items: list[FarmItem] = []
    first = 0
    for item in job.items:
        try:
            planned = _farm_item(plan_item(item, job, pack, device, taken, hashed), first)
        except NleStyleError as error:
            planned = FarmItem(refused=str(error))
        items.append(planned)
        first += planned.pieces
    files = {
        str(path): FileHashes(fingerprint=known, contents=_contents(path, known))
        for path, known in hashed.known.items()
    }
    return FarmJob(job=job, items=tuple(items), files=files, batch=batch)


def write_bundle(farm: FarmJob, folder: Path, *, chunk: int, name: str) -> Bundle:
    """Write template.yaml, parameter_values.yaml, asset_references.yaml and farm.json.

    Args:
        farm: with `job.output.directory` as the folder for the results.
        folder: of the bundle; made if need be.
        chunk: frames of a task, about; whole pieces are taken.
        name: of the job, as the farm's manager shows it.

    Raises: OutputError if the folder or the disk refuses.
    """
    pieces = max(1, chunk // PIECE_FRAMES)
    make_folder(folder)
    gpu = farm.job.control.device == "cuda"
    template = job_template(
        name, farm.pieces, pieces, farm.to_measure, farm_file=FARM_FILE, results=RESULTS, gpu=gpu
    )
    values = {"FarmFile": FARM_FILE, "OutputDir": str(farm.job.output.directory)}
    parameters = {"parameterValues": [{"name": k, "value": v} for k, v in values.items()]}
    assets = {
        "assetReferences": {
            "inputs": {"filenames": _inputs(farm), "directories": []},
            "outputs": {"directories": [str(farm.job.output.directory)]},
            "referencedPaths": [],
        }
    }
    write_text(folder / FARM_FILE, farm.model_dump_json(indent=1))
    for file, data in (
        ("template.yaml", template),
        ("parameter_values.yaml", parameters),
        ("asset_references.yaml", assets),
    ):
        write_text(folder / file, yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    tasks = {"Render": -(-farm.pieces // pieces), "Assemble": 1}
    if farm.to_measure:
        tasks = {"Measure": -(-_reach(farm.to_measure) // ITEMS_PER_TASK), **tasks}
    return Bundle(folder, farm, pieces, tasks)


def _reach(items: Sequence[int]) -> int:
    return max(items) - min(items) + 1


def _device(name: str) -> torch.device:
    """The device of the farm; a workstation without a GPU may send work to machines with one."""
    return torch.device(name) if name in ("cpu", "cuda", "mps") else choose_device(name)


def _absolute(job: RenderJob, device: torch.device) -> RenderJob:
    items = tuple(_with_absolute_paths(item) for item in job.items)
    pack = job.pack
    if pack is not None and Path(pack).suffix == ".safetensors":
        pack = str(Path(pack).absolute())
    ocio = None if job.colour.ocio is None else job.colour.ocio.absolute()
    control = {"cancel_file": None, "resume": True, "device": device.type}
    return job.model_copy(
        update={
            "items": items,
            "pack": pack,
            "colour": job.colour.model_copy(update={"ocio": ocio}),
            "control": job.control.model_copy(update=control),
            "output": job.output.model_copy(update={"directory": job.output.directory.absolute()}),
        }
    )


def _with_absolute_paths(item: Item) -> Item:
    def matte(given: Any) -> Any:
        return given and given.model_copy(update={"source": given.source.absolute()})

    layers = tuple(layer.model_copy(update={"matte": matte(layer.matte)}) for layer in item.layers)
    changes = {"source": item.source.absolute(), "matte": matte(item.matte), "layers": layers}
    return item.model_copy(update=changes)


def _farm_item(plan: ItemPlan, first: int) -> FarmItem:
    with tempfile.TemporaryDirectory() as folder:
        # Only the units are asked for: nothing is to be left beside the results.
        units = len(
            writer_of(replace(plan, destination=Path(folder) / plan.destination.name)).units
        )
    size = PIECE_FRAMES if plan.spec.sequence else 1
    return FarmItem(
        name=plan.manifest.path.name.removesuffix(MANIFEST_SUFFIX),
        facts=plan.facts,
        memory=plan.memory,
        units=units,
        first_piece=first,
        pieces=-(-units // size),
        units_a_piece=size,
        measure=plan.needs_measuring,
    )


def _contents(path: Path, known: str) -> str:
    if not path.is_file():
        return ""  # the pattern of a sequence
    if path.stat().st_size <= WHOLE_BYTES:
        return known
    return fingerprint([path], times=False)


def _inputs(farm: FarmJob) -> list[str]:
    """The files that tasks read."""
    files = [path for path, hashes in farm.files.items() if hashes.contents]
    job, batch = farm.job, farm.batch
    more = [job.colour.ocio]
    if job.pack is not None and Path(job.pack).suffix == ".safetensors":
        pack = Path(job.pack)
        more += [pack, *(card for card in [pack.with_suffix(".yaml")] if card.is_file())]
    if batch is not None:
        more += [batch.timeline, batch.look_map]
    return sorted({*files, *(str(path) for path in more if path is not None)})
