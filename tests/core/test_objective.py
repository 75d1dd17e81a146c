"""What a step minimises: weights by hand, and a step in parts against the whole of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.objective import Objective
from nle_style.core.perceptual import content_loss, load_vgg16, style_loss
from nle_style.core.photos import find_images, load_image, training_batch
from nle_style.core.style_pack import load_pack
from nle_style.core.training import Phase, TrainingSettings, train
from nle_style.core.training_files import read_records
from nle_style.errors import TrainingError


@pytest.fixture
def settings(settings: TrainingSettings) -> TrainingSettings:
    """The small run of all these tests, with weights that tell its terms apart."""
    return replace(settings, content_weight=2.0, style_weight=3.0)


def objective(settings: TrainingSettings) -> Objective:
    images = {name: load_image(path) for name, path in settings.posters.items()}
    return Objective(settings, load_vgg16(settings.vgg), images)


@pytest.fixture
def network() -> StyleNetwork:
    return StyleNetwork(NetworkConfig(2, 4, 1))


@pytest.fixture
def batch(photos: Path) -> Tensor:
    return training_batch(find_images(photos), 32, 2, seed=1, step=0)


def test_a_loss_is_the_weighted_sum_of_its_terms(
    settings: TrainingSettings, network: StyleNetwork, batch: Tensor
) -> None:
    of = objective(
        replace(
            settings, noise_weight=0.5, motion_weight=7.0, motion_weights={"squares": 11.0}, ramp=0
        )
    )
    for step, name, weights in ((0, "noise", (0.5, 0.5)), (1, "motion", (7.0, 11.0))):
        losses, terms = of(network, batch, [0, 1], step)
        assert sorted(terms) == sorted(("content", "style", name))
        for image, weight in enumerate(weights):
            content, style, temporal = (terms[key][image] for key in ("content", "style", name))
            wanted = 2 * content + 3 * style + weight * temporal
            assert losses[image].item() == pytest.approx(wanted, rel=1e-5)
    # The style decides the weight, not the place in the batch.
    losses, terms = of(network, batch[:1], [1], 1)
    rest = losses.item() - 2 * terms["content"][0] - 3 * terms["style"][0]
    assert rest == pytest.approx(11 * terms["motion"][0], rel=1e-4)


def test_the_seam_at_the_edges_counts_in_no_term(
    settings: TrainingSettings, network: StyleNetwork, batch: Tensor
) -> None:
    """The losses are of the painting of the reflected batch, 16 pixels at every edge cut off."""
    of, vgg = objective(settings), load_vgg16(settings.vgg)
    _, terms = of(network, batch, [0, 1], 0)
    wide = np.pad(batch.numpy(), ((0, 0), (0, 0), (16, 16), (16, 16)), "reflect")
    painted = network(torch.from_numpy(wide), torch.eye(2))[..., 16:48, 16:48].detach()
    features = vgg(painted)
    style = style_loss(features, of.grams, settings.weighting)
    assert terms["style"] == pytest.approx(style.tolist(), rel=1e-4)
    content = content_loss(features[9], vgg(batch)[9], settings.weighting)
    assert terms["content"] == pytest.approx(content.tolist(), rel=1e-4)
    bare = style_loss(vgg(network(batch, torch.eye(2))), of.grams, settings.weighting)
    assert terms["style"] != pytest.approx(bare.tolist(), rel=1e-3)


def test_one_style_alone_may_have_a_temporal_term(
    settings: TrainingSettings, network: StyleNetwork, batch: Tensor
) -> None:
    of = objective(replace(settings, motion_weights={"squares": 1.0}))
    assert "motion" in of(network, batch, [0, 1], 1)[1]
    assert "noise" not in of(network, batch, [0, 1], 0)[1]


def test_temporal_weights_grow_as_they_are_told(settings: TrainingSettings) -> None:
    run = replace(settings, phases=(Phase(32, 1, 200),))
    assert [run.grown(step) for step in (0, 9, 19, 150)] == pytest.approx([0.05, 0.5, 1, 1])
    run = replace(run, ramp=1.0)
    assert [run.grown(step) for step in (0, 99, 199)] == pytest.approx([1 / 200, 0.5, 1])
    assert replace(run, ramp=0.0).grown(0) == 1


def test_the_fingerprint_knows_them(settings: TrainingSettings) -> None:
    plain = settings.fingerprint(())
    assert replace(settings, motion_weights={}, ramp=0.1).fingerprint(()) == plain
    assert replace(settings, motion_weights={"squares": 1.0}).fingerprint(()) != plain
    assert replace(settings, ramp=0.0).fingerprint(()) != plain


def test_a_weight_for_a_style_without_a_poster_is_refused(settings: TrainingSettings) -> None:
    with pytest.raises(TrainingError, match="a motion weight for rings"):
        replace(settings, motion_weights={"rings": 1.0})


def test_a_step_in_parts_has_the_gradient_of_the_whole(
    settings: TrainingSettings, batch: Tensor, threads: None
) -> None:
    torch.set_num_threads(2)
    train(replace(settings, phases=(Phase(32, 2, 1),)))
    (record,) = read_records(settings.checkpoints / "metrics.jsonl")
    torch.manual_seed(settings.seed)
    network = StyleNetwork(NetworkConfig(2, 4, 1))
    losses, terms = objective(settings)(network, batch, record["rows"], 0)
    losses.mean().backward()
    norm = torch.stack([p.grad.norm() for p in network.parameters() if p.grad is not None]).norm()
    assert record["gradient"] == pytest.approx([norm.item()], rel=1e-4)
    assert record["style"] == pytest.approx(terms["style"], rel=1e-4)
    assert record["content"] == pytest.approx(terms["content"], rel=1e-4)


def test_two_threads_train_what_one_does(
    settings: TrainingSettings, tmp_path: Path, threads: None
) -> None:
    packs = []
    for count in (1, 2):
        torch.set_num_threads(count)
        run = replace(settings, checkpoints=tmp_path / str(count), motion_weight=0.5, tone_weight=1)
        train(replace(run, out=tmp_path / f"{count}.safetensors"))
        with ThreadPoolExecutor(1) as other:
            assert other.submit(torch.get_num_threads).result() == count
        packs.append(load_pack(tmp_path / f"{count}.safetensors").network.state_dict())
    for name, tensor in packs[0].items():
        assert torch.equal(tensor, packs[1][name]), name
