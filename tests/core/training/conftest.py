"""Runs of training, which differ in everything but their picture."""

from __future__ import annotations

import pytest

import nle_style.core.training.loop


@pytest.fixture(autouse=True)
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every turn a run reads its records and draws them anew, and matplotlib takes longer
    than the training of so small a network: they are read, and not drawn.

    The runs that are shared by the tests of a file do draw: they are made before this is asked.
    """
    monkeypatch.setattr(nle_style.core.training.loop, "plot_losses", lambda *_: None)
