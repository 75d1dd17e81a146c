"""An Open Job Description bundle: a job cut into tasks that any manager of a farm can hand out.

Specification: OpenJobDescription/openjd-specifications, 2023-09, with the extension TASK_CHUNKING.
The bundle's files beside the template are those of AWS Deadline Cloud ("job bundle").
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from nle_style.apply import choose_device, named_device
from nle_style.core import load_pack
from nle_style.errors import NleStyleError
from nle_style.media.base import check_name
from nle_style.ownership import Inputs, SafeWriter
from nle_style.render.farm.farm_job import PIECE_FRAMES, FarmBatch, FarmItem, FarmJob, FileHashes
from nle_style.render.item import writer_of
from nle_style.render.job import Item, RenderJob
from nle_style.render.plan import ItemPlan, Planner, check_outputs, files_read
from nle_style.render.record import MANIFEST_SUFFIX, WHOLE_BYTES, Sources, contents
from nle_style.shipped import find_pack

__all__ = ["FARM_FILE", "Bundle", "bundle_files", "make_farm_job", "write_bundle"]

FARM_FILE = "farm.json"
"""The job within a bundle."""

RESULTS = "output"
"""The folder within a bundle for the results, unless another is asked for."""

_TEMPLATE = Path(__file__).with_name("template.yaml")
_NAME_LENGTH = 128  # of a job's name, at most
_ITEMS_PER_TASK = 8  # a program's start costs more than measuring one short item


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


def make_farm_job(
    job: RenderJob, batch: FarmBatch | None = None, sources: Sources | None = None
) -> FarmJob:
    """Plan a job for many processes. An item that is refused stays in it, with the reason.

    Args:
        job: its device `auto` becomes what this machine has; `cuda` need not be here.
        batch: the timeline that the job is from.
        sources: what is known of the job's sources already.

    Raises: PackError, InputError if the pack or the device cannot be had; as `Planner.plan_all` and
        `check_outputs`.
    """
    device = _device(job.control.device)
    job = _absolute(job, device)
    for path in (job.output.directory, *(item.source for item in job.items)):
        check_name(path)
    sources = sources or Sources()
    planner = Planner(job, load_pack(find_pack(job.pack)), device, sources)
    items: list[FarmItem] = []
    plans: dict[Path, ItemPlan] = {}
    first = 0
    for plan in planner.plan_all():
        try:
            if isinstance(plan, NleStyleError):
                raise plan
            planned = _farm_item(plan, first, job.output.directory)
            if plans.setdefault(plan.destination, plan) is not plan:
                nothing = {"units": 0, "pieces": 0, "measure": False}
                planned = planned.model_copy(update=nothing)
        except NleStyleError as error:
            planned = FarmItem(refused=str(error), outcome=error.outcome)
        items.append(planned)
        first += planned.pieces
    sources.inputs.add(files_read(job))
    check_outputs(plans.values(), sources.inputs, job.control)
    files = {
        str(path): FileHashes(fingerprint=known, contents=_contents(path, known))
        for path, known in planner.sources.known.items()
    }
    return FarmJob(job=job, items=tuple(items), files=files, batch=batch)


def bundle_files(folder: Path) -> tuple[Path, ...]:
    """What `write_bundle` writes: the job, the template, what Deadline Cloud reads beside it."""
    names = (FARM_FILE, _TEMPLATE.name, "parameter_values.yaml", "asset_references.yaml")
    return tuple(folder / name for name in names)


def write_bundle(farm: FarmJob, folder: Path, *, chunk: int, name: str) -> Bundle:
    """Write template.yaml, parameter_values.yaml, asset_references.yaml and farm.json.

    Args:
        farm: with `job.output.directory` as the folder for the results.
        folder: of the bundle; made if need be.
        chunk: frames of a task, about; whole pieces are taken.
        name: of the job, as the farm's manager shows it.

    Raises: InputError, as `SafeWriter.check`; OutputError if the folder or the disk refuses.
    """
    writer = SafeWriter(Inputs(map(Path, _inputs(farm))), farm.job.control.overwrite)
    pieces = max(1, chunk // PIECE_FRAMES)
    template = _template(farm, pieces, name)
    values = {"FarmFile": FARM_FILE, "OutputDir": str(farm.job.output.directory)}
    parameters = {"parameterValues": [{"name": k, "value": v} for k, v in values.items()]}
    assets = {
        "assetReferences": {
            "inputs": {"filenames": _inputs(farm), "directories": []},
            "outputs": {"directories": [str(farm.job.output.directory)]},
            "referencedPaths": [],
        }
    }
    described = (
        yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        for data in (template, parameters, assets)
    )
    paths = bundle_files(folder)
    writer.check(paths)
    for path, text in zip(paths, (farm.model_dump_json(indent=1), *described), strict=True):
        writer.write(path, text)
    tasks = {"Render": -(-farm.pieces // pieces), "Assemble": 1}
    if measured := farm.to_measure:
        items = measured[-1] - measured[0] + 1
        tasks = {"Measure": -(-items // _ITEMS_PER_TASK), **tasks}
    return Bundle(folder, farm, pieces, tasks)


def _template(farm: FarmJob, pieces_per_task: int, name: str) -> dict[str, Any]:
    """`template.yaml` with the name and the counts of a job.

    A format string can be neither an empty range nor no step, so what is not needed is taken out.
    """
    template: dict[str, Any] = yaml.safe_load(_TEMPLATE.read_text(encoding="utf-8"))
    # Braces would be an expression, and control characters are refused.
    plain = "".join(letter for letter in name if letter.isprintable() and letter not in "{}")
    template["name"] = plain[:_NAME_LENGTH] or template["name"]
    measured = farm.to_measure
    values = {
        "Items": f"{measured[0]}-{measured[-1]}" if measured else "0",
        "ItemsPerTask": _ITEMS_PER_TASK,
        "Pieces": f"0-{farm.pieces - 1}",
        "PiecesPerTask": pieces_per_task,
    }
    for parameter in template["parameterDefinitions"]:
        if parameter["name"] in values:
            parameter["default"] = values[parameter["name"]]
    measure, render, _ = template["steps"]
    if not measured:
        template["steps"].remove(measure)
        del render["dependencies"]
    if not farm.job.control.device.startswith("cuda"):
        del measure["hostRequirements"], render["hostRequirements"]
    return template


def _device(name: str) -> torch.device:
    """The device of the farm; a workstation without a GPU may send work to machines with one."""
    return named_device(name) or choose_device(name)


def _absolute(job: RenderJob, device: torch.device) -> RenderJob:
    items = tuple(_with_absolute_paths(item) for item in job.items)
    pack = job.pack
    if pack is not None and Path(pack).suffix == ".safetensors":
        pack = str(Path(pack).absolute())
    ocio = None if job.colour.ocio is None else job.colour.ocio.absolute()
    control = job.control.model_copy(
        update={"cancel_file": None, "resume": True, "device": str(device)}
    )
    return job.model_copy(
        update={
            "items": items,
            "pack": pack,
            "colour": job.colour.model_copy(update={"ocio": ocio}),
            "control": control,
            "output": job.output.model_copy(update={"directory": job.output.directory.absolute()}),
        }
    )


def _with_absolute_paths(item: Item) -> Item:
    def matte(given: Any) -> Any:
        return given and given.model_copy(update={"source": given.source.absolute()})

    layers = tuple(layer.model_copy(update={"matte": matte(layer.matte)}) for layer in item.layers)
    changes = {"source": item.source.absolute(), "matte": matte(item.matte), "layers": layers}
    return item.model_copy(update=changes)


def _farm_item(plan: ItemPlan, first: int, results: Path) -> FarmItem:
    manifest = plan.manifest.path.relative_to(results).as_posix()
    with tempfile.TemporaryDirectory() as folder:
        # Only the units are asked for: nothing is to be left beside the results.
        units = len(
            writer_of(replace(plan, destination=Path(folder) / plan.destination.name)).units
        )
    size = PIECE_FRAMES if plan.spec.sequence else 1
    return FarmItem(
        name=manifest.removesuffix(MANIFEST_SUFFIX),
        facts=plan.facts,
        memory=plan.memory,
        units=units,
        first_piece=first,
        pieces=-(-units // size),
        units_a_piece=size,
        measure=plan.needs_shots,
    )


def _contents(path: Path, known: str) -> str:
    if not path.is_file():
        return ""  # the pattern of a sequence
    if path.stat().st_size <= WHOLE_BYTES:
        return known
    return contents(path, times=False)


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
