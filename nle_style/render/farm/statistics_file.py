"""The statistics of an item's shots on their way from the machine that measured them to those that
paint with them: a safetensors file, exact to the bit."""

from __future__ import annotations

from pathlib import Path

import safetensors
import torch
from torch import Tensor

from nle_style.apply.shot import ShotStatistics
from nle_style.core import save_tensors
from nle_style.errors import InputError
from nle_style.render.item import ItemStatistics

__all__ = ["load_statistics", "save_statistics"]

_MISSING = "Run the measure step of this item first, on a machine like those that render."


def save_statistics(path: Path, statistics: ItemStatistics, key: str) -> None:
    """Write what `ItemRenderer.measure` gave.

    Named `FIRST-LAST/LOOK/mean.N`, `variance.N` (1, C) and `reference` (rows, columns), float32.

    Args:
        key: of the render; it stands for source, look, pack, versions and device.

    Raises: OutputError if the folder or the disk refuses.
    """
    tensors: dict[str, Tensor] = {}
    for (first, last), looks in statistics.items():
        for look, shot in looks.items():
            place = f"{first}-{last}/{look}"
            for norm, (mean, variance) in enumerate(shot.norms):
                tensors[f"{place}/mean.{norm}"] = mean
                tensors[f"{place}/variance.{norm}"] = variance
            if shot.reference is not None:
                tensors[f"{place}/reference"] = torch.from_numpy(shot.reference)
    save_tensors(path, tensors, {"nle_style_statistics": "1", "key": key})


def load_statistics(path: Path, key: str) -> ItemStatistics:
    """Read what `save_statistics` wrote.

    Raises:
        InputError: it is missing, damaged, or was measured for another render or by other versions
            of torch or OpenVINO.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors raises several kinds for a damaged file
        raise InputError(
            f"the shots' statistics cannot be read ({error})", where=str(path), remedy=_MISSING
        ) from error
    if header.get("key") != key:
        raise InputError(
            "the shots were measured for another render, or by another version or kind of device",
            where=str(path),
            remedy=_MISSING,
        )
    try:
        return _by_shot(tensors)
    except (ValueError, LookupError) as error:
        raise InputError(
            f"the shots' statistics are damaged ({error})", where=str(path), remedy=_MISSING
        ) from error


def _by_shot(tensors: dict[str, torch.Tensor]) -> ItemStatistics:
    found: dict[tuple[int, int], dict[int, ShotStatistics]] = {}
    for place in dict.fromkeys(name.rpartition("/")[0] for name in tensors):
        shot, look = place.split("/")
        first, last = shot.split("-")
        count = sum(name.startswith(f"{place}/mean.") for name in tensors)
        norms = [
            (tensors[f"{place}/mean.{norm}"], tensors[f"{place}/variance.{norm}"])
            for norm in range(count)
        ]
        reference = tensors.get(f"{place}/reference")
        found.setdefault((int(first), int(last)), {})[int(look)] = ShotStatistics(
            norms, None if reference is None else reference.numpy()
        )
    return found
