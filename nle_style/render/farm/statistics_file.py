"""The statistics of an item's shots on their way from the machine that measured them to those that
paint with them: a safetensors file, exact to the bit."""

from __future__ import annotations

from pathlib import Path

import safetensors
import torch
from torch import Tensor

from nle_style.apply.shot import ChangingStatistics, ShotStatistics
from nle_style.core import save_tensors
from nle_style.errors import InputError
from nle_style.render.item import ItemStatistics

__all__ = ["load_statistics", "save_statistics"]

_MISSING = "Run the measure step of this item first, on a machine like those that render."


def save_statistics(path: Path, statistics: ItemStatistics, key: str) -> None:
    """Write what `ItemRenderer.measure` gave.

    Named `FIRST-LAST/LOOK/mean.N`, `variance.N` (1, C) and `reference` (rows, columns), float32;
    of a look that changes `FIRST-LAST/LOOK/NODE/mean.N` and so on, a node being a frame as 12.5.

    Args:
        key: of the render; it stands for source, look, pack, versions and device.

    Raises: OutputError if the folder or the disk refuses.
    """
    tensors: dict[str, Tensor] = {}
    for (first, last), looks in statistics.items():
        for look, shot in looks.items():
            place = f"{first}-{last}/{look}"
            if isinstance(shot, ChangingStatistics):
                for node, measured in shot.nodes:
                    tensors |= _tensors_of(measured, f"{place}/{float(node)!r}")
            else:
                tensors |= _tensors_of(shot, place)
    save_tensors(path, tensors, {"nle_style_statistics": "1", "key": key})


def _tensors_of(shot: ShotStatistics, place: str) -> dict[str, Tensor]:
    # Copied: the file holds no tensor twice, and two nodes may have one measurement.
    tensors = {}
    for norm, (mean, variance) in enumerate(shot.norms):
        tensors[f"{place}/mean.{norm}"] = mean.clone()
        tensors[f"{place}/variance.{norm}"] = variance.clone()
    if shot.reference is not None:
        tensors[f"{place}/reference"] = torch.from_numpy(shot.reference.copy())
    return tensors


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
    found: dict[tuple[int, int], dict[int, ShotStatistics | ChangingStatistics]] = {}
    nodes: dict[tuple[tuple[int, int], int], list[tuple[float, ShotStatistics]]] = {}
    for place in dict.fromkeys(name.rpartition("/")[0] for name in tensors):
        shot, look, *node = place.split("/")
        first, last = map(int, shot.split("-"))
        count = sum(name.startswith(f"{place}/mean.") for name in tensors)
        norms = [
            (tensors[f"{place}/mean.{norm}"], tensors[f"{place}/variance.{norm}"])
            for norm in range(count)
        ]
        reference = tensors.get(f"{place}/reference")
        measured = ShotStatistics(norms, None if reference is None else reference.numpy())
        if node:
            nodes.setdefault(((first, last), int(look)), []).append((float(node[0]), measured))
        else:
            found.setdefault((first, last), {})[int(look)] = measured
    for (of_shot, of_look), its_nodes in nodes.items():
        ordered = sorted(its_nodes, key=lambda each: each[0])
        found.setdefault(of_shot, {})[of_look] = ChangingStatistics(tuple(ordered))
    return found
