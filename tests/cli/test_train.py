"""`nle-style train`: how its options are read, and a whole run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
from PIL import Image

from nle_style.cli.commands.training_run import parse_weights
from nle_style.core import load_pack
from nle_style.core.training import Phase, TrainingSettings
from nle_style.errors import TrainingError
from tests.helpers.command import nle_style


@pytest.mark.parametrize(
    ("texts", "weights"),
    [
        ((), (0.3, {})),
        (("1.5",), (1.5, {})),
        (("0",), (0.0, {})),
        (("blue=7",), (0.3, {"blue": 7.0})),
        (("blue=7", "1.5", "fire=0"), (1.5, {"blue": 7.0, "fire": 0.0})),
    ],
)
def test_weights_of_all_and_of_single_styles(
    texts: tuple[str, ...], weights: tuple[float, dict[str, float]]
) -> None:
    assert parse_weights(texts, 0.3) == weights


@pytest.mark.parametrize("text", ["blue", "blue=", "-1", "nan", "blue=inf", "1,5"])
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match=f"'{text}' is not a weight"):
        parse_weights([text], 0.3)


@pytest.fixture
def words(tmp_path: Path) -> tuple[object, ...]:
    """The least that `train` is given."""
    poster = tmp_path / "blue.png"
    Image.new("RGB", (64, 64), (20, 40, 90)).save(poster)
    out = tmp_path / "a.safetensors"
    return ("train", "--poster", poster, "--photos", tmp_path, "--out", out, "--device", "cpu")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainingSettings]:
    """The settings of every run that is asked for; none is run."""
    seen: list[TrainingSettings] = []
    runner = "nle_style.cli.commands.training_run.run_training"
    monkeypatch.setattr(runner, lambda settings, threads: seen.append(settings))
    return seen


def test_what_a_run_does_by_default(
    words: tuple[object, ...], asked: list[TrainingSettings], tmp_path: Path
) -> None:
    assert nle_style(*words).code == 0
    (settings,) = asked
    assert settings == TrainingSettings(
        posters={"blue": tmp_path / "blue.png"},
        photos=tmp_path,
        out=tmp_path / "a.safetensors",
        checkpoints=tmp_path / "a.training",
        parent_phases=(Phase(128, 2, 1000), Phase(192, 2, 1000)),
        phases=(Phase(192, 2, 2000), Phase(256, 2, 2000)),
        poster_size=512,
        style_weight=5.0,
        layer_weights=(1.0, 1.0, 1.0, 1.0),
        tone_weight=0.5,
        noise_weight=0.1,
        motion_weight=0.2,
        finish=0.2,
        learning_rate=1e-3,
        final_rate=1e-4,
    )


def test_what_is_asked_for_reaches_the_run(
    words: tuple[object, ...], asked: list[TrainingSettings], tmp_path: Path
) -> None:
    pack = tmp_path / "b.safetensors"
    more = ("--from", pack, "--phase", "64:1:5", "--phase", "96:2:7", "--learning-rate", "0.01")
    more += ("--noise-weight", "blue=7", "--motion-weight", "2", "--motion-weight", "blue=3")
    more += ("--layer-weights", *"1234", "--finish", "0.5", "--checkpoints", tmp_path / "c")
    more += ("--paper-weighting", "--preview", tmp_path / "blue.png", "--seed", "9")
    done = nle_style(*words, *more)
    assert done.code == 0, done.err
    (settings,) = asked
    assert (settings.start, settings.parent_phases) == (pack, ())
    assert settings.phases == (Phase(64, 1, 5), Phase(96, 2, 7))
    assert (settings.learning_rate, settings.final_rate) == (0.01, 0.001)
    # A style of its own leaves the default to the others.
    assert (settings.noise_weight, settings.noise_weights) == (0.1, {"blue": 7.0})
    assert (settings.motion_weight, settings.motion_weights) == (2.0, {"blue": 3.0})
    assert settings.layer_weights == (1.0, 2.0, 3.0, 4.0)
    assert (settings.finish, settings.weighting, settings.seed) == (0.5, "paper", 9)
    assert settings.checkpoints == tmp_path / "c"
    assert settings.preview == (tmp_path / "blue.png",)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            ("--motion-weight", "2", "--motion-weight", "bleu=7"),
            "a motion weight for bleu, which has no poster",
        ),
        (("--noise-weight", "bleu=7"), "a noise weight for bleu, which has no poster"),
        (("--from", "b.safetensors", "--parent", "32:1:1"), "Give either --parent"),
        (("--parent", "32:1"), "'32:1' is not a phase"),
    ],
)
def test_a_refusal_is_one_message(
    words: tuple[object, ...], more: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = nle_style(*words, *more)
    assert done.code == 2, done.err
    assert said in " ".join(done.err.split())
    assert not (tmp_path / "a.training").exists()


@pytest.mark.slow
def test_a_run_prints_its_pack_and_its_sheets(words: tuple[object, ...], tmp_path: Path) -> None:
    import torch

    from nle_style.core.perceptual import Vgg16Features

    torch.manual_seed(16)
    vgg = tmp_path / "vgg.safetensors"
    safetensors.torch.save_file(Vgg16Features().features.state_dict(), vgg)
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    more = ("--vgg", vgg, "--parent", "32:1:1", "--phase", "32:1:2", "--width", 4)
    done = nle_style(*words, *more, "--residual-blocks", 1, "--poster-size", 64)
    assert done.code == 0, done.err
    out = tmp_path / "a.safetensors"
    assert done.out.strip() == str(out)
    assert load_pack(out).styles == ("blue",)
    assert f"blue 2: {tmp_path / 'a.training' / 'blue' / 'sheet-00000002.png'}" in done.err
