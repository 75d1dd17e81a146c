"""`nle-style train`: how its options are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from nle_style.cli.training import parse_weights
from nle_style.errors import TrainingError
from tests.helpers.command import nle_style


@pytest.mark.parametrize(
    ("texts", "weights"),
    [
        ((), (0.0, {})),
        (("1.5",), (1.5, {})),
        (("blue=7", "1.5", "fire=0"), (1.5, {"blue": 7.0, "fire": 0.0})),
    ],
)
def test_weights_of_all_and_of_single_styles(
    texts: tuple[str, ...], weights: tuple[float, dict[str, float]]
) -> None:
    assert parse_weights(texts) == weights


@pytest.mark.parametrize("text", ["blue", "blue=", "-1", "nan", "blue=inf", "1,5"])
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match=f"'{text}' is not a weight"):
        parse_weights([text])


def test_a_weight_for_no_style_is_one_message(tmp_path: Path) -> None:
    poster = tmp_path / "blue.png"
    Image.new("RGB", (64, 64), (20, 40, 90)).save(poster)
    words = ("train", "--poster", poster, "--photos", tmp_path, "--out", tmp_path / "a.safetensors")
    done = nle_style(*words, "--motion-weight", "2", "--motion-weight", "bleu=7")
    assert done.code == 2, done.err
    assert "a motion weight for bleu, which has no poster" in " ".join(done.err.split())
