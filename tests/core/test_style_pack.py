"""Style packs: what is written comes back, mixes, and packs of format 1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nle_style.core import StylePack, load_pack
from nle_style.core.pack_header import styles_in
from nle_style.core.style_pack import mean_weights, network_of, save_pack
from nle_style.errors import LookError, OutputError
from tests.core.made_packs import CONFIG, PARENT, STYLES, make_styles, make_weights


def rounded(tensor: Tensor) -> Tensor:
    """To half precision and back to single, as NumPy does it."""
    return torch.from_numpy(tensor.numpy().astype(np.float16).astype(np.float32))


def test_round_trip(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    assert (pack.name, pack.styles, pack.card) == ("posters", STYLES, {})
    assert pack.config == CONFIG
    assert pack.sha256 == hashlib.sha256(pack_file.read_bytes()).hexdigest()
    assert styles_in(pack_file) == STYLES
    assert [p.name for p in pack_file.parent.iterdir()] == ["posters.safetensors"]


def test_others_may_read_a_pack_as_they_may_any_new_file(pack_file: Path) -> None:
    other = pack_file.with_name("other")
    other.touch()
    assert pack_file.stat().st_mode == other.stat().st_mode


def test_weights_come_back_rounded_to_half_precision(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    for loaded, saved in (
        (pack.parent, PARENT),
        *((pack.weights[name], each) for name, each in make_styles().items()),
    ):
        assert loaded.keys() == saved.keys()
        for name, value in loaded.items():
            assert value.dtype == torch.float16
            assert torch.equal(value.float(), rounded(saved[name]))
            assert not torch.equal(value.float(), saved[name]), "rounding must matter here"


def test_a_styles_network_has_its_weights_in_single_precision(pack_file: Path) -> None:
    pack, saved = load_pack(pack_file), make_styles()
    for style in STYLES:
        network = pack.network({style: 2.0})
        assert network.config == CONFIG
        assert network.state_dict().keys() == saved[style].keys()
        for name, value in network.state_dict().items():
            assert value.dtype == torch.float32
            assert torch.equal(value, rounded(saved[style][name]))
        assert not network.training
        assert not any(p.requires_grad for p in network.parameters())


def test_networks_are_copies(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    single = {name: value.float() for name, value in pack.parent.items()}
    for network in (pack.network({"blue": 1.0}), network_of(CONFIG, single)):
        for parameter in network.parameters():
            parameter.fill_(9.0)
    again = load_pack(pack_file)
    assert all(torch.equal(v, again.weights["blue"][n]) for n, v in pack.weights["blue"].items())
    assert all(torch.equal(value, again.parent[name].float()) for name, value in single.items())


def test_parameters_by_hand(pack_file: Path) -> None:
    # width 4: 976 + 296 + 1,168 + 2 · 2,320 + 1,160 + 292 + 975 in convolutions, and
    # 4 · (4 + 8 + 3 · 16 + 8 + 4) = 288 in norms, for each of three styles
    weights = load_pack(pack_file).weights.values()
    values = sum(tensor.numel() for each in weights for tensor in each.values())
    assert values == 3 * (9_507 + 288)


def test_a_pack_replaces_the_one_before(pack_file: Path) -> None:
    save_pack(pack_file, CONFIG, dict(zip("abc", make_styles(1).values(), strict=True)), PARENT)
    assert load_pack(pack_file).styles == ("a", "b", "c")


def test_styles_may_share_their_weights_and_be_called_parent(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    # In half precision, as those of a loaded pack are: nothing is left to be converted.
    one, other = ({n: v.half() for n, v in make_weights(seed).items()} for seed in (1, 2))
    save_pack(path, CONFIG, {"parent": one, "again": one, "untrained": other}, other)
    pack = load_pack(path)
    for loaded, saved in (
        (pack.weights["parent"], one),
        (pack.weights["again"], one),
        (pack.weights["untrained"], other),
        (pack.parent, other),
    ):
        assert loaded.keys() == saved.keys()
        assert all(torch.equal(loaded[name], saved[name]) for name in saved)


def test_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        save_pack(tmp_path / "file" / "p.safetensors", CONFIG, make_styles(), PARENT)


def test_failed_write_leaves_the_pack_before_and_no_part(pack_file: Path) -> None:
    before = pack_file.read_bytes()
    pack_file.rename(pack_file.with_suffix(".kept"))
    pack_file.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OutputError):
        save_pack(pack_file, CONFIG, make_styles(1), PARENT)
    names = sorted(p.name for p in pack_file.parent.iterdir())
    assert names == ["posters.kept", "posters.safetensors"]
    assert pack_file.with_suffix(".kept").read_bytes() == before


def test_mean_of_weights_by_hand() -> None:
    one = {"a": torch.tensor([1.0, -2.0]), "b": torch.tensor([[10.0]])}
    other = {"a": torch.tensor([3.0, 6.0]), "b": torch.tensor([[-10.0]])}
    third = {"a": torch.tensor([100.0, 0.0]), "b": torch.tensor([[50.0]])}
    # 0.25 · 1 + 0.75 · 3 = 2.5, 0.25 · -2 + 0.75 · 6 = 4, 0.25 · 10 - 0.75 · 10 = -5
    mean = mean_weights([(one, 0.25), (other, 0.75)])
    assert {name: value.tolist() for name, value in mean.items()} == {"a": [2.5, 4], "b": [[-5]]}
    # 0.5 + 0.75 + 25, -1 + 1.5 + 0, 5 - 2.5 + 12.5
    mean = mean_weights([(one, 0.5), (other, 0.25), (third, 0.25)])
    assert {n: value.tolist() for n, value in mean.items()} == {"a": [26.25, 0.5], "b": [[15]]}
    alone = mean_weights([(other, 1.0)])
    assert {n: value.tolist() for n, value in alone.items()} == {"a": [3, 6], "b": [[-10]]}
    assert one["a"].tolist() == [1, -2], "what it was given is as it was"


def test_the_mean_is_taken_in_single_precision() -> None:
    # Between 2048 and 4096 half precision has even numbers only.
    halves = [{"a": torch.tensor([value], dtype=torch.float16)} for value in (2048.0, 2050.0)]
    mean = mean_weights([(each, 0.5) for each in halves])
    assert mean["a"].dtype == torch.float32
    assert mean["a"].item() == 2049


def test_mix_is_made_to_sum_to_one(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    assert pack.mix({"fire": 1.0}) == {"fire": 1}
    assert pack.mix({"blue": 3, "снег": 1}) == {"blue": 0.75, "снег": 0.25}
    assert pack.mix({"blue": 0, "fire": 5}) == {"fire": 1}
    shares = pack.mix({"blue": 0.7, "fire": 0.3, "снег": 0.3})
    assert shares == pytest.approx({"blue": 7 / 13, "fire": 3 / 13, "снег": 3 / 13})
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"blue": 3, "снег": 1}, {"blue": 0.75, "снег": 0.25}),
        ({"fire": 0.2, "blue": 0.3}, {"blue": 0.6, "fire": 0.4}),
        ({"blue": 1, "fire": 1, "снег": 2}, {"blue": 0.25, "fire": 0.25, "снег": 0.5}),
    ],
)
def test_a_mix_has_the_mean_of_all_weights(
    pack_file: Path, shares: dict[str, float], expected: dict[str, float]
) -> None:
    pack, saved = load_pack(pack_file), make_styles()
    state = pack.network(shares).state_dict()
    assert state.keys() == PARENT.keys()
    for name, value in state.items():
        # In double precision, of what half precision kept.
        parts = [rounded(saved[style][name]).double() * part for style, part in expected.items()]
        assert torch.allclose(value.double(), sum(parts, torch.zeros(())), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shares", [{}, {"blue": 0.0}, {"blue": 0.0, "fire": 0.0}])
@pytest.mark.parametrize("of", [StylePack.mix, StylePack.network])
def test_mix_of_nothing_is_refused(
    pack_file: Path, of: Callable[..., object], shares: dict[str, float]
) -> None:
    with pytest.raises(LookError, match="sum to 0"):
        of(load_pack(pack_file), shares)


@pytest.mark.parametrize("of", [StylePack.mix, StylePack.network])
def test_unknown_style_suggests_the_nearest(pack_file: Path, of: Callable[..., object]) -> None:
    with pytest.raises(LookError, match="unknown style 'bleu'") as caught:
        of(load_pack(pack_file), {"bleu": 1.0})
    assert "Did you mean 'blue'?" in caught.value.remedy
    assert "blue, fire, снег" in caught.value.remedy
    assert "posters" in caught.value.where


def test_style_like_no_other_lists_what_there_is(pack_file: Path) -> None:
    with pytest.raises(LookError) as caught:
        load_pack(pack_file).mix({"xyzzy": 1.0})
    assert "Did you mean" not in caught.value.remedy
    assert "blue, fire, снег" in caught.value.remedy


def test_card_is_read_beside_the_pack(pack_file: Path) -> None:
    card = {"artist": "unbekannt", "styles": {"blue": {"licence": "CC0"}}}
    pack_file.with_suffix(".yaml").write_text(
        "artist: unbekannt\nstyles:\n  blue: {licence: CC0}\n", encoding="utf-8"
    )
    assert load_pack(pack_file).card == card


def test_equal_packs_are_equal_files(pack_file: Path, tmp_path: Path) -> None:
    backwards = dict(reversed(PARENT.items()))
    for attempt, parent in enumerate((PARENT, backwards, PARENT, backwards, PARENT)):
        again = tmp_path / f"{attempt}.safetensors"
        save_pack(again, CONFIG, make_styles(), parent)
        assert again.read_bytes() == pack_file.read_bytes()
