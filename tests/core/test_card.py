"""The card beside a pack: what training measured, and what people wrote, side by side."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from nle_style.core import FIGURES, figures_of
from nle_style.core.card import write_card, write_figures
from nle_style.core.training.run_card import passed_gates, recent_losses
from nle_style.errors import OutputError, PackError


def test_losses_are_means_over_the_last_hundred_images() -> None:
    # Content 1 ... 120 image by image, then two images in one step: the last hundred are 23 ... 120
    # and these two, (23 + 120) * 98 / 2 + 5 + 6 = 7018.
    records = [{"content": [float(n)], "style": [2.0 * n]} for n in range(1, 121)]
    records.append({"content": [5.0, 6.0], "style": [10.0, 12.0]})
    assert recent_losses(records) == {"content_loss": 70.18, "style_loss": 140.36}
    assert recent_losses(records[:2]) == {"content_loss": 1.5, "style_loss": 3.0}
    assert recent_losses([]) == {}


def test_what_passed_is_known_of_the_same_run_and_the_same_weights(tmp_path: Path) -> None:
    pack = tmp_path / "posters.safetensors"
    assert passed_gates(pack, "a1") == frozenset()
    pack.write_bytes(b"weights")
    assert passed_gates(pack, "a1") == frozenset()
    styles: dict[str, dict[str, object]] = {
        "blue": {"gates": "passed"},
        "fire": {"gates": ["fire on flat: blob 0.310 > 0.200"]},
        "snow": {},
    }
    card = write_card(pack, styles, {"fingerprint": "a1"})
    assert passed_gates(pack, "a1") == {"blue"}
    assert passed_gates(pack, "b2") == frozenset()
    # An entry that someone emptied by hand is one that says nothing.
    card.write_text(card.read_text().replace("snow: {}", "snow:"))
    assert passed_gates(pack, "a1") == {"blue"}
    write_card(pack, styles, {"fingerprint": "a1"})
    pack.write_bytes(b"other weights")
    assert passed_gates(pack, "a1") == frozenset()


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


def test_facts_that_stand_in_two_places_are_written_out(tmp_path: Path) -> None:
    pack = tmp_path / "p.safetensors"
    pack.write_bytes(b"weights")
    weights = {"blue": 7.0}
    card = write_card(pack, {}, {"motion_weights": weights, "runs": [{"motion_weights": weights}]})
    text = card.read_text()
    assert text.count("blue: 7.0") == 2
    assert "&" not in text
    assert "*" not in text


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


def measured(value: float) -> dict[str, float]:
    return dict.fromkeys(FIGURES, value)


def test_figures_join_the_card_and_the_rest_stays(tmp_path: Path) -> None:
    pack, card = tmp_path / "posters.safetensors", tmp_path / "posters.yaml"
    pack.write_bytes(b"weights")
    write_card(pack, {"blue": {"style_loss": 1.5}, "fire": {"style_loss": 2.5}}, {"steps": 10})
    before = yaml.safe_load(card.read_text())
    assert figures_of(before, hashlib.sha256(b"weights").hexdigest()) == {}

    assert write_figures(pack, {"fire": measured(0.123456)}, {"pictures": 32}) == card
    after = yaml.safe_load(card.read_text())
    digest = hashlib.sha256(b"weights").hexdigest()
    assert after.pop("quality") == {"weights": digest, "pictures": 32}
    assert after["styles"].pop("fire") == {"style_loss": 2.5, **measured(0.1235)}
    before["styles"].pop("fire")
    assert after == before

    text = card.read_text()
    write_figures(pack, {"fire": measured(0.123456)}, {"pictures": 32})
    assert card.read_text() == text, "the same figures make the same file"


def test_figures_of_other_weights_do_not_count(tmp_path: Path) -> None:
    pack, card = tmp_path / "posters.safetensors", tmp_path / "posters.yaml"
    pack.write_bytes(b"weights")
    write_card(pack, {"blue": {}}, {})
    write_figures(pack, {"blue": measured(0.5)}, {})
    found = yaml.safe_load(card.read_text())
    digest = hashlib.sha256(b"weights").hexdigest()
    assert figures_of(found, digest) == {"blue": measured(0.5)}

    pack.write_bytes(b"trained further")
    with pytest.raises(PackError, match="not of these weights"):
        write_figures(pack, {"blue": measured(0.7)}, {})
    write_card(pack, {"blue": {}}, {})
    found = yaml.safe_load(card.read_text())
    assert figures_of(found, found["weights"]["sha256"]) == {}


def test_figures_need_a_card(tmp_path: Path) -> None:
    pack = tmp_path / "posters.safetensors"
    pack.write_bytes(b"weights")
    with pytest.raises(PackError, match="not of these weights"):
        write_figures(pack, {"blue": measured(0.5)}, {})
    assert not pack.with_suffix(".yaml").exists()
