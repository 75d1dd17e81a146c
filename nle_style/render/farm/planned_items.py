"""The items of a farm's job, planned again on the machine that works on them.

They must be what was planned when the job was made, but for the versions and the kind of device
that the pictures' last bits depend on (the *engine*): those are this machine's.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from nle_style.core import StylePack
from nle_style.errors import InputError, JobError, MediaError
from nle_style.render.farm.farm_job import FarmJob
from nle_style.render.item import writer_of
from nle_style.render.plan import ItemPlan, Planner, engine_of
from nle_style.render.record import (
    MANIFEST_SUFFIX,
    Manifest,
    ManifestFile,
    Sources,
    comparable_facts,
    contents,
    render_key,
)

__all__ = [
    "as_rendered",
    "check_files",
    "frames_of",
    "measured_path",
    "part_manifests",
    "plan_again",
]

_OF_THE_PLACE = ("source", "source_fingerprint", "engine")
_OF_A_MATTE = ("source", "fingerprint")


def plan_again(
    farm: FarmJob, index: int, pack: StylePack, device: torch.device, sources: Sources
) -> ItemPlan:
    """An item under the same name and, but for the engine, the same key as it was planned.

    Args:
        index: of the item in the job.
        pack, device: the job's.
        sources: with the hashes that the job notes of its files.

    Raises:
        InputError: the item was refused when the job was made.
        JobError: it is not what it was.
        NleStyleError: as `Planner.plan`.
    """
    noted, item, job = farm.items[index], farm.job.items[index], farm.job
    if noted.refused:
        raise InputError(noted.refused, outcome=noted.outcome)
    plan = Planner(job, pack, device, sources).plan(item)
    changed = _different(plan.facts, noted.facts)
    if changed:
        raise JobError(
            f"other than when the bundle was made: {', '.join(changed)}",
            where=str(item.source),
            remedy="Make the bundle again with `nle-style farm`.",
        )
    folder = job.output.directory
    suffix = "" if plan.spec.sequence else plan.spec.extension
    plan = replace(
        plan,
        facts=noted.facts,
        memory=noted.memory,
        destination=folder / f"{noted.name}{suffix}",
        manifest=Manifest(folder / f"{noted.name}{MANIFEST_SUFFIX}", ""),
    )
    return _with_engine(plan, engine_of(device))


def as_rendered(plan: ItemPlan) -> ItemPlan:
    """The plan with the engine by which its units were rendered, which need not be this machine's.

    Raises: InputError if they were rendered by several, which give other last bits.
    """
    of_parts = (ManifestFile(part).last_facts() for part in part_manifests(plan))
    noted = [facts for facts in of_parts if facts is not None]
    if not noted and (published := plan.manifest.file.last_facts()) is not None:
        noted = [published]
    ours = [facts["engine"] for facts in noted if not _different(facts, plan.facts)]
    engines = [engine for n, engine in enumerate(ours) if engine not in ours[:n]]
    if len(engines) > 1:
        raise InputError(
            "its units were rendered by several versions or kinds of device: "
            + "; ".join(" ".join(map(str, engine)) for engine in engines),
            where=str(plan.destination),
            remedy=f"Give every worker the same torch and OpenVINO, remove {plan.work}, and run"
            " all steps again.",
        )
    return _with_engine(plan, engines[0]) if engines else plan


def check_files(farm: FarmJob, plan: ItemPlan, first: int, last: int) -> None:
    """Refuse files that are not what they were: those that frames `first` to `last` are made from.

    Raises: MediaError.
    """
    for path in dict.fromkeys(plan.source_files(first, last)):
        noted = farm.files.get(str(path))
        if noted is None or not path.is_file() or contents(path, times=False) != noted.contents:
            raise MediaError(
                "is not the file that it was when the bundle was made",
                where=str(path),
                remedy="Put it back, or make the bundle again with `nle-style farm`.",
            )


def frames_of(plan: ItemPlan, first: int, last: int) -> tuple[int, int]:
    """The source frames, first and last, of some units, inclusive."""
    units = writer_of(plan).units
    return units[first].first, units[last].last


def measured_path(plan: ItemPlan) -> Path:
    """Where the measure step notes an item's shots."""
    return plan.work / "measured.jsonl"


def part_manifests(plan: ItemPlan) -> list[Path]:
    """What the tasks of an item noted so far, one manifest a task."""
    return [measured_path(plan), *sorted(plan.work.glob("part-*.jsonl"))]


def _with_engine(plan: ItemPlan, engine: list[Any]) -> ItemPlan:
    facts = {**plan.facts, "engine": engine}
    return replace(plan, facts=facts, manifest=Manifest(plan.manifest.file, render_key(facts)))


def _different(ours: dict[str, Any], noted: dict[str, Any]) -> list[str]:
    """The names of facts that are not as they were noted, whatever the paths and the engine."""
    one, other = (comparable_facts(each, _OF_THE_PLACE, _OF_A_MATTE) for each in (ours, noted))
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
