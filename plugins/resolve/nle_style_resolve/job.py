"""One job for all clips."""

from fractions import Fraction

from . import client

__all__ = ["Wanted", "job_of", "ranges_to_render"]


class Wanted:
    """One intermediate that the job renders.

    Attributes:
        media: the Media.
        first, last: positions in the source on disk, inclusive, handles included.
    """

    def __init__(self, media, first, last):
        self.media = media
        self.first = first
        self.last = last

    def holds(self, source):
        """Whether it has the frames of a SourceRange."""
        same = (self.media.path, self.media.rate) == (source.media.path, source.media.rate)
        return same and self.first <= source.first and source.last <= self.last


def ranges_to_render(sources, handles):
    """The ranges of frames that cover all clips, each frame once.

    Args:
        sources: SourceRanges.
        handles: frames before and after each.

    Returns:
        a list of Wanted: ranges of one media that overlap or touch are one.
    """
    spans = {}
    for source in sources:
        key = (source.media.path, source.media.rate)
        spans.setdefault(key, []).append((source.with_handles(handles), source.media))
    wanted = []
    for found in spans.values():
        ours = []
        for (first, last), media in sorted(found, key=lambda pair: pair[0]):
            if ours and first <= ours[-1].last + 1:
                ours[-1].last = max(ours[-1].last, last)
            else:
                ours.append(Wanted(media, first, last))
        wanted += ours
    return wanted


def job_of(wanted, settings, cancel_file):
    """The job file's content for `nle-style run`.

    Args:
        wanted: from `ranges_to_render`.
        settings: see `settings.DEFAULTS`.
        cancel_file: path; the run stops when this file appears.
    """
    look = client.make_look(
        client.parse_mix(settings["style"]),
        strength=settings["strength"],
        stroke_scale=settings["stroke_scale"],
        colour=settings["colour"],
        statistics=settings["statistics"],
    )
    items = []
    for each in wanted:
        item = {"source": each.media.path, "frames": [each.first, each.last], "look": look}
        if each.media.kind != "movie":
            item["rate"] = str(Fraction(each.media.rate))
        if each.media.kind == "still":
            # A movie of one frame cannot be held as long as a still can.
            item["format"] = "exr"
        items.append(item)
    return client.make_job(
        items,
        settings["output"],
        format=settings["format"],
        cancel_file=cancel_file,
        interlaced=settings["interlaced"],
        input_colour=settings["input_colour"],
        pack=settings["pack"] or None,
    )
