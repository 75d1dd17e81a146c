"""Timelines in and out: read a cut, plan the frames it needs, relink what was rendered."""

__all__: list[str] = []
