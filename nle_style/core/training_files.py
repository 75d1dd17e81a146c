"""What a training run leaves on disk: checkpoints, metrics, a loss plot, contact sheets.

CHECKPOINTS/step-00000250.safetensors   the last two; network, average and Adam's state
CHECKPOINTS/metrics.jsonl               one line a step
CHECKPOINTS/held_out.jsonl              one line a checkpoint, if photographs are held out
CHECKPOINTS/loss.png                    style loss of every poster and content loss, smoothed;
                                        those of held-out photographs
CHECKPOINTS/sheet-00000250.png          every style on every preview image
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nle_style.core.contact_sheet import contact_sheet
from nle_style.core.network import StyleNetwork
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.tensor_file import save_tensors
from nle_style.errors import OutputError, TrainingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Checkpoint", "TrainingFiles", "line_colours", "plot_losses", "read_records"]

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

    @property
    def _held_out(self) -> Path:
        return self.folder / "held_out.jsonl"

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one step's record to metrics.jsonl.

        Raises:
            OutputError: it cannot be written.
        """
        _append(self._metrics, record)

    def log_held_out(self, record: Mapping[str, Any]) -> None:
        """Append one checkpoint's record to held_out.jsonl: `step`, `images` and `styles`.

        Raises:
            OutputError: it cannot be written.
        """
        _append(self._held_out, record)

    def rewind_metrics(self, step: int) -> None:
        """Forget the records of steps after the checkpoint that the run goes on from."""
        for path in (self._metrics, self._held_out):
            if path.exists() or path == self._metrics:
                kept = [record for record in read_records(path) if record["step"] <= step]
                path.write_text("".join(json.dumps(r) + "\n" for r in kept), encoding="utf-8")

    def records(self) -> list[dict[str, Any]]:
        """What was logged so far, one record a step."""
        return read_records(self._metrics)

    @torch.no_grad()
    def report(self, network: StyleNetwork, device: str) -> Path:
        """Draw the loss plot and a contact sheet; returns the sheet's path."""
        held_out = read_records(self._held_out)
        plot_losses(self.records(), self.styles, self.folder / "loss.png", held_out)
        step = int(self.records()[-1]["step"])
        rows = []
        for image in self.preview:
            cells = [image]
            for row in torch.eye(len(self.styles), device=device):
                paint = partial(network, mix=row[None])
                cells.append(paint_with_overscan(paint, image[None].to(device))[0].cpu())
            rows.append([cell.permute(1, 2, 0).numpy() for cell in cells])
        path = self.folder / f"sheet-{step:08d}.png"
        contact_sheet(["source", *self.styles], rows).save(path)
        return path


def _append(path: Path, record: Mapping[str, Any]) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error


def read_records(path: Path) -> list[dict[str, Any]]:
    """The records of metrics.jsonl or held_out.jsonl up to the first torn line; [] if missing."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            break  # a run that was killed while it wrote; what follows is written again
    return records


_LINES = ("blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "olive", "cyan")


def line_colours(styles: Sequence[str]) -> list[str]:
    """Matplotlib's colour for every style's line: its own where it is named after one.

    The others take what is left of the ten, in turn; further ones begin again.
    """
    left = [name for name in _LINES if name not in styles] or list(_LINES)
    others = [name for name in styles if name not in _LINES]
    return [
        f"tab:{name if name in _LINES else left[others.index(name) % len(left)]}" for name in styles
    ]


def plot_losses(
    records: Sequence[Mapping[str, Any]],
    styles: Sequence[str],
    path: Path,
    held_out: Sequence[Mapping[str, Any]] = (),
    runs: Sequence[int] = (),
) -> None:
    """Plot content loss and every poster's style loss against image-steps, as a PNG.

    Args:
        records: as logged by a run: `images`, `rows`, `content` and `style` of every step.
        styles: names of the rows.
        path: the PNG to write.
        held_out: as logged at checkpoints: `images`, and `style_loss` and `content_loss` of every
            style under `styles`. Drawn thin and dotted, their mean thick and black.
        runs: image-steps at which further runs began; marked by upright lines.
    """
    from matplotlib.figure import Figure  # half a second to load; only training needs it

    images = np.array([r["images"] for r in records for _ in r["rows"]])
    rows = np.array([row for r in records for row in r["rows"]])
    figure = Figure(figsize=(11, 4.5))
    # Margins in shares of the figure: laying it out by itself takes as long as drawing it.
    margins = {"left": 0.06, "right": 0.86, "bottom": 0.11, "top": 0.92, "wspace": 0.2}
    left, right = figure.subplots(1, 2, gridspec_kw=margins)
    content = np.array([value for r in records for value in r["content"]])
    left.plot(images, _smooth(content))
    left.set(title="content loss", xlabel="image-steps", yscale="log")
    style = np.array([value for r in records for value in r["style"]])
    for row, (name, colour) in enumerate(zip(styles, line_colours(styles), strict=True)):
        mine = rows == row
        if mine.any():
            right.plot(images[mine], _smooth(style[mine]), label=name, linewidth=1, color=colour)
    for axes, loss in ((left, "content_loss"), (right, "style_loss")):
        _plot_held_out(axes, held_out, styles, loss)
        for start in runs:
            axes.axvline(start, color="grey", linewidth=1, linestyle="--")
    right.set(title="style loss", xlabel="image-steps", yscale="log")
    right.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside the lines
    figure.savefig(path, dpi=90)


def _plot_held_out(
    axes: Axes, held_out: Sequence[Mapping[str, Any]], styles: Sequence[str], loss: str
) -> None:
    if not held_out:
        return
    images = [record["images"] for record in held_out]
    values = np.array([[r["styles"][name][loss] for name in styles] for r in held_out])
    for row, colour in enumerate(line_colours(styles)):
        axes.plot(images, values[:, row], ":", linewidth=0.8, color=colour)
    axes.plot(images, values.mean(axis=1), "k.-", linewidth=2, label="held out, mean")


def _smooth(values: np.ndarray) -> np.ndarray:
    """Mean over a window of a tenth of the curve, at most 100 values, shortened at its start."""
    window = max(1, min(100, len(values) // 10))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
