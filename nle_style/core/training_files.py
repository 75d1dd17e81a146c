"""What a training run leaves on disk: checkpoints, metrics, a loss plot, contact sheets.

CHECKPOINTS/step-00000250.safetensors   the last two; network, average and Adam's state
CHECKPOINTS/metrics.jsonl               one line a step
CHECKPOINTS/loss.png                    style loss of every poster and content loss, smoothed
CHECKPOINTS/sheet-00000250.png          every style on every preview image
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nle_style.core.contact_sheet import contact_sheet
from nle_style.core.network import StyleNetwork
from nle_style.core.tensor_file import save_tensors
from nle_style.errors import OutputError, TrainingError

__all__ = ["Checkpoint", "TrainingFiles", "plot_losses"]

_KEEP = 2


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after `step` steps, as named tensors."""

    step: int
    tensors: Mapping[str, Tensor]


class TrainingFiles:
    """The folder of one run.

    Args:
        folder: made if it is not there.
        fingerprint: of the run's settings; a checkpoint with another one is refused.
        styles: names of the rows.
        preview: images (3, H, W), RGB, 0-1, for the contact sheets.

    Raises:
        OutputError: the folder cannot be made.
    """

    def __init__(
        self, folder: Path, fingerprint: str, styles: tuple[str, ...], preview: Sequence[Tensor]
    ) -> None:
        self.folder, self.fingerprint, self.styles = folder, fingerprint, styles
        self.preview = preview
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot be made ({error})", where=str(folder)) from error

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint, or None if there is none.

        Raises:
            TrainingError: it belongs to a run with other settings, or is damaged.
        """
        paths = self._paths()
        if not paths:
            return None
        path = paths[-1]
        try:
            with safetensors.safe_open(path, "pt") as file:
                header = file.metadata() or {}
            tensors = safetensors.torch.load_file(path)
        except Exception as error:  # safetensors raises several kinds for a damaged file
            raise TrainingError(
                f"the checkpoint is damaged ({error})",
                where=str(path),
                remedy="Delete it; the one before it is used then.",
            ) from error
        # The fingerprint does not see the order of the posters, but the rows of the weights do.
        same_rows = header.get("styles", json.dumps(self.styles)) == json.dumps(self.styles)
        if header.get("fingerprint") != self.fingerprint or not same_rows:
            raise TrainingError(
                "the checkpoint is of a run with other posters, photos or settings",
                where=str(path),
                remedy="Give the settings it was begun with, or another --checkpoints folder.",
            )
        return Checkpoint(int(header["step"]), tensors)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, whole or not at all, and drop all but the last two.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.folder / f"step-{checkpoint.step:08d}.safetensors"
        header = {
            "step": str(checkpoint.step),
            "fingerprint": self.fingerprint,
            "styles": json.dumps(self.styles),
        }
        save_tensors(path, checkpoint.tensors, header)
        for old in self._paths()[:-_KEEP]:
            old.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.safetensors"))

    @property
    def _metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one step's record to metrics.jsonl.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            with self._metrics.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            where = str(self._metrics)
            raise OutputError(f"cannot be written ({error.strerror})", where=where) from error

    def rewind_metrics(self, step: int) -> None:
        """Forget the records of steps after the checkpoint that the run goes on from."""
        kept = [record for record in self.records() if record["step"] <= step]
        self._metrics.write_text("".join(json.dumps(r) + "\n" for r in kept), encoding="utf-8")

    def records(self) -> list[dict[str, Any]]:
        """What was logged so far, one record a step."""
        if not self._metrics.exists():
            return []
        records = []
        for line in self._metrics.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                break  # a run that was killed while it wrote; what follows is written again
        return records

    @torch.no_grad()
    def report(self, network: StyleNetwork, device: str) -> Path:
        """Draw the loss plot and a contact sheet; returns the sheet's path."""
        plot_losses(self.records(), self.styles, self.folder / "loss.png")
        step = int(self.records()[-1]["step"])
        rows = []
        for image in self.preview:
            cells = [image]
            for row in torch.eye(len(self.styles), device=device):
                cells.append(network(image[None].to(device), row[None])[0].cpu())
            rows.append([cell.permute(1, 2, 0).numpy() for cell in cells])
        path = self.folder / f"sheet-{step:08d}.png"
        contact_sheet(["source", *self.styles], rows).save(path)
        return path


def plot_losses(records: Sequence[Mapping[str, Any]], styles: Sequence[str], path: Path) -> None:
    """Plot content loss and every poster's style loss against image-steps, as a PNG.

    Args:
        records: as logged by a run: `images`, `rows`, `content` and `style` of every step.
        styles: names of the rows.
        path: the PNG to write.
    """
    from matplotlib.figure import Figure  # half a second to load; only training needs it

    images = np.array([r["images"] for r in records for _ in r["rows"]])
    rows = np.array([row for r in records for row in r["rows"]])
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    content = np.array([value for r in records for value in r["content"]])
    left.plot(images, _smooth(content))
    left.set(title="content loss", xlabel="image-steps", yscale="log")
    style = np.array([value for r in records for value in r["style"]])
    for row, name in enumerate(styles):
        mine = rows == row
        if mine.any():
            right.plot(images[mine], _smooth(style[mine]), label=name, linewidth=1)
    right.set(title="style loss", xlabel="image-steps", yscale="log")
    right.legend(fontsize=7, ncol=2)
    figure.savefig(path, dpi=90)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Mean over a window of a tenth of the curve, at most 100 values, shortened at its start."""
    window = max(1, min(100, len(values) // 10))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
