"""The card beside a pack: what training measured, and what people wrote, side by side."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from nle_style.core.card import recent_losses, write_card
from nle_style.errors import OutputError


def test_losses_are_means_over_the_last_hundred_images_of_a_style() -> None:
    # Style 0 is in every record: content 1 ... 120, of which 21 ... 120 count; style 1 is in one.
    records = [{"rows": [0], "content": [float(n)], "style": [2.0 * n]} for n in range(1, 121)]
    records.append({"rows": [1, 0], "content": [7.0, 1.0], "style": [9.0, 2.0]})
    # With the last record, style 0 has 22 ... 120 and 1: (22 + 120) * 99 / 2 + 1 = 7030.
    assert recent_losses(records, ["blue", "fire", "snow"]) == {
        "blue": {"content_loss": 70.3, "style_loss": 140.6},
        "fire": {"content_loss": 7.0, "style_loss": 9.0},
    }


def test_hand_written_entries_stay(tmp_path: Path) -> None:
    pack, card = tmp_path / "posters.safetensors", tmp_path / "posters.yaml"
    pack.write_bytes(b"weights")
    card.write_text(
        "licence: CC0\nstyles:\n  blue: {artwork: Die Welle, style_loss: 3}\n  gone: {}\n"
    )
    facts = {"blue": {"style_loss": 1.5}, "снег": {"style_loss": 2.5}}
    assert write_card(pack, facts, {"steps": 10}) == card
    written = yaml.safe_load(card.read_text(encoding="utf-8"))
    assert written["licence"] == "CC0"
    assert written["training"] == {"steps": 10}
    assert written["weights"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert written["styles"] == {
        "blue": {"artwork": "Die Welle", "style_loss": 1.5},
        "снег": {"style_loss": 2.5},
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["posters.safetensors", "posters.yaml"]


def test_figures_that_others_put_under_a_style_stay(tmp_path: Path) -> None:
    pack, card = tmp_path / "posters.safetensors", tmp_path / "posters.yaml"
    pack.write_bytes(b"weights")
    card.write_text("styles:\n  blue: {noise_gain: 0.31, e_warp_1_pan: 0.04, style_loss: 3}\n")
    write_card(pack, {"blue": {"style_loss": 1.5}}, {})
    kept = {"noise_gain": 0.31, "e_warp_1_pan": 0.04, "style_loss": 1.5}
    assert yaml.safe_load(card.read_text())["styles"] == {"blue": kept}


def test_card_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    pack = tmp_path / "posters.safetensors"
    pack.write_bytes(b"weights")
    pack.with_suffix(".yaml").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_card(pack, {}, {})
