"""What a run is asked for: its schedule by hand, its seeds, and settings that cannot be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nle_style.core.training import PARENT, Phase, TrainingSettings
from nle_style.core.training.settings import Schedule
from nle_style.errors import TrainingError


def schedule(steps: int, finish: float) -> Schedule:
    return Schedule((Phase(32, 1, steps),), 1e-3, 1e-4, finish)


def test_the_rate_starts_within_20_steps_stays_and_falls_along_a_cosine() -> None:
    # The finish is steps 75 to 99; its cosine is at half of its way 12 steps after its first.
    run = schedule(100, 0.25)
    assert [run.rate(step) for step in (0, 9, 18)] == pytest.approx([5e-5, 5e-4, 9.5e-4])
    assert [run.rate(step) for step in (19, 50, 74, 75)] == pytest.approx([1e-3] * 4)
    # 1e-4 + 9e-4 x 0.5 (1 + cos 45°), then half, then all.
    assert run.rate(81) == pytest.approx(1e-4 + 9e-4 * 0.853553, rel=1e-5)
    assert run.rate(87) == pytest.approx(5.5e-4)
    assert run.rate(99) == pytest.approx(1e-4)


def test_a_run_without_a_finish_and_one_that_is_all_finish() -> None:
    assert schedule(100, 0.0).rate(99) == pytest.approx(1e-3)
    assert [schedule(100, 0.0).grown(step) for step in (0, 50, 99)] == [0, 0, 0]
    whole = schedule(101, 1.0)
    # The cosine has begun in the linear start too: at step 50 of 100 it is at its half.
    assert whole.rate(0) == pytest.approx(1e-3 / 20)
    assert whole.rate(50) == pytest.approx(5.5e-4)
    assert whole.rate(100) == pytest.approx(1e-4)


def test_the_video_terms_grow_in_the_first_quarter_of_the_finish() -> None:
    # The finish is steps 60 to 99, a quarter of it ten steps.
    run = schedule(100, 0.4)
    assert [run.grown(step) for step in (0, 59)] == [0, 0]
    grown = [run.grown(step) for step in (60, 64, 68, 69, 70, 99)]
    assert grown == pytest.approx([0.1, 0.5, 0.9, 1, 1, 1])


def test_phases_by_hand() -> None:
    first, second = Phase(32, 2, 4), Phase(40, 1, 2)
    run = Schedule((first, second), 1e-3, 1e-4, 0.2)
    assert (run.steps, run.images) == (6, 10)
    at = [run.at(step) for step in range(6)]
    assert at == [(first, 0), (first, 2), (first, 4), (first, 6), (second, 8), (second, 9)]
    with pytest.raises(IndexError):
        run.at(6)
    assert str(second) == "40:1:2"


def test_parent_and_styles_have_their_own_phases(settings: TrainingSettings) -> None:
    assert settings.schedule(PARENT).phases == (Phase(32, 2, 2),)
    for style in settings.posters:
        assert settings.schedule(style) == Schedule((Phase(32, 2, 4),), 1e-3, 1e-4, 0.2)


def test_every_run_has_draws_of_its_own(settings: TrainingSettings) -> None:
    names = (PARENT, "stripes", "squares")
    seeds = {settings.seed_of(name) for name in names}
    seeds |= {replace(settings, seed=2).seed_of(name) for name in names}
    assert len(seeds) == 6
    alone = replace(settings, posters={"squares": settings.posters["squares"]})
    assert alone.seed_of("squares") == settings.seed_of("squares")


@pytest.mark.parametrize("phase", [(31, 1, 1), (32, 0, 1), (32, 1, 0)])
def test_impossible_phases_are_refused(phase: tuple[int, int, int]) -> None:
    with pytest.raises(TrainingError, match="SIZE:BATCH:STEPS"):
        Phase(*phase)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"posters": {}}, "no posters"),
        ({"posters": {"parent": Path("a.png")}}, "cannot be called 'parent'"),
        ({"phases": ()}, "no phases"),
        ({"parent_phases": ()}, "Give either --parent SIZE:BATCH:STEPS or --from PACK"),
        ({"start": Path("a.safetensors")}, "Give either --parent SIZE:BATCH:STEPS or --from PACK"),
        ({"add_to": Path("a.safetensors")}, "Give either --parent SIZE:BATCH:STEPS or --from PACK"),
        ({"start": Path("a.safetensors"), "add_to": Path("a.safetensors")}, "not both"),
        ({"out": Path("posters.pth")}, r"ends in \.safetensors"),
        ({"checkpoint_every": 0}, "a checkpoint every 0 steps"),
        ({"layer_weights": (1.0, 1.0, 1.0)}, r"Give 4: of relu1_2, relu2_2, relu3_3 and relu4_3"),
        ({"noise_weights": {"rings": 1.0}}, "a noise weight for rings"),
        ({"motion_weights": {"rings": 1.0, "dots": 1.0}}, "a motion weight for dots, rings"),
    ],
)
def test_impossible_settings_are_refused(
    settings: TrainingSettings, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        replace(settings, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"noise_weight": 0.1},
        {"motion_weight": 0.1},
        {"noise_weights": {"squares": 1.0}},
        {"motion_weights": {"squares": 1.0}},
        {"layer_weights": (1.0, 1.0, 1.0, 2.0)},
        {"finish": 0.3},
        {"final_rate": 1e-5},
        {"average": 0.9},
        {"tone_weight": 1.0},
        {"parent_phases": (Phase(32, 2, 3),)},
    ],
)
def test_the_fingerprint_knows_what_decides_weights(
    settings: TrainingSettings, change: dict[str, Any]
) -> None:
    assert replace(settings, **change).fingerprint(()) != settings.fingerprint(())


def test_the_fingerprint_of_a_run_spelled_out(settings: TrainingSettings, photos: Path) -> None:
    """Checkpoints fit a run as long as this holds, whoever wrote them.

    Neither where the files go, nor how often, nor what stands on the card, is in it.
    """
    files = tuple(sorted(photos.iterdir()))
    spelled = {
        "posters": [
            (name, hashlib.sha256(path.read_bytes()).hexdigest())
            for name, path in settings.posters.items()
        ],
        "phases": [{"size": 32, "batch": 2, "steps": 4}],
        "parent_phases": [{"size": 32, "batch": 2, "steps": 2}],
        "vgg": "vgg16_features.safetensors",
        "width": 4,
        "residual_blocks": 1,
        "poster_size": 64,
        "weighting": "normalised",
        "content_weight": 1.0,
        "style_weight": 5.0,
        "layer_weights": [1.0, 1.0, 1.0, 1.0],
        "learning_rate": 1e-3,
        "final_rate": 1e-4,
        "finish": 0.2,
        "average": 0.99,
        "noise_weight": 0.0,
        "motion_weight": 0.0,
        "noise_weights": {},
        "motion_weights": {},
        "tone_weight": 0.5,
        "start": None,
        "add_to": None,
        "seed": 1,
        "overscan": 16,
        "photos": [(path.name, path.stat().st_size) for path in files],
    }
    expected = hashlib.sha256(json.dumps(spelled, sort_keys=True).encode()).hexdigest()
    other = replace(
        settings,
        out=Path("elsewhere.safetensors"),
        checkpoints=Path("elsewhere"),
        checkpoint_every=7,
        preview=(Path("a.png"),),
        held_out=Path("list.txt"),
        notes={"stripes": {"licence": "CC0"}},
        device="cuda",
    )
    assert settings.fingerprint(files) == other.fingerprint(files) == expected


def test_the_fingerprint_knows_the_pack_that_a_run_starts_from(
    settings: TrainingSettings, tmp_path: Path
) -> None:
    pack = tmp_path / "a.safetensors"
    found = set()
    for content in (b"one", b"other"):
        pack.write_bytes(content)
        for name in ("start", "add_to"):
            run = replace(settings, parent_phases=(), **{name: pack})
            found.add(run.fingerprint(()))
    assert len(found) == 4
