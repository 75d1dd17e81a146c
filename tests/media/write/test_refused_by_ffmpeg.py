"""What ffmpeg refuses is told apart from what the system refuses."""

from __future__ import annotations

import errno
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
import pytest

from nle_style.errors import OutputError, VerificationError
from nle_style.media import resolve_format
from nle_style.media.source import probe_media
from nle_style.media.write import IntermediateWriter
from nle_style.media.write.mux import put_packet
from tests.helpers.media_factory import make


def test_a_packet_that_the_container_refuses_is_named(tmp_path: Path) -> None:
    """Two packets of sound at one time: MOV wants them one after the other."""
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=48000, layout="mono")
        stream.time_base = Fraction(1, 48000)
        packets = [av.Packet(bytes(96)) for _ in range(2)]
        for packet in packets:
            packet.stream, packet.time_base = stream, stream.time_base
            packet.pts = packet.dts = 4800
        put_packet(output, packets[0], path)
        with pytest.raises(VerificationError) as caught:
            put_packet(output, packets[1], path)
    said = str(caught.value)
    assert "the sound at 0.100 s (stream 0) cannot be stored in mov (ffmpeg says:" in said
    assert "Convert the sound first" in said
    assert "folder" not in said


def _writer(tmp_path: Path, **changed: str) -> IntermediateWriter:
    info = probe_media(make(tmp_path / "a.mov", frames=1))
    spec = replace(resolve_format("prores4444", "auto", info), **changed)
    work = tmp_path / "work"
    return IntermediateWriter(tmp_path / "b.mov", spec, info, 0, 0, work=work, metadata={})


def test_an_encoder_that_refuses_is_not_the_folder(tmp_path: Path) -> None:
    writer = _writer(tmp_path, pixel_format="yuv420p")  # which ProRes has not
    with pytest.raises(VerificationError) as caught:
        writer.write_unit(writer.units[0], [np.zeros((64, 96, 3), np.float32)])
    assert "cannot be written as prores4444 (ffmpeg says:" in str(caught.value)
    assert "folder" not in str(caught.value)
    assert not list(writer.work.iterdir())


def test_a_full_disk_is_still_the_folder(tmp_path: Path) -> None:
    """Also where ffmpeg hands it on."""
    writer = _writer(tmp_path)
    with (
        pytest.raises(OutputError, match="Free some space"),
        writer._replacing(tmp_path / "c.mov", tmp_path / "c"),
    ):
        raise av.error.OSError(errno.ENOSPC, "No space left on device")
