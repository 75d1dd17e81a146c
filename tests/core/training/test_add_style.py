"""A style added to a pack: it is trained, and nothing else of the pack changes by one bit."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
import yaml

from nle_style.core import load_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.core.training.gates import Fault
from nle_style.errors import OutputError, TrainingError
from tests.helpers.training import Finished, Stop, card, part_of, same_tensors, stop_at

CARD = {
    "licence": "the old pack's",
    "styles": {"red": {"artwork": "A red one", "style_loss": 1.5}, "blue": {"licence": "CC0"}},
    "training": {"image_steps": 8200, "style_weight": 2.5},
}


@pytest.fixture(scope="session")
def base(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of three styles with a card beside it."""
    path = tmp_path_factory.mktemp("base") / "tiny.safetensors"
    shutil.copy(tiny_pack, path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(CARD))
    return path


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
    base: Path,
    posters: dict[str, Path],
    photos: Path,
    vgg_file: Path,
) -> Finished:
    """Thirty steps on one poster; that it learns is seen on the same run."""
    folder = tmp_path_factory.mktemp("added")
    settings = TrainingSettings(
        posters={"my": posters["squares"]},
        photos=photos,
        out=folder / "tiny_my.safetensors",
        checkpoints=folder / "tiny_my.training",
        phases=(Phase(32, 2, 30),),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        learning_rate=1e-2,
        noise_weight=0.3,
        motion_weight=0.3,
        tone_weight=2.0,
        finish=0.4,
        add_to=base,
        notes={"my": {"artwork": "Squares"}},
        checkpoint_every=10,
    )
    progress: list[TrainingProgress] = []
    assert train(settings, progress.append) == settings.out
    return Finished(settings, progress)


@pytest.fixture
def settings(finished: Finished, tmp_path: Path) -> TrainingSettings:
    """The settings of the finished run, with files of its own: not begun yet."""
    return replace(
        finished.settings, out=tmp_path / "out.safetensors", checkpoints=tmp_path / "checkpoints"
    )


def test_every_old_tensor_is_the_same_bit_for_bit(finished: Finished, base: Path) -> None:
    # Read by safetensors itself: bytes of the file, not what our loader makes of them.
    old = safetensors.torch.load_file(base)
    new = safetensors.torch.load_file(finished.settings.out)
    added = {name for name in new if name.startswith("styles/my/")}
    assert new.keys() - added == old.keys()
    assert {name.removeprefix("styles/my/") for name in added} == part_of(base, "parent/").keys()
    for name, tensor in old.items():
        assert new[name].dtype == tensor.dtype
        assert new[name].numpy().tobytes() == tensor.numpy().tobytes(), name


def test_an_old_style_paints_the_same_picture_and_the_new_one_another(
    finished: Finished, base: Path
) -> None:
    old, new = load_pack(base), load_pack(finished.settings.out)
    assert new.styles == ("red", "green", "blue", "my")
    image = torch.rand(1, 3, 32, 40)
    mine = new.network({"my": 1.0})(image)
    for name in old.styles:
        before = old.network({name: 1.0})(image)
        assert torch.equal(before, new.network({name: 1.0})(image))
        assert (mine - before).abs().mean() > 0.01


def test_the_new_style_begins_with_the_parent_and_moves(
    settings: TrainingSettings, base: Path
) -> None:
    # Adam's first step moves every value with a gradient by the rate, 0.2 / 20 in the linear
    # start, and the average takes 1 - 1/10 of it. One without a gradient (a bias before a norm)
    # stays.
    train(replace(settings, phases=(Phase(32, 1, 1),), learning_rate=0.2))
    parent = part_of(base, "parent/")
    path = settings.checkpoints / "my" / "step-00000001.safetensors"
    after = part_of(path, "average.")
    steps = torch.cat([(after[n].double() - v.double()).abs().flatten() for n, v in parent.items()])
    assert steps.max().item() == pytest.approx(0.9 * 0.2 / 20, rel=1e-2)
    assert (steps > 5e-3).float().mean() > 0.8
    assert same_tensors(
        part_of(settings.out, "styles/my/"), {name: value.half() for name, value in after.items()}
    )


def test_at_a_rate_of_0_it_is_the_parent(settings: TrainingSettings, base: Path) -> None:
    train(replace(settings, phases=(Phase(32, 1, 1),), learning_rate=0.0, final_rate=0.0))
    assert same_tensors(part_of(settings.out, "styles/my/"), part_of(base, "parent/"))


def test_the_loss_falls(finished: Finished) -> None:
    style = [progress.style for progress in finished.progress]
    assert sum(style[-10:]) < 0.8 * sum(style[:10])


def test_a_resumed_run_gives_the_same_bytes(finished: Finished, settings: TrainingSettings) -> None:
    with pytest.raises(Stop):
        train(settings, stop_at("my", 23))
    begun = settings.out.read_bytes()
    assert begun != finished.settings.out.read_bytes()
    seen: list[int] = []
    train(settings, lambda progress: seen.append(progress.step))
    assert seen == list(range(21, 31))
    assert settings.out.read_bytes() == finished.settings.out.read_bytes()
    ours, theirs = card(settings), card(finished.settings)
    assert ours["styles"] == theirs["styles"]
    assert ours["training"] == theirs["training"]


def test_a_style_that_fails_its_gates_does_not_replace_what_passed(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    gates += [(), (Fault("my", "flat", "blob", 0.31, 0.2),)]
    train(replace(settings, phases=(Phase(32, 1, 2),), checkpoint_every=1))
    path = settings.checkpoints / "my" / "step-00000001.safetensors"
    half = {name: value.half() for name, value in part_of(path, "average.").items()}
    assert same_tensors(part_of(settings.out, "styles/my/"), half)
    assert card(settings)["styles"]["my"]["gates"] == "passed"
    assert card(settings)["styles"]["my"]["image_steps"] == 1


def test_the_card_tells_both_runs(finished: Finished, base: Path) -> None:
    found = card(finished.settings)
    assert found["styles"]["red"] == CARD["styles"]["red"]
    assert list(found["styles"]) == ["red", "green", "blue", "my"]
    mine = found["styles"]["my"]
    assert (mine["artwork"], mine["poster"], mine["image_steps"]) == ("Squares", "squares.png", 60)
    assert mine["style_loss"] > 0
    assert mine["gates"]
    training = found["training"]
    assert (training["image_steps"], training["style_weight"]) == (8200, 2.5)
    (added,) = training["added"]
    assert (added["styles"], added["image_steps"], added["style_weight"]) == (["my"], 60, 5.0)
    sha256 = hashlib.sha256(base.read_bytes()).hexdigest()
    assert added["to"] == {"file": "tiny.safetensors", "sha256": sha256}
    # The old pack's licence is not claimed for the new poster.
    assert "licence" not in found
    assert found["base"]["licence"] == "the old pack's"


def test_styles_are_added_to_what_was_added_to(
    finished: Finished, settings: TrainingSettings, posters: dict[str, Path]
) -> None:
    """Two at once, in turns; the card of each addition stays."""
    again = replace(
        settings,
        posters={"other": posters["stripes"], "third": posters["squares"]},
        notes={},
        add_to=finished.settings.out,
        phases=(Phase(32, 1, 2),),
    )
    pack = load_pack(train(again))
    assert pack.styles == ("red", "green", "blue", "my", "other", "third")
    for prefix in ("parent/", *(f"styles/{name}/" for name in ("red", "green", "blue", "my"))):
        assert same_tensors(part_of(again.out, prefix), part_of(finished.settings.out, prefix))
    added = card(again)["training"]["added"]
    assert [entry["styles"] for entry in added] == [["my"], ["other", "third"]]
    assert card(again)["styles"]["my"]["artwork"] == "Squares"


@pytest.mark.parametrize(
    ("name", "said"), [("blue", "has a style 'blue'"), ("a-b", "not a style's"), ("", "not a sty")]
)
def test_names_that_cannot_be_are_refused(
    settings: TrainingSettings, posters: dict[str, Path], name: str, said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        train(replace(settings, posters={name: posters["stripes"]}))
    assert not settings.checkpoints.exists()
    assert not settings.out.exists()


@pytest.mark.parametrize("content", ["text", "pack"])
def test_a_file_that_is_not_the_runs_own_is_kept(
    settings: TrainingSettings, base: Path, content: str
) -> None:
    def put() -> bytes:
        settings.out.write_bytes(b"text" if content == "text" else base.read_bytes())
        return settings.out.read_bytes()

    before = put()
    with pytest.raises(OutputError, match="not of this run"):
        train(settings)
    assert settings.out.read_bytes() == before
    assert not settings.checkpoints.exists()
    # Nor is it taken for the run's own when the run has begun.
    settings.out.unlink()
    with pytest.raises(Stop):
        train(settings, stop_at("my", 10))
    before = put()
    with pytest.raises(OutputError, match="not of this run"):
        train(settings)
    assert settings.out.read_bytes() == before


def test_the_pack_itself_is_never_written(settings: TrainingSettings, base: Path) -> None:
    before = base.read_bytes()
    with pytest.raises(OutputError, match="not of this run"):
        train(replace(settings, out=base))
    assert base.read_bytes() == before
    assert not settings.checkpoints.exists()


def test_a_run_for_another_pack_is_not_gone_on_with(
    settings: TrainingSettings, finished: Finished, tmp_path: Path
) -> None:
    with pytest.raises(Stop):
        train(settings, stop_at("my", 10))
    tensors = safetensors.torch.load_file(settings.add_to)
    with safetensors.safe_open(settings.add_to, "pt") as file:
        header = file.metadata()
    tensors["styles/red/norms.0.gamma"][0] += 0.125
    other = tmp_path / "tiny.safetensors"
    safetensors.torch.save_file(tensors, other, metadata=header)
    with pytest.raises(TrainingError, match="other posters, photos or settings"):
        train(replace(settings, add_to=other))


def test_settings_that_contradict_are_refused(settings: TrainingSettings, base: Path) -> None:
    with pytest.raises(TrainingError, match="not both"):
        replace(settings, start=base)
    with pytest.raises(TrainingError, match="width"):
        train(replace(settings, width=5))
