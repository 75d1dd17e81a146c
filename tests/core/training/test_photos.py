"""Training images: which files are found, and what the crops of a step are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nle_style.core.denoise import denoised
from nle_style.core.training.photos import find_images, load_image, training_batch
from nle_style.errors import TrainingError


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def test_images_of_all_folders_in_order(tmp_path: Path) -> None:
    names = ["b.JPG", "a.png", "sub/c.jpeg", "sub/deep/d.webp"]
    for name in [*names, "notes.txt", "clip.mov"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [p.relative_to(tmp_path).as_posix() for p in find_images(tmp_path)]
    assert found == ["a.png", "b.JPG", "sub/c.jpeg", "sub/deep/d.webp"]


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", save(tmp_path / "file.png", np.zeros((4, 4, 3)))):
        with pytest.raises(TrainingError, match="no such folder") as caught:
            find_images(path)
        assert caught.value.where == str(path)


def test_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(TrainingError, match="no images in the folder") as caught:
        find_images(tmp_path)
    assert ".jpg" in caught.value.remedy


def test_image_by_hand(tmp_path: Path) -> None:
    image = load_image(save(tmp_path / "a.png", np.array([[[255, 0, 51], [0, 102, 0]]])))
    assert image.shape == (3, 1, 2)
    assert image.dtype == torch.float32
    expected = torch.tensor([[[1.0, 0.0]], [[0.0, 0.4]], [[0.2, 0.0]]])
    assert torch.allclose(image, expected)


def test_grey_image_has_three_channels(tmp_path: Path) -> None:
    image = load_image(save(tmp_path / "grey.png", np.full((2, 2), 51)))
    assert torch.allclose(image, torch.full((3, 2, 2), 0.2))


def test_longer_side_is_reduced_and_never_enlarged(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.zeros((30, 60, 3)))
    assert load_image(path, longest=20).shape == (3, 10, 20)
    assert load_image(path, longest=500).shape == (3, 30, 60)


def test_missing_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no such image"):
        load_image(tmp_path / "none.png")


def test_damaged_images_are_refused_by_name(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    whole = save(tmp_path / "whole.png", noise).read_bytes()
    path = tmp_path / "damaged.png"
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match="not a readable image") as caught:
            load_image(path)
        assert caught.value.where == str(path)
        with pytest.raises(TrainingError, match="not a readable image"):
            training_batch([path], 32, 8, seed=1, step=0)


def test_image_beyond_pillows_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "huge.png", np.zeros((30, 30, 3)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)  # twice as many are an error
    with pytest.raises(TrainingError, match="not a readable image"):
        load_image(path)


def test_a_step_depends_on_seed_and_number_alone(photos: Path) -> None:
    files = find_images(photos)
    first = training_batch(files, 32, 4, seed=1, step=7)
    assert first.shape == (4, 3, 32, 32)
    assert first.dtype == torch.float32
    training_batch(files, 32, 4, seed=1, step=8)
    np.random.default_rng(3).random()
    assert torch.equal(training_batch(files, 32, 4, seed=1, step=7), first)
    assert not torch.equal(training_batch(files, 32, 4, seed=1, step=8), first)
    assert not torch.equal(training_batch(files, 32, 4, seed=2, step=7), first)


def test_crops_vary_within_a_step_and_stay_in_range(photos: Path) -> None:
    batch = training_batch(find_images(photos), 32, 64, seed=1, step=0)
    assert batch.min() >= 0
    assert batch.max() <= 1
    assert torch.isfinite(batch).all()
    assert len({tuple(crop.flatten().tolist()) for crop in batch}) == 64


def test_plain_frames_are_one_in_twenty(tmp_path: Path) -> None:
    # One flat photograph of 0.5: exposed by -1 to +0.7 stops, a crop is flat and 0.25 to 0.812.
    # Whatever is not that is a plain frame: flat or gradient colour, dark, or blown out.
    path = save(tmp_path / "half.png", np.full((64, 64, 3), 127.5 + 0.5))
    batch = torch.cat([training_batch([path], 32, 100, seed=2, step=s) for s in range(20)])
    spread = (batch.amax((1, 2, 3)) - batch.amin((1, 2, 3))) < 1e-6
    level = batch.mean((1, 2, 3)) / (128 / 255)
    crops = spread & (level > 0.49) & (level < 1.63)
    plain = 2000 - int(crops.sum())
    assert 60 <= plain <= 145  # 100 expected, standard deviation 9.7
    exposed = int((spread & crops & ((level - 1).abs() > 1e-3)).sum())
    assert 860 <= exposed <= 1040  # half of 1,900, standard deviation 22
    assert level[crops].min() < 0.52
    assert level[crops].max() > 1.58


def test_plain_frames_are_not_flat_without_their_noise(tmp_path: Path) -> None:
    """Those of a white photograph: flat colours, gradients, white ones. A ramp over the diagonal,
    0 to 1 with a mean of a half, has a standard deviation of 0.2; of it a twentieth is 0.01."""
    path = save(tmp_path / "white.png", np.full((64, 64, 3), 255))
    batch = torch.cat([training_batch([path], 64, 100, seed=2, step=s) for s in range(4)])
    noisy = batch.std((2, 3)).amax(1) > 1e-4  # crops are of one value
    light = batch.mean((1, 2, 3)) > 0.3
    plain = denoised(batch[noisy & light])
    assert len(plain) > 5
    assert plain.std((2, 3)).amax(1).min() > 0.002


def test_flips_are_every_other_crop(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 64)[None, :, None], (64, 64, 3))
    path = save(tmp_path / "ramp.png", ramp)
    batch = torch.cat([training_batch([path], 32, 100, seed=3, step=s) for s in range(4)])
    slope = batch[..., -1].mean((1, 2)) - batch[..., 0].mean((1, 2))
    rising, falling = int((slope > 0.05).sum()), int((slope < -0.05).sum())
    assert rising + falling > 350
    assert 150 < rising < 250


@pytest.mark.parametrize(("size", "side"), [(64, 49), (256, 425), (128, 20)])
def test_photographs_of_any_size_serve(tmp_path: Path, size: int, side: int) -> None:
    # 64 / (64 / 49) rounds to above 49, and 256 / (256 / 425) to above 425.
    assert side == 20 or size / (size / side) > side
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3))
    path = save(tmp_path / "small.png", noise)
    for step in range(8):
        assert training_batch([path], size, 1, seed=1, step=step).shape == (1, 3, size, size)
