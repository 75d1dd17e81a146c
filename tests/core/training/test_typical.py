"""What norms meet in photographs: measured by hand, and kept in every pack that is trained."""

from __future__ import annotations

import pytest
import torch

from nle_style.core import StyleNetwork, load_pack
from nle_style.core.denoise import denoised
from nle_style.core.network import NetworkConfig
from nle_style.core.overscan import with_overscan
from nle_style.core.training.typical import typical_statistics
from tests.helpers.training import Finished


def test_it_is_the_mean_of_what_every_picture_has() -> None:
    torch.manual_seed(1)
    network = StyleNetwork(NetworkConfig(4, 1)).eval()
    pictures = [torch.rand(1, 3, 24, 40), torch.rand(1, 3, 32, 32) * 0.5]
    found = typical_statistics(network, pictures)
    with torch.no_grad():
        maps = [network.convolutions[0](with_overscan(denoised(picture))) for picture in pictures]
    mean = sum(each.mean((2, 3)) for each in maps)[0] / 2
    variance = sum(each.var((2, 3), correction=0) for each in maps)[0] / 2
    torch.testing.assert_close(found["norms.0.typical_mean"], mean)
    torch.testing.assert_close(found["norms.0.typical_variance"], variance)
    assert len(found) == 2 * len(network.norms)


@pytest.mark.parametrize("style", ["stripes", "squares"])
def test_a_trained_pack_has_it(style: str, finished: Finished) -> None:
    weights = load_pack(finished.settings.out).weights[style]
    for name, value in weights.items():
        if name.endswith("typical_variance"):
            assert (value > 0).all(), name
