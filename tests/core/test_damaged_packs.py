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
from nle_style.core.pack_header import styles_in
from nle_style.errors import PackError
from tests.core.made_packs import STYLES, edit, rewrite
from tests.helpers.packs import FORMAT_1, write_format_1


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


@pytest.mark.parametrize("header", [None, {"format": "pt"}, {"nle_style_pack/3": "{}"}])
def test_foreign_safetensors_are_refused(tmp_path: Path, header: dict[str, str] | None) -> None:
    path = tmp_path / "lora.safetensors"
    safetensors.torch.save_file({"lora.up": torch.zeros(2, 2)}, path, metadata=header)
    with pytest.raises(PackError, match="does not say 'nle_style_pack/2'"):
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
@pytest.mark.parametrize("format", ["nle_style_pack/2", FORMAT_1])
def test_a_damaged_header_is_refused(pack_file: Path, format: str, header: str) -> None:
    tensors = safetensors.torch.load_file(pack_file)
    safetensors.torch.save_file(tensors, pack_file, metadata={format: header})
    with pytest.raises(PackError, match="the header is damaged"):
        load_pack(pack_file)


@pytest.mark.parametrize("format", ["nle_style_pack/2", FORMAT_1])
def test_the_header_of_another_format_does_not_fit(
    pack_file: Path, tmp_path: Path, format: str
) -> None:
    """Tensors of format 2 under a header of format 1, and the other way round."""
    path = tmp_path / "old.safetensors"
    write_format_1(path, STYLES)
    of, other = (pack_file, path) if format == FORMAT_1 else (path, pack_file)
    with safetensors.safe_open(other, "pt") as file:
        header = file.metadata()
    safetensors.torch.save_file(safetensors.torch.load_file(of), of, metadata=header)
    with pytest.raises(PackError, match=r"convolutions\.0\.weight' is missing"):
        load_pack(of)


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
FORMAT_1_FAULTS = [
    (cut(GAMMA), f"'{GAMMA}' is missing"),
    (put("extra", torch.zeros(1)), "'extra' belongs to no style in it"),
    (put("norms.7.gamma", torch.zeros(3, 4)), "'norms.7.gamma' belongs to no style in it"),
    (put(GAMMA, torch.zeros(2, 4)), f"'{GAMMA}' has shape (2, 4), not (3, 4)"),
    (put(GAMMA, torch.zeros(4)), f"'{GAMMA}' has shape (4,), not (3, 4)"),
    (put(GAMMA, torch.zeros(())), f"'{GAMMA}' has shape (), not (3, 4)"),
    (last("norms.6.beta", float("nan")), "'norms.6.beta' has values that are not finite numbers"),
    (last("convolutions.0.bias", float("inf")), "'convolutions.0.bias' has values"),
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


@pytest.mark.parametrize(("change", "said"), FORMAT_1_FAULTS)
def test_tensors_of_format_1_that_do_not_fit_are_named(
    tmp_path: Path, change: Callable[[dict[str, Tensor]], object], said: str
) -> None:
    path = tmp_path / "old.safetensors"
    write_format_1(path, STYLES)
    load_pack(path)
    edit(path, change)
    assert_refused(path, said)
