"""Style packs: what is written comes back, and what is not a pack is refused."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch
import yaml

from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.style_pack import load_pack, save_pack, styles_in
from nle_style.errors import LookError, OutputError, PackError

STYLES = ("blue", "fire", "снег")


def make_network(seed: int = 0) -> StyleNetwork:
    torch.manual_seed(seed)
    network = StyleNetwork(NetworkConfig(styles=3, width=4, residual_blocks=1))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network


@pytest.fixture
def pack_file(tmp_path: Path) -> Path:
    path = tmp_path / "packs" / "posters.safetensors"
    save_pack(path, make_network(), STYLES)
    return path


def rewrite(path: Path, **shape: object) -> None:
    """The same tensors under a header with other entries."""
    with safetensors.safe_open(path, "pt") as file:
        header = file.metadata()
    header = {name: json.dumps(json.loads(text) | shape) for name, text in header.items()}
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, metadata=header)


def test_round_trip(pack_file: Path) -> None:
    pack, network = load_pack(pack_file), make_network()
    assert (pack.name, pack.styles, pack.card) == ("posters", STYLES, {})
    assert pack.network.config == network.config
    saved = network.state_dict()
    assert pack.network.state_dict().keys() == saved.keys()
    for name, value in pack.network.state_dict().items():
        assert torch.equal(value, saved[name])
    assert not pack.network.training
    assert not any(p.requires_grad for p in pack.network.parameters())
    assert pack.sha256 == hashlib.sha256(pack_file.read_bytes()).hexdigest()
    assert styles_in(pack_file) == STYLES
    assert [p.name for p in pack_file.parent.iterdir()] == ["posters.safetensors"]


def test_parameters_by_hand(pack_file: Path) -> None:
    # width 4: 976 + 296 + 1,168 + 2 · 2,320 + 1,160 + 292 + 975 in convolutions, and
    # 2 · (4 + 8 + 3 · 16 + 8 + 4) = 144 for each of three styles
    assert load_pack(pack_file).parameters == 9_507 + 3 * 144


def test_a_pack_replaces_the_one_before(pack_file: Path) -> None:
    save_pack(pack_file, make_network(seed=1), ["a", "b", "c"])
    assert load_pack(pack_file).styles == ("a", "b", "c")


def test_names_must_be_as_many_as_the_rows(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 names for 3 rows"):
        save_pack(tmp_path / "p.safetensors", make_network(), ["a", "b"])
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        save_pack(tmp_path / "file" / "p.safetensors", make_network(), STYLES)


def test_failed_write_leaves_the_pack_before_and_no_part(pack_file: Path) -> None:
    before = pack_file.read_bytes()
    pack_file.rename(pack_file.with_suffix(".kept"))
    pack_file.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OutputError):
        save_pack(pack_file, make_network(seed=1), STYLES)
    names = sorted(p.name for p in pack_file.parent.iterdir())
    assert names == ["posters.kept", "posters.safetensors"]
    assert pack_file.with_suffix(".kept").read_bytes() == before


def test_mix_is_made_to_sum_to_one(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    assert pack.mix({"fire": 1.0}).tolist() == [[0, 1, 0]]
    assert pack.mix({"blue": 3, "снег": 1}).tolist() == [[0.75, 0, 0.25]]
    row = pack.mix({"blue": 0.7, "fire": 0.3, "снег": 0.3})
    assert row.shape == (1, 3)
    assert row.sum().item() == pytest.approx(1)


@pytest.mark.parametrize("weights", [{}, {"blue": 0.0}, {"blue": 0.0, "fire": 0.0}])
def test_mix_of_nothing_is_refused(pack_file: Path, weights: dict[str, float]) -> None:
    with pytest.raises(LookError, match="sum to 0"):
        load_pack(pack_file).mix(weights)


def test_unknown_style_suggests_the_nearest(pack_file: Path) -> None:
    with pytest.raises(LookError, match="unknown style 'bleu'") as caught:
        load_pack(pack_file).mix({"bleu": 1.0})
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


@pytest.mark.parametrize(
    "text",
    [
        b"styles: [unclosed",
        b"artist: \xff\xfe",
        b"trained: 2026-13-45",
        b"- a list\n- not a mapping",
        b"",
    ],
)
def test_broken_cards_are_refused(pack_file: Path, text: bytes) -> None:
    card = pack_file.with_suffix(".yaml")
    card.write_bytes(text)
    with pytest.raises(PackError, match="the card is not") as caught:
        load_pack(pack_file)
    assert caught.value.where == str(card)


def test_card_cannot_run_code(pack_file: Path, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    call = f"x: !!python/object/apply:os.mkdir ['{trace}']"
    yaml.unsafe_load(call)  # to show that the trap works
    trace.rmdir()
    for text in (call, "x: !!python/object:nle_style.errors.PackError {}"):
        pack_file.with_suffix(".yaml").write_text(text)
        with pytest.raises(PackError, match="the card is not YAML"):
            load_pack(pack_file)
    assert not trace.exists()


def test_missing_pack_is_refused(tmp_path: Path) -> None:
    for read in (load_pack, styles_in):
        with pytest.raises(PackError, match="there is no such style pack") as caught:
            read(tmp_path / "none.safetensors")
        assert "nle-style styles" in caught.value.remedy


@pytest.mark.parametrize("keep", [0, 7, 200, -1])
def test_cut_off_pack_is_refused(pack_file: Path, keep: int) -> None:
    pack_file.write_bytes(pack_file.read_bytes()[:keep])
    with pytest.raises(PackError, match="not a safetensors file"):
        load_pack(pack_file)


class _Trap:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_renamed_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "evil.safetensors", tmp_path / "ran"
    pickle.loads(pickle.dumps(_Trap(trace)))  # noqa: S301  (to show that the trap works)
    trace.unlink()
    for content in (pickle.dumps(_Trap(trace)), None):
        if content is None:
            torch.save({"weights": _Trap(trace)}, path)
        else:
            path.write_bytes(content)
        with pytest.raises(PackError, match="not a safetensors file"):
            load_pack(path)
        assert not trace.exists()


@pytest.mark.parametrize("header", [None, {"format": "pt"}, {"nle_style_pack/2": "{}"}])
def test_foreign_safetensors_are_refused(tmp_path: Path, header: dict[str, str] | None) -> None:
    path = tmp_path / "lora.safetensors"
    safetensors.torch.save_file({"lora.up": torch.zeros(2, 2)}, path, metadata=header)
    with pytest.raises(PackError, match="does not say 'nle_style_pack/1'"):
        load_pack(path)


@pytest.mark.parametrize(
    "header",
    [
        {"width": 5},
        {"width": 0},
        {"width": "wide"},
        {"width": None},
        {"residual_blocks": 2},
        {"styles": ["blue", "fire"]},
        {"styles": ["blue", "fire", "snow", "dark"]},
    ],
)
def test_header_that_lies_is_refused(pack_file: Path, header: dict[str, object]) -> None:
    rewrite(pack_file, **header)
    with pytest.raises(PackError, match="the weights do not fit the header"):
        load_pack(pack_file)


@pytest.mark.parametrize("header", [{"width": 257}, {"residual_blocks": 65}])
def test_header_is_refused_before_a_huge_network_is_built(
    pack_file: Path, header: dict[str, int]
) -> None:
    rewrite(pack_file, **header)
    with pytest.raises(PackError, match="beyond any network of ours"):
        load_pack(pack_file)


@pytest.mark.parametrize("styles", [None, "abc", [], {}, ["blue", "blue", "fire"]])
def test_header_without_names_is_refused(pack_file: Path, styles: object) -> None:
    rewrite(pack_file, styles=styles)
    for read in (load_pack, styles_in):
        with pytest.raises(PackError, match="the header names no styles"):
            read(pack_file)


@pytest.mark.parametrize("name", ["", "../up", "a b", "a\n", 3, "x" * 65])
def test_names_that_cannot_stand_in_a_file_name_are_refused(pack_file: Path, name: object) -> None:
    rewrite(pack_file, styles=["blue", "fire", name])
    with pytest.raises(PackError, match="is not the name of a style"):
        load_pack(pack_file)


@pytest.mark.parametrize("header", ["", "not json", "[]"])
def test_a_damaged_header_is_refused(pack_file: Path, header: str) -> None:
    tensors = safetensors.torch.load_file(pack_file)
    safetensors.torch.save_file(tensors, pack_file, metadata={"nle_style_pack/1": header})
    with pytest.raises(PackError, match="the header is damaged"):
        load_pack(pack_file)


def test_equal_packs_are_equal_files(pack_file: Path, tmp_path: Path) -> None:
    for attempt in range(5):
        again = tmp_path / f"{attempt}.safetensors"
        save_pack(again, make_network(), STYLES)
        assert again.read_bytes() == pack_file.read_bytes()


def test_additional_tensors_are_refused(pack_file: Path) -> None:
    with safetensors.safe_open(pack_file, "pt") as file:
        header = file.metadata()
    tensors = safetensors.torch.load_file(pack_file) | {"extra": torch.zeros(1)}
    safetensors.torch.save_file(tensors, pack_file, metadata=header)
    with pytest.raises(PackError, match="the weights do not fit the header"):
        load_pack(pack_file)
