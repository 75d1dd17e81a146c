"""Small movies of many containers, codecs and traits, and what becomes of each.

`docs/measured/media_matrix.md` is written from them: `python -m tests.media.matrix.page`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["FRAMES", "GROUPS", "ROWS", "SIZE", "Row"]

SIZE = (96, 64)  # x265 writes past its memory where 10-bit pictures are lower than 64
FRAMES = 6


@dataclass(frozen=True)
class Row:
    """One file: how it is made, and what its copy at strength 0 has.

    Attributes:
        suffix: of the file; ffmpeg takes the container by it.
        codec: the encoder, and what of it is told to a reader.
        trait: what is special about it; "" for nothing.
        pixels: ffmpeg's pixel format.
        options: of the encoder and the muxer.
        filters: behind the picture's source; `setparams` for the tags.
        copies: name of the row whose file this is a copy of, by `-c copy`.
        before: options of the input of that copy.
        cut: bytes kept of the file, from its beginning: a part of 1.
        size: of the copy, upright.
        bits: of the copy: 8, or 16 where the source has more than 8.
        frames: how many the copy has.
        alpha: whether it has alpha.
        aspect: width by height of a pixel.
        timecode: of its first frame.
        sound: codec of its sound, that of the copy behind ">" where it becomes another.
        rate: frames a second.
        uneven: its frames are shown for 40 and 70 milliseconds in turn.
        refused: why there is no copy, as the message says it.
    """

    suffix: str
    codec: str
    trait: str = ""
    pixels: str = "yuv420p"
    options: str = ""
    filters: str = ""
    copies: str = ""
    before: str = ""
    cut: float = 1
    size: tuple[int, int] = SIZE
    bits: int = 8
    frames: int = FRAMES
    alpha: bool = False
    aspect: str = "1/1"
    timecode: str = ""
    sound: str = ""
    rate: str = "25"
    uneven: bool = False
    refused: str = ""

    @property
    def name(self) -> str:
        """Unique among the rows."""
        return " ".join(part for part in (self.suffix, self.codec, self.trait) if part)

    @property
    def is_rgb(self) -> bool:
        """Whether its codes are no Y'CbCr."""
        return any(order in self.pixels for order in ("rgb", "bgr", "gbr"))


_X264 = "-c:v libx264 -bf 2 -g 4 -crf 20"
_X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:frame-threads=1"
_VP9 = "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime"
_AV1 = "-c:v libaom-av1 -cpu-used 8 -usage realtime"


def _pairs(text: str) -> list[tuple[str, str]]:
    """ "mov h264, mkv ffv1": containers and codecs."""
    return [(suffix, codec) for suffix, codec in (pair.split() for pair in text.split(","))]


def _plain() -> list[Row]:
    """Containers and codecs with nothing special."""
    by_container = {
        "mov": "prores_ks h264 hevc mjpeg mpeg4 png qtrle cfhd hap v210 r210 uyvy jpeg2000 dnxhr "
        "rpza mpeg2video",
        "mp4": "h264 hevc av1 vp9 mpeg4 mpeg2video",
        "mkv": "h264 hevc av1 vp8 vp9 mpeg1video mpeg2video mpeg4 mjpeg prores_ks ffv1 ffvhuff "
        "huffyuv utvideo magicyuv theora png vc2 snow wmv2",
        "webm": "vp8 vp9 av1",
        "avi": "h264-I-P mpeg4 mjpeg huffyuv ffvhuff utvideo magicyuv ffv1 raw msmpeg4 cinepak "
        "zmbv wmv2",
        "mxf": "mpeg2video jpeg2000 h264 prores_ks dnxhr ffv1",
        "ts": "h264 hevc mpeg2video",
        "mpg": "mpeg1video mpeg2video",
        "flv": "h264 flv",
        "wmv": "wmv2 msmpeg4",
        "nut": "ffv1 h264",
        "ogv": "theora",
        "ivf": "vp9 av1",
        "gif": "gif",
        "y4m": "raw",
    }
    return [
        _codec(suffix, codec) for suffix, codecs in by_container.items() for codec in codecs.split()
    ]


_CODECS = {
    "h264": (_X264, "yuv420p"), "hevc": (_X265, "yuv420p"), "av1": (_AV1, "yuv420p"),
    "h264-I-P": (_X264.replace("-bf 2", "-bf 0"), "yuv420p"),
    "vp8": ("-c:v libvpx -cpu-used 8", "yuv420p"), "vp9": (_VP9, "yuv420p"),
    "prores_ks": ("-c:v prores_ks", "yuv422p10le"), "cfhd": ("-c:v cfhd", "yuv422p10le"),
    "v210": ("-c:v v210", "yuv422p10le"), "r210": ("-c:v r210", "gbrp10le"),
    "uyvy": ("-c:v rawvideo", "uyvy422"), "raw": ("-c:v rawvideo", "yuv420p"),
    "png": ("-c:v png", "rgb24"), "qtrle": ("-c:v qtrle", "rgb24"), "hap": ("-c:v hap", "rgb0"),
    "rpza": ("-c:v rpza", "rgb555le"), "jpeg2000": ("-c:v libopenjpeg", "yuv422p"),
    "dnxhr": ("-c:v dnxhd -profile:v dnxhr_hq", "yuv422p"),
    "mjpeg": ("-c:v mjpeg -q:v 3 -strict unofficial", "yuv420p"),
    "theora": ("-c:v libtheora", "yuv420p"), "vc2": ("-c:v vc2 -strict -1", "yuv422p"),
    "snow": ("-c:v snow", "yuv420p"), "cinepak": ("-c:v cinepak", "rgb24"),
    "zmbv": ("-c:v zmbv", "bgr0"), "huffyuv": ("-c:v huffyuv", "yuv422p"),
    "utvideo": ("-c:v utvideo", "yuv422p"), "magicyuv": ("-c:v magicyuv", "yuv422p"),
    "flv": ("-c:v flv", "yuv420p"), "gif": ("-c:v gif", "rgb8"),
}  # fmt: skip


def _codec(suffix: str, codec: str, more: str = "", **changes: object) -> Row:
    """A row with the codec's usual options and pixels, and more of either."""
    options, pixels = _CODECS.get(codec, (f"-c:v {codec}", "yuv420p"))
    row = Row(
        suffix,
        codec,
        pixels=pixels,
        options=f"{options} {more}",
        alpha=codec == "gif",
        bits=16 if "10" in pixels else 8,
        size=(256, 120) if codec == "dnxhr" else SIZE,
        timecode="00:00:00:00" if suffix == "mxf" else "",  # ffmpeg's muxer writes it unasked
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def _copied(suffix: str, codec: str, trait: str, **changes: object) -> Row:
    """A copy of a plain row's file."""
    plain = _codec(suffix, codec)
    return replace(plain, trait=trait, copies=plain.name, **changes)  # type: ignore[arg-type]


def _pixels(suffix: str, codec: str, pixels: str, more: str = "") -> Row:
    alpha = pixels.startswith(("yuva", "gbrap", "rgba", "bgra", "argb", "ya"))
    bits = 16 if re.search("(9|10|12|14|16|48|64)(le|be)$", pixels) else 8
    return _codec(suffix, codec, more, trait=pixels, pixels=pixels, alpha=alpha, bits=bits)


def _depths() -> list[Row]:
    every = {
        ("mkv", "ffv1"): "yuv422p yuv444p yuv411p yuv410p yuv440p gray bgr0 yuv420p9le yuv420p10le "
        "yuv422p10le yuv444p10le yuv420p12le yuv444p12le yuv422p16le gray10le gray16le gbrp10le "
        "gbrp12le gbrp16le rgb48le yuva420p yuva444p bgra yuva422p10le yuva444p12le yuva444p16le "
        "gbrap10le gbrap12le gbrap16le",
        ("mov", "png"): "rgb48be rgba rgba64be gray gray16be ya8 ya16be",
        ("mov", "qtrle"): "rgb555be argb gray",
        ("mov", "raw"): "yuyv422 rgb24 argb bgr24",
        ("mov", "h264"): "yuv422p yuv444p yuv420p10le yuv422p10le",
        ("mov", "hevc"): "yuv422p10le yuv444p12le",
        ("mp4", "av1"): "yuv420p10le",
        ("webm", "vp9"): "yuv444p yuv420p10le yuva420p",
        ("mov", "cfhd"): "gbrp12le",
        ("avi", "raw"): "bgr24 uyvy422",
        ("avi", "utvideo"): "gbrp gbrap yuv420p",
        ("avi", "magicyuv"): "gbrp yuva444p gbrp10le",
        ("avi", "ffvhuff"): "yuv444p yuv422p10le",
        ("mxf", "jpeg2000"): "yuv422p10le rgb24",
    }
    rows = [_pixels(*file, pixels) for file, names in every.items() for pixels in names.split()]
    for name, profile in (("proxy", 0), ("LT", 1), ("HQ", 3), ("4444", 4)):
        row = _codec("mov", "prores_ks", f"-profile:v {profile}", trait=name)
        rows.append(replace(row, pixels="yuv444p10le") if name == "4444" else row)
    more = "-profile:v 4444 -alpha_bits 16"
    row = _codec("mov", "prores_ks", more, trait="4444 with alpha", alpha=True)
    rows.append(replace(row, pixels="yuva444p10le"))
    more = "-format hap_alpha"
    rows.append(_codec("mov", "hap", more, trait="alpha", pixels="rgba", alpha=True))
    more = "-profile:v dnxhr_444"
    rows.append(_codec("mov", "dnxhr", more, trait="444, RGB", pixels="gbrp10le", bits=16))
    more = "-profile:v dnxhr_hqx"
    rows.append(_codec("mxf", "dnxhr", more, trait="HQX", pixels="yuv422p10le", bits=16))
    return rows


def _images() -> list[Row]:
    """Numbered image files, which are counted at 24 unless they say otherwise."""
    every = {
        "png": "rgb24 rgba rgb48be rgba64be gray gray16be pal8",
        "tif": "rgb24 rgb48le gray16le rgba",
        "bmp": "bgr24",
        "tga": "bgr24 bgra",
        "ppm": "rgb24 rgb48be",
        "webp": "bgra",
        "dpx": "rgb24 rgb48be",
        "jp2": "rgb24 rgb48le",
        "sgi": "rgb24",
    }
    coded = {"tif": "tiff", "tga": "targa", "webp": "libwebp", "jp2": "libopenjpeg"}
    lossless = {"webp": "-lossless 1"}
    rows = []
    for kind, names in every.items():
        for pixels in names.split():
            row = _pixels(f"%04d.{kind}", coded.get(kind, kind), pixels, lossless.get(kind, ""))
            rows.append(replace(row, rate="24"))
    why = "png-mov stores integers, which would clip this half source"
    half = "-format half"
    return [*rows, _codec("%04d.exr", "exr", half, trait="half", pixels="gbrpf32le", refused=why)]


def _turned() -> list[Row]:
    rows = []
    for suffix, codec in _pairs("mov h264, mp4 hevc, mov prores_ks, mkv h264, mov png"):
        for turn in (90, 180, 270):
            size = SIZE if turn == 180 else SIZE[::-1]
            before = f"-display_rotation {turn}"
            rows.append(_copied(suffix, codec, f"turned by {turn}", before=before, size=size))
    return [*rows, _copied("mov", "h264", "mirrored", before="-display_hflip")]


def _aspects() -> list[Row]:
    files = "mov h264, mov prores_ks, mp4 hevc, mkv ffv1, mkv h264, ts h264, avi mpeg4, webm vp9"
    rows = [
        _codec(*file, trait="pixel aspect 4:3", filters="setsar=4/3", aspect="4/3")
        for file in _pairs(f"{files}, mov png")
    ]
    # MPEG-2 has four aspects of the whole picture: 16:9 is stated.
    wide = _codec("mxf", "mpeg2video", trait="pixel aspect 32:27", filters="setsar=32/27")
    return [*rows, replace(wide, aspect="32/27")]


def _timed() -> list[Row]:
    rows = []
    label = "01:02:03:04"
    for file in _pairs("mov h264, mov prores_ks, mp4 h264, mov png, mxf mpeg2video, mxf prores_ks"):
        rows.append(_codec(*file, f"-timecode {label}", trait="timecode", timecode=label))
    for file in _pairs("mkv ffv1, mkv h264, webm vp9"):
        rows.append(_codec(*file, f"-metadata timecode={label}", trait="timecode", timecode=label))
    for file in _pairs("mov h264, mxf mpeg2video, mov prores_ks"):
        row = _codec(*file, "-timecode 00:01:00;02", trait="drop-frame timecode")
        rows.append(_at("30000/1001", replace(row, timecode="00:01:00;02")))
    for file in _pairs("mov h264, mkv h264, mxf mpeg2video, avi mjpeg, ts mpeg2video, mp4 hevc"):
        rows.append(_at("24000/1001", _codec(*file, trait="24000/1001")))
    more = "-fps_mode passthrough -enc_time_base 1/1000"
    times = "settb=1/1000,setpts=N*40+30*floor(N/2)"
    for file in _pairs("mov h264, mp4 h264, mkv h264, webm vp9, mkv ffv1, mov png, nut ffv1"):
        rows.append(_codec(*file, more, trait="variable rate", filters=times, uneven=True))
    for file in _pairs("mov h264, mp4 hevc, mov prores_ks"):
        rows.append(_copied(*file, "begins at 2 by an edit list", before="-ss 0.08", frames=4))
        rows.append(_copied(*file, "begins late by an edit list", before="-itsoffset 0.2"))
    return rows


def _at(rate: str, row: Row) -> Row:
    times = f"settb=1/({rate}),setpts=N"
    return replace(row, rate=rate, filters=times, options=f"{row.options} -r {rate}")


def _fields() -> list[Row]:
    coded = "-flags +ildct+ilme"
    rows = [
        _codec(*file, coded, trait="two fields")
        for file in _pairs("mxf mpeg2video, mkv mpeg2video, ts mpeg2video, mov h264, ts h264")
    ]
    rows.append(_codec("mov", "prores_ks", "-flags +ildct", trait="two fields"))
    for file in _pairs("mov png, mkv ffv1"):
        rows.append(_codec(*file, "-field_order tt", trait="two fields"))
    return [replace(row, filters="setfield=tff", refused="is interlaced") for row in rows]


def _tagged() -> list[Row]:
    tags = {
        "BT.601": "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m",
        "BT.2020 PQ": "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc",
        "full range": "setparams=range=pc",
        "untagged": "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown",
    }
    return [
        _codec(*file, trait=trait, filters=filters)
        for file in _pairs("mov h264, mp4 hevc, mkv ffv1, webm vp9, mov prores_ks")
        for trait, filters in tags.items()
        if (trait, file[1]) != ("full range", "prores_ks")
    ]


def _sounding() -> list[Row]:
    rows = []
    for suffix, codec, sound in (
        ("mov", "h264", "pcm_s16le"),
        ("mov", "prores_ks", "pcm_s24le"),
        ("mov", "png", "alac"),
        ("mp4", "h264", "aac"),
        ("mkv", "h264", "flac>pcm_s16le"),
        ("mkv", "h264", "ac3"),
        ("mkv", "ffv1", "pcm_s16le"),
        ("avi", "mjpeg", "pcm_s16le"),
        ("ts", "mpeg2video", "mp2"),
        ("mxf", "mpeg2video", "pcm_s16le"),
        ("webm", "vp9", "libopus>pcm_s16le"),
    ):
        encoder = sound.partition(">")[0]
        more = f"-c:a {encoder}"
        rows.append(_codec(suffix, codec, more, trait=f"sound: {encoder}", sound=sound))
    return rows


def _cut_short() -> list[Row]:
    rows = []
    for file in _pairs("mkv ffv1, avi mjpeg, mxf mpeg2video, ivf vp9"):
        rows.append(_copied(*file, "cut short", cut=0.6, refused="of 6 cannot be decoded"))
    why = "of 4 cannot be decoded"  # by the length in seconds that its header states
    rows.append(_copied("flv", "flv", "cut short", cut=0.6, refused=why))
    for file in _pairs("mov png, mp4 h264"):
        rows.append(_copied(*file, "cut short", cut=0.6, refused="not a movie or image"))
    return rows


GROUPS = {
    "Containers and codecs": _plain(),
    "Pixel formats": _depths(),
    "Image sequences": _images(),
    "Turned": _turned(),
    "Pixel aspect": _aspects(),
    "Timecodes, rates, edit lists": _timed(),
    "Fields": _fields(),
    "Colour tags": _tagged(),
    "Sound": _sounding(),
    "Truncated": _cut_short(),
}
ROWS = [row for rows in GROUPS.values() for row in rows]
