"""Fixtures for every room's tests."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from nle_style.apply import collect_rarely

# The networks of the tests are small: on a busy machine a second thread waits longer than it works
# (six training steps: 0.6 seconds with one thread, 12 with two). Read when torch is loaded, here
# and in the programs that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")


SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with the most slow tests first: one that is begun last is waited for alone.

    For several processes, which scripts/test starts; xdist would take the files with the most
    tests first, and those have the quick ones.
    """
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish() -> None:
    """What is loaded by now, torch and thousands of tests, stays to the end: the garbage collector
    need not go through it again and again, which took a seventh of the time of tests/timeline."""
    collect_rarely()
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What stayed frozen to the end would be called leaked by OpenImageIO's binding."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The clips, posters, photographs and timelines beside the repository; or a skip."""
    if not SHARED.is_dir():
        pytest.skip(f"the shared test material is not there: {SHARED}")
    return SHARED


@pytest.fixture
def threads() -> Iterator[None]:
    """For a test that sets torch's threads: they are what they were when it ends."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of three untrained styles ("red", "green", "blue") of a small network.

    All their weights differ a little from the parent's, so that every style and every mix gives
    another picture, and a mix still paints.
    """
    # Loading torch takes seconds, which only the tests that ask for a pack should pay.
    import torch

    from nle_style.core import StyleNetwork
    from nle_style.core.network import NetworkConfig
    from nle_style.core.style_pack import network_of, save_pack
    from nle_style.core.training.typical import typical_statistics

    torch.manual_seed(7)
    config = NetworkConfig(width=4, residual_blocks=1)
    parent = StyleNetwork(config).state_dict()
    styles = {}
    for style in ("red", "green", "blue"):
        weights = {name: value.clone() for name, value in parent.items()}
        for name, value in weights.items():
            if ".typical_" in name:
                continue
            if name.startswith("norms."):
                value += torch.randn_like(value) * (0.2 if name.endswith("gamma") else 0.3)
            else:
                value += torch.randn_like(value) * 0.1 * value.std()
        network = network_of(config, weights)
        styles[style] = weights | typical_statistics(network, [torch.rand(1, 3, 64, 64)])
    path = tmp_path_factory.mktemp("pack") / "tiny.safetensors"
    save_pack(path, config, styles, parent)
    return path
