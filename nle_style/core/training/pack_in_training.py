"""The pack that a training run writes: as good as it has ever been, at every checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from nle_style.core.card import passed_gates, recent_losses, training_runs, write_card
from nle_style.core.network import NetworkConfig
from nle_style.core.style_pack import StylePack, Weights, load_pack, save_pack
from nle_style.core.training.gates import Fault, examine, speckle
from nle_style.core.training.new_style import write_added_card
from nle_style.core.training.run_files import RunFiles
from nle_style.core.training.settings import PARENT, TrainingSettings
from nle_style.core.training.style_run import StyleRun

__all__ = ["PackInTraining"]


class PackInTraining:
    """The file under `settings.out`, and its card.

    Args:
        settings: of the run.
        fingerprint: of the run; a pack with another one is written over.
        photos: how many photographs are trained on.
        parent: where every style begins.
        posters: name -> (3, H, W), RGB, 0-1: their grain is what their paintings may have.
        starts: style -> where it begins, if not with the parent.
        base: the pack that is added to, or None.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        fingerprint: str,
        photos: int,
        parent: Weights,
        posters: dict[str, Tensor],
        starts: dict[str, Weights],
        base: StylePack | None,
    ) -> None:
        self._settings, self._fingerprint, self._photos = settings, fingerprint, photos
        self._parent, self._base = parent, base
        self._grains = {name: float(speckle(poster[None])) for name, poster in posters.items()}
        self._weights = {name: starts.get(name, parent) for name in settings.posters}
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
        name = run.name
        faults = examine({name: run.average}, [self._grains[name]], self._settings.device)
        if not faults or name not in self._passed:
            self._weights[name] = run.weights()
            gates = [str(fault) for fault in faults] or "passed"
            facts = {"image_steps": run.images, **recent_losses(files.records()), "gates": gates}
            self._facts[name] |= facts
        elif "gates" not in self._facts[name]:
            self._facts[name]["gates"] = "passed"  # resumed: what is in the file did
        if not faults:
            self._passed |= {name}
        self._images[name] = run.images
        return faults

    def write(self) -> Path:
        """Write the pack and its card, each whole or not at all.

        Raises:
            OutputError: one of them cannot be written.
        """
        settings, base = self._settings, self._base
        config = NetworkConfig(settings.width, settings.residual_blocks)
        old = {} if base is None else base.weights
        save_pack(settings.out, config, {**old, **self._weights}, self._parent)
        phases = [str(phase) for phase in settings.phases]
        weights: dict[str, Any] = {
            f"{term}_weight": getattr(settings, f"{term}_weight")
            for term in ("content", "style", "noise", "motion", "tone")
        }
        for term in ("noise_weights", "motion_weights"):
            if getattr(settings, term):
                weights[term] = dict(getattr(settings, term))
        runs = training_runs(settings.start, phases, weights, sum(self._images.values()))
        training = {
            "image_steps": sum(entry["image_steps"] for entry in runs),
            "parent_phases": [str(phase) for phase in settings.parent_phases],
            "phases": phases,
            "photos": self._photos,
            "weighting": settings.weighting,
            "layer_weights": list(settings.layer_weights),
            "poster_size": settings.poster_size,
            "width": settings.width,
            "residual_blocks": settings.residual_blocks,
            **weights,
            "learning_rate": settings.learning_rate,
            "finish": settings.finish,
            "fingerprint": self._fingerprint,
            "runs": runs,
        }
        if base is not None:
            return write_added_card(base, settings.out, self._facts, training)
        return write_card(settings.out, self._facts, training)
