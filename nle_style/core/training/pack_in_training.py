"""The pack that a training run writes at every checkpoint: of each style the weights that passed
their gates last.

A run may add styles to a pack that is there. Its other styles are not in the run at all, so that
nothing can change them: the result holds the pack's own tensors, bit for bit, and those of the new
styles beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from nle_style.core.card import read_card, write_card
from nle_style.core.pack_header import STYLE_NAME, styles_in
from nle_style.core.style_pack import StylePack, Weights, load_pack, network_of, save_pack
from nle_style.core.training.gates import Fault, examine, speckle
from nle_style.core.training.run_card import (
    is_of_a_run,
    passed_gates,
    recent_losses,
    training_facts,
    write_added_card,
)
from nle_style.core.training.run_files import RunFiles
from nle_style.core.training.settings import PARENT, TrainingSettings
from nle_style.core.training.style_run import StyleRun
from nle_style.errors import OutputError, PackError, TrainingError

__all__ = ["PackInTraining", "check_names", "check_output"]


def check_names(pack: StylePack, names: Sequence[str]) -> None:
    """Refuse what cannot be the name of a new style of the pack.

    Raises: TrainingError if the pack has it, or it could not stand in a mix or a file name.
    """
    for name in names:
        if name in pack.styles:
            raise TrainingError(
                f"the pack has a style '{name}'",
                where=f"pack '{pack.name}'",
                remedy="Choose another name; the pack's own styles are never changed.",
            )
        if not STYLE_NAME.fullmatch(name):
            raise TrainingError(
                f"'{name}' is not a style's name",
                remedy="Use letters, digits and underscores, 64 at most.",
            )


def check_output(settings: TrainingSettings, base: StylePack | None, *, begun: bool) -> None:
    """Refuse to write over a file that no training run made; where styles are added to a pack, over
    any that this run has not made.

    Args:
        settings: of the run.
        base: the pack that is added to, or None.
        begun: whether the run has a checkpoint, and so may have written `settings.out`.

    Raises:
        OutputError: there is another file under the name of the pack or of its card.
        PackError: the card is damaged.
    """
    out, card = settings.out, settings.out.with_suffix(".yaml")
    foreign = out
    if not out.exists() or (base is None and is_of_a_run(out)):
        written = read_card(card)
        if not written or {"styles", "training", "weights"} & written.keys():
            return
        foreign = card
    elif begun:  # it was killed before it wrote the card, or that is damaged
        try:
            if styles_in(out) == (*(() if base is None else base.styles), *settings.posters):
                return
        except PackError:
            pass  # not a pack at all, so not ours
    raise OutputError(
        "there is such a file, and it is not of this run",
        where=str(foreign),
        remedy="Give another file by -o, or move this one away.",
    )


class PackInTraining:
    """The file under `settings.out`, and its card.

    Args:
        settings: of the run.
        fingerprint: of the run; a pack with another one is written over.
        photos: how many photographs are trained on.
        parent: where every style begins.
        posters: name -> (3, H, W), RGB, 0-1: their grain is what their paintings may have.
        starts: style -> where it begins, in the order of the pack.
        base: the pack that is added to, or None.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        fingerprint: str,
        photos: int,
        parent: Weights,
        posters: Mapping[str, Tensor],
        starts: Mapping[str, Weights],
        base: StylePack | None,
    ) -> None:
        self._settings, self._fingerprint, self._photos = settings, fingerprint, photos
        self._parent, self._base = parent, base
        self._grains = {name: float(speckle(poster[None])) for name, poster in posters.items()}
        self._weights = dict(starts)
        self._facts: dict[str, dict[str, Any]] = {
            name: {**settings.notes.get(name, {}), "poster": path.name}
            for name, path in settings.posters.items()
        }
        self._images = {PARENT: settings.schedule(PARENT).images}
        self._passed = passed_gates(settings.out, fingerprint) & set(settings.posters)
        if self._passed:
            before = load_pack(settings.out)
            self._weights |= {name: before.weights[name] for name in self._passed}

    def put(self, run: StyleRun, files: RunFiles) -> tuple[Fault, ...]:
        """Take a style as it is now, if its gates allow it; returns what they found.

        A style that fails does not replace one of this run that passed; while none has passed, it
        is taken as it is.
        """
        name, weights = run.name, run.weights()
        device = self._settings.device
        network = network_of(self._settings.config, weights).to(device)
        faults = examine(name, network, self._grains[name], device)
        if not faults or name not in self._passed:
            self._weights[name] = weights
            self._facts[name] |= {
                "image_steps": run.images,
                **recent_losses(files.metrics.read()),
                "gates": [str(fault) for fault in faults] or "passed",
            }
        elif "gates" not in self._facts[name]:
            self._facts[name]["gates"] = "passed"  # resumed: what is in the file did
        if not faults:
            self._passed |= {name}
        self._images[name] = run.images
        return faults

    def write(self) -> Path:
        """Write the pack and its card, each whole or not at all.

        Raises: OutputError if one of them cannot be written.
        """
        settings, base = self._settings, self._base
        old = {} if base is None else base.weights
        save_pack(settings.out, settings.config, {**old, **self._weights}, self._parent)
        images = sum(self._images.values())
        training = training_facts(settings, self._fingerprint, self._photos, images)
        if base is not None:
            return write_added_card(base, settings.out, self._facts, training)
        return write_card(settings.out, self._facts, training)
