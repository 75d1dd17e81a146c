"""What is not a pack, or not a whole one, is refused by a line that says why."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
import yaml
from torch import Tensor

from nle_style.core import load_pack
from nle_style.core.pack_header import FORMAT, styles_in
from nle_style.errors import PackError
from tests.core.made_packs import edit, rewrite


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


@pytest.mark.parametrize("header", [None, {"format": "pt"}, {"nle_style_pack/4": "{}"}])
def test_foreign_safetensors_are_refused(tmp_path: Path, header: dict[str, str] | None) -> None:
    path = tmp_path / "lora.safetensors"
    safetensors.torch.save_file({"lora.up": torch.zeros(2, 2)}, path, metadata=header)
    with pytest.raises(PackError, match="does not say 'nle_style_pack/3'"):
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
    safetensors.torch.save_file(tensors, pack_file, metadata={FORMAT: header})
    with pytest.raises(PackError, match="the header is damaged"):
        load_pack(pack_file)


@pytest.mark.parametrize("version", [1, 2])
def test_a_pack_of_an_earlier_network_is_refused(pack_file: Path, version: int) -> None:
    """Its weights may fit, and what they paint would be another picture."""
    with safetensors.safe_open(pack_file, "pt") as file:
        header = file.metadata()[FORMAT]
    tensors = safetensors.torch.load_file(pack_file)
    safetensors.torch.save_file(tensors, pack_file, {f"nle_style_pack/{version}": header})
    for read in (load_pack, styles_in):
        with pytest.raises(PackError, match="of an earlier nle_style") as caught:
            read(pack_file)
        assert "nle-style add-style" in caught.value.remedy
        assert caught.value.where == str(pack_file)


def cut(name: str) -> Callable[[dict[str, Tensor]], object]:
    return lambda tensors: tensors.pop(name)


def put(name: str, value: Tensor) -> Callable[[dict[str, Tensor]], object]:
    return lambda tensors: tensors.update({name: value})


def last(name: str, value: float) -> Callable[[dict[str, Tensor]], object]:
    """The last value of a tensor becomes another."""
    return lambda tensors: tensors[name].view(-1)[-1].fill_(value)


GAMMA = "norms.0.gamma"  # of 4 channels
FAULTS = [
    (cut(f"styles/fire/{GAMMA}"), f"'styles/fire/{GAMMA}' is missing"),
    (cut("parent/convolutions.7.bias"), "'parent/convolutions.7.bias' is missing"),
    (put("extra", torch.zeros(1)), "'extra' belongs to no style in it"),
    (put("styles/fire/extra", torch.zeros(1)), "'styles/fire/extra' belongs to no style in it"),
    (put(f"styles/x/{GAMMA}", torch.zeros(4)), f"'styles/x/{GAMMA}' belongs to no style in it"),
    (put(f"parent/{GAMMA}", torch.zeros(5)), f"'parent/{GAMMA}' has shape (5,), not (4,)"),
    (put(f"styles/blue/{GAMMA}", torch.zeros(4, 1)), "has shape (4, 1), not (4,)"),
    (put(f"styles/blue/{GAMMA}", torch.zeros(())), "has shape (), not (4,)"),
    (put(f"styles/blue/{GAMMA}", torch.zeros(4, dtype=torch.int32)), "is of torch.int32"),
    (put(f"styles/blue/{GAMMA}", torch.zeros(4, dtype=torch.complex64)), "is of torch.complex64"),
    (last("styles/снег/norms.6.beta", float("nan")), "'styles/снег/norms.6.beta' has values"),
    (last("styles/blue/convolutions.0.weight", float("inf")), "that are not finite numbers"),
    (last(f"parent/{GAMMA}", float("-inf")), f"'parent/{GAMMA}' has values that are not finite"),
    # Finite, but not in the network's precision.
    (put(f"parent/{GAMMA}", torch.full((4,), 1e300, dtype=torch.float64)), "not finite numbers"),
]


def assert_refused(path: Path, said: str) -> None:
    """By one line that names the tensor and the file."""
    with pytest.raises(PackError) as caught:
        load_pack(path)
    message = str(caught.value)
    assert "the weights do not fit the header" in message
    assert said in message
    assert "\n" not in message
    assert caught.value.where == str(path)


@pytest.mark.parametrize(("change", "said"), FAULTS)
def test_tensors_that_do_not_fit_are_named(
    pack_file: Path, change: Callable[[dict[str, Tensor]], object], said: str
) -> None:
    edit(pack_file, change)
    assert_refused(pack_file, said)
