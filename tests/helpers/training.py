"""Training runs in tests: stopping them, and comparing what two of them left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import yaml

from nle_style.core.training import TrainingProgress, TrainingSettings
from nle_style.core.training.run_files import read_records

__all__ = [
    "Finished",
    "Stop",
    "assert_same_run",
    "card",
    "metrics",
    "part_of",
    "same_tensors",
    "stop_at",
]


@dataclass(frozen=True)
class Finished:
    """An uninterrupted run and what it reported; tests that change its files copy them first."""

    settings: TrainingSettings
    progress: list[TrainingProgress]


class Stop(Exception):
    """Stands for a power cut."""


def stop_at(name: str, step: int) -> Callable[[TrainingProgress], None]:
    """An `on_progress` that stops the run when a step of the parent or of a style is reported."""

    def stop(progress: TrainingProgress) -> None:
        if (progress.name, progress.step) == (name, step):
            raise Stop

    return stop


def metrics(settings: TrainingSettings, name: str) -> list[dict[str, Any]]:
    """The records of the parent's or of a style's steps."""
    return read_records(settings.checkpoints / name / "metrics.jsonl")


def card(settings: TrainingSettings) -> dict[str, Any]:
    """The card beside the run's pack."""
    return dict(yaml.safe_load(settings.out.with_suffix(".yaml").read_text(encoding="utf-8")))


def part_of(pack: Path, prefix: str) -> dict[str, torch.Tensor]:
    """The tensors of a file whose names begin with a prefix, without it, as safetensors has them.

    For a pack: "styles/NAME/" or "parent/".
    """
    tensors = safetensors.torch.load_file(pack)
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of tensors, neither empty, are the same bit for bit, but for what norms
    typically meet: that is not trained, but measured when a pack is written."""
    one, other = (
        {name: tensor for name, tensor in each.items() if ".typical_" not in name}
        for each in (one, other)
    )
    return (
        bool(one)
        and one.keys() == other.keys()
        and all(one[n].dtype == other[n].dtype and torch.equal(one[n], other[n]) for n in one)
    )


def assert_same_run(one: TrainingSettings, other: TrainingSettings) -> None:
    """Two finished runs left the same pack, and the same metrics and checkpoints everywhere."""
    assert one.out.read_bytes() == other.out.read_bytes()
    # What is still there of it: the last two checkpoints.
    for path in sorted(one.checkpoints.glob("*/*.*")):
        theirs = other.checkpoints / path.parent.name / path.name
        if path.suffix == ".safetensors":
            assert same_tensors(part_of(path, ""), part_of(theirs, "")), path
        elif path.suffix == ".jsonl":
            assert path.read_text() == theirs.read_text(), path
    count = len(one.posters) + bool(one.parent_phases)
    assert len(list(one.checkpoints.glob("*/metrics.jsonl"))) == count
    assert len(list(one.checkpoints.glob("*/step-*"))) >= count
    ours, same = card(one), card(other)
    assert ours["styles"] == same["styles"]
    assert ours["training"] == same["training"]
