"""Projects as Kdenlive and Shotcut write them, small: for the reader, the patcher and melt.

Written after Kdenlive's dev-docs/fileformat.md (generations 4 and 5), its exports and Shotcut's
MLT XML annotations: bins, a producer for every track, proxies, hashes, mixes, nested sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.sax.saxutils import escape

from tests.helpers.stamps import HEIGHT, WIDTH

__all__ = ["Bin", "chain", "entry", "kdenlive_4", "kdenlive_5", "properties", "shotcut"]


def properties(**values: object) -> str:
    """Property elements; a double underscore in a name is a colon, and None leaves one out."""
    return "".join(
        f'\n  <property name="{name.replace("__", ":")}">{escape(str(value))}</property>'
        for name, value in values.items()
        if value is not None
    )


def chain(
    name: str,
    resource: str,
    length: int,
    *,
    tag: str = "chain",
    service: str = "avformat-novalidate",
    **more: object,
) -> str:
    """A file's element."""
    inside = properties(length=length, eof="pause", resource=resource, mlt_service=service, **more)
    return f'\n <{tag} id="{name}" in="0" out="{length - 1}">{inside}\n </{tag}>'


def entry(producer: str, first: int, last: int, number: object = None) -> str:
    """A clip of a playlist; of the bin's clip with that number."""
    inside = properties(kdenlive__id=number)
    end = f"{inside}\n  </entry>" if inside else "</entry>"
    return f'\n  <entry producer="{producer}" in="{first}" out="{last}">{end}'


@dataclass(frozen=True)
class Bin:
    """A clip of Kdenlive's bin; `more` are further properties, by name."""

    name: str
    number: int
    resource: str
    length: int
    more: dict[str, object]
    service: str = "avformat-novalidate"

    def element(self, tag: str) -> str:
        size = {"kdenlive__file_size": 1234, "kdenlive__file_hash": "0" * 32}
        about = {"kdenlive__id": self.number, "kdenlive__clipname": "", **size, **self.more}
        return chain(self.name, self.resource, self.length, tag=tag, service=self.service, **about)


def _profile(rate: Fraction) -> str:
    return (
        f'\n <profile frame_rate_num="{rate.numerator}" frame_rate_den="{rate.denominator}" '
        f'width="{WIDTH}" height="{HEIGHT}" progressive="1" sample_aspect_num="1" '
        f'sample_aspect_den="1" display_aspect_num="{WIDTH}" display_aspect_den="{HEIGHT}" '
        'colorspace="709"/>'
    )


def _black(name: str, length: int) -> str:
    inside = properties(length=length, resource="black", mlt_service="color")
    return f'\n <producer id="{name}" in="0" out="{length - 1}">{inside}\n </producer>'


def _tracks(
    tracks: Sequence[tuple[str, str]], length: int, more: Sequence[str], sound: str
) -> tuple[str, str]:
    """Kdenlive's tracks of two playlists, and the references to them."""
    made = (
        f'\n <playlist id="sounds">{sound}\n </playlist>\n <tractor id="sound" in="0" '
        f'out="{length - 1}">{properties(kdenlive__audio_track=1)}'
        '\n  <track hide="video" producer="sounds"/>\n </tractor>'
    )
    for number, playlists in enumerate(tracks):
        for half, inside in enumerate(playlists):
            made += f'\n <playlist id="playlist{number}_{half}">{inside}\n </playlist>'
        refs = "".join(
            f'\n  <track hide="audio" producer="playlist{number}_{half}"/>' for half in (0, 1)
        )
        made += (
            f'\n <tractor id="tractor{number}" in="0" out="{length - 1}">'
            f"{properties(kdenlive__track_name=f'V{number + 1}')}{refs}{more[number]}\n </tractor>"
        )
    refs = '\n  <track producer="black_track"/>\n  <track producer="sound"/>'
    refs += "".join(f'\n  <track producer="tractor{n}"/>' for n in range(len(tracks)))
    for number in range(len(tracks)):
        inside = properties(
            mlt_service="composite", progressive=1, a_track=0, b_track=number + 2, always_active=1
        )
        refs += f'\n  <transition id="blend{number}">{inside}\n  </transition>'
    return made, refs


def kdenlive_4(
    clips: Sequence[Bin],
    media: str,
    tracks: Sequence[tuple[str, str]],
    length: int,
    *,
    rate: Fraction = Fraction(25),
    root: str = "",
    more: Sequence[str] = (),
    sound: str = "",
) -> str:
    """A project of Kdenlive 20.08 to 22.12: one timeline, the last tractor.

    Args:
        clips: of the bin.
        media: the elements of what the tracks show.
        tracks: of each track, from below, its two playlists' contents.
        length: of the timeline, in frames.
        root: where relative paths start.
        more: what each track's tractor holds beside them.
        sound: the content of the sound track below them.
    """
    made, refs = _tracks(tracks, length, more or [""] * len(tracks), sound)
    entries = "".join(entry(clip.name, 0, clip.length - 1) for clip in clips)
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        f'\n<mlt LC_NUMERIC="C" producer="main_bin" version="7.12.0" root="{root}">{_profile(rate)}'
        f"{''.join(clip.element('producer') for clip in clips)}"
        f'\n <playlist id="main_bin">{properties(kdenlive__docproperties__version="1.04")}{entries}'
        f"\n </playlist>{_black('black_track', length)}{media}{made}"
        f'\n <tractor id="main" global_feed="1" in="0" out="{length - 1}">{refs}\n </tractor>'
        "\n</mlt>\n"
    )


def kdenlive_5(
    clips: Sequence[Bin],
    media: str,
    tracks: Sequence[tuple[str, str]],
    length: int,
    *,
    rate: Fraction = Fraction(25),
    root: str = "",
    more: Sequence[str] = (),
    sound: str = "",
) -> str:
    """A project of Kdenlive 23.04 and later: the last tractor wraps the open sequence.

    Args: as of `kdenlive_4`.
    """
    made, refs = _tracks(tracks, length, more or [""] * len(tracks), sound)
    entries = "".join(entry(clip.name, 0, clip.length - 1) for clip in clips)
    about = properties(
        kdenlive__uuid="{sequence}", kdenlive__clipname="Sequence 1", kdenlive__id=90
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        f'\n<mlt LC_NUMERIC="C" producer="main_bin" version="7.22.0" root="{root}">{_profile(rate)}'
        f"{_black('black_track', length)}{media}{made}"
        f'\n <tractor id="{{sequence}}" in="0" out="{length - 1}">{about}{refs}\n </tractor>'
        f"{''.join(clip.element('chain') for clip in clips)}"
        f'\n <playlist id="main_bin">{properties(kdenlive__docproperties__version="1.1")}{entries}'
        f"{entry('{sequence}', 0, length - 1)}\n </playlist>"
        f'\n <tractor id="project" in="0" out="{length - 1}">'
        f"{properties(kdenlive__projectTractor=1)}"
        f'\n  <track producer="{{sequence}}" in="0" out="{length - 1}"/>\n </tractor>\n</mlt>\n'
    )


def shotcut(media: str, tracks: Sequence[str], length: int, *, root: str | None = None) -> str:
    """A project of Shotcut: tracks are playlists, and its dissolves tractors of two clips."""
    made = refs = ""
    for number, inside in enumerate(tracks):
        made += f'\n <playlist id="playlist{number}">{properties(shotcut__video=1)}{inside}'
        made += "\n </playlist>"
        refs += f'\n  <track producer="playlist{number}"/>'
    at = "" if root is None else f' root="{root}"'
    return (
        '<?xml version="1.0" standalone="no"?>'
        f'\n<mlt LC_NUMERIC="C" version="7.13.0" title="Shotcut version 22.12.21" '
        f'producer="main"{at}>{_profile(Fraction(25))}{_black("black", length)}'
        f'\n <playlist id="background">{entry("black", 0, length - 1)}\n </playlist>{media}{made}'
        f'\n <tractor id="main" in="0" out="{length - 1}">{properties(shotcut=1)}'
        f'\n  <track producer="background"/>{refs}\n </tractor>\n</mlt>\n'
    )
