"""`nle-style add-style` as the documentation gives it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
from PIL import Image

from nle_style.cli.commands.training_run import added_pack
from nle_style.errors import OutputError
from nle_style.shipped import bundled
from tests.helpers.command import nle_style

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG-16 with random weights: enough to run, not to learn."""
    import torch

    from nle_style.core.perceptual import Vgg16Features

    torch.manual_seed(16)
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    safetensors.torch.save_file(Vgg16Features().features.state_dict(), path)
    return path


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    """Four patches, a light and three dark ones, 64x64."""
    image = Image.new("RGB", (64, 64), (20, 40, 90))
    image.paste((240, 230, 200), (0, 0, 32, 24))
    image.paste((120, 20, 30), (32, 32, 64, 64))
    path = tmp_path / "my.png"
    image.save(path)
    return path


@pytest.mark.slow
def test_add_style_without_photographs(
    tiny_pack: Path, vgg: Path, poster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("add-style", tiny_pack, "--poster", poster, "--name", "my", "--vgg", vgg)
    words += ("--phase", "32:1:2", "--artwork", "Mine", "--licence", "CC0")
    done = nle_style(*words)
    assert done.code == 0, done.err
    assert done.out.strip() == "tiny_my.safetensors"
    assert "demo's footage" in " ".join(done.err.split())
    out = tmp_path / "tiny_my.safetensors"
    assert out.with_suffix(".yaml").is_file()
    assert list((tmp_path / "tiny_my.training").rglob("sheet-*.png"))
    listed = nle_style("styles", "--pack", out, "--json")
    (pack,) = json.loads(listed.out)
    assert pack["styles"] == ["red", "green", "blue", "my"]
    card = pack["card"]["styles"]["my"]
    assert (card["artwork"], card["licence"], card["poster"]) == ("Mine", "CC0", "my.png")
    assert pack["card"]["training"]["added"][0]["photos"] == 33  # frames 0, 4, ... 128 of 132
    # The frames are extracted anew, and the finished run is recognised by them.
    before = out.read_bytes()
    again = nle_style(*words)
    assert again.code == 0, again.err
    assert out.read_bytes() == before
    # Under this name a run with another poster would lose the first one's result.
    other = tmp_path / "other.png"
    Image.new("RGB", (40, 40), "red").save(other)
    refused = nle_style(*words[:3], other, *words[4:])
    assert refused.code == 2
    assert "other posters" in refused.err
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--name": "red"}, "the pack has a style 'red'"),
        ({"--name": "../up"}, "'../up' is not a style's name"),
        ({"--poster": "none.png"}, "no such image"),
        ({"--vgg": "none.safetensors"}, "the VGG-16 weights are not there"),
        ({"--photos": "nowhere"}, "no such folder"),
        ({"--out": "my.pth"}, "ends in .safetensors"),
        ({"--out": "taken.safetensors"}, "not of this run"),
        ({"--phase": "32:1"}, "is not a phase"),
    ],
)
def test_refusals_are_one_message_and_exit_2(
    tiny_pack: Path,
    vgg: Path,
    poster: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = tmp_path / "taken.safetensors"
    taken.write_text("mine")
    options = {"--poster": poster, "--name": "my", "--vgg": vgg, "--photos": tmp_path, **change}
    options.setdefault("--phase", "32:1:2")
    words = [word for option in options.items() for word in option]
    done = nle_style("add-style", tiny_pack, *words)
    assert done.code == 2, done.err
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["taken.safetensors"]
    assert not list(tmp_path.glob("*.training"))
    assert taken.read_text() == "mine"


def test_an_unknown_pack_is_refused(poster: Path) -> None:
    done = nle_style("add-style", "postres", "--poster", poster, "--name", "my")
    assert done.code == 2
    assert "no style pack 'postres'" in done.err


def test_the_result_is_in_the_current_folder_never_in_the_installation(tmp_path: Path) -> None:
    shipped = bundled("models") / "posters.safetensors"
    assert added_pack(shipped, "my", None) == Path("posters_my.safetensors")
    chosen = tmp_path / "any.safetensors"
    assert added_pack(shipped, "my", chosen) == chosen
    for folder in ("models", "examples", "nle_style/core"):
        inside = REPOSITORY / folder / "posters_my.safetensors"
        with pytest.raises(OutputError, match="of the installation"):
            added_pack(shipped, "my", inside)
    # Nor through a link, or from within.
    (tmp_path / "link").symlink_to(bundled("models"))
    with pytest.raises(OutputError, match="of the installation"):
        added_pack(shipped, "my", tmp_path / "link" / "posters_my.safetensors")
