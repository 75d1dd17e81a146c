"""Write an intermediate in units, which a crash leaves whole, and publish it when all are there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av.error
import numpy as np

from nle_style.durable import file_sha256, make_folders, part_path, replacing, sync
from nle_style.errors import InputError, MediaError, OutputError, VerificationError
from nle_style.media.base import MediaInfo, OutputSpec
from nle_style.media.image import read_image, write_image
from nle_style.media.source import read_back
from nle_style.media.write.encode import encode_chunk
from nle_style.media.write.likeness import Likeness, frame_hash, likeness_of
from nle_style.media.write.mux import mux_movie
from nle_style.media.write.publish import publish_folder, refuse_source
from nle_style.media.write.quantising import quantise
from nle_style.media.write.tracks import plan_tracks

__all__ = ["SEQUENCE_DIGITS", "IntermediateWriter", "PublishedMedia", "Unit", "UnitRecord"]

SEQUENCE_DIGITS = 6
"""Digits of the number in a sequence's file names, at least."""

_CHUNK = 8  # frames of a movie in one unit, which a killed render has to paint again


@dataclass(frozen=True)
class Unit:
    """The smallest piece of work: frames `first` to `last` of the source, inclusive."""

    index: int
    first: int
    last: int


@dataclass(frozen=True)
class UnitRecord:
    """A finished unit, for the manifest (JSON by `dataclasses.asdict`).

    Attributes:
        file: name within the work folder.
        bytes, sha256: of that file.
        frame_hashes: `frame_hash` of each frame as it decodes.
    """

    index: int
    first: int
    last: int
    file: str
    bytes: int
    sha256: str
    frame_hashes: tuple[str, ...]


@dataclass(frozen=True)
class PublishedMedia:
    """A published intermediate; `path` is the movie or still, or the sequence's printf pattern."""

    path: Path
    first_frame_number: int
    frame_count: int
    bytes: int
    warnings: tuple[str, ...]


class IntermediateWriter:
    """Writes units into `work`, verifies each by decoding it back, and publishes the whole.

    In a sparse movie only some frames of its range are painted, and the others are black. It can
    replace the source in a project file that does not say at which frame of the source a file
    begins. Units without a painted frame are not in `units`: one black unit is encoded and verified
    for each length, and its packets are used for all of them.

    Units can be written at the same time, each in a thread.

    Args:
        destination: the movie or still, or the folder of a sequence: its files are
            `FOLDER/FOLDERNAME.<number>.exr`, numbered like the source (movies from 0).
        spec: from `resolve_format`.
        source: what is being rendered; never written to.
        first, last: its frames, inclusive.
        work: a folder for this one output on the same volume as `destination`; made if need be.
        metadata: text for the container or the EXR headers; names begin with `nle_style`.
        painted: ranges of `first`..`last` that are painted, inclusive, ascending, apart; None for
            all of it. The caller gives black frames (zeros) for the others of a unit.
        threads: of the encoder of a movie and of its decoder, each.
    Raises: InputError if the output would replace or enclose the source, or if a sequence is to be
        sparse; OutputError if `work` cannot be made.
    """

    def __init__(
        self,
        destination: Path,
        spec: OutputSpec,
        source: MediaInfo,
        first: int,
        last: int,
        *,
        work: Path,
        metadata: Mapping[str, str],
        painted: Sequence[tuple[int, int]] | None = None,
        threads: int = 1,
    ) -> None:
        refuse_source(destination, source)
        if painted is not None and spec.sequence:
            raise InputError(
                f"'{spec.format}' is an image sequence, which cannot be sparse",
                where=str(destination),
                remedy="Its files are numbered: render the painted ranges alone, or a movie.",
            )
        self.destination, self.spec, self.source = destination, spec, source
        self.first, self.last = first, last
        self.work = work
        self._metadata = dict(sorted(metadata.items()))
        self._threads = threads
        self._tracks = plan_tracks(source, spec.container)
        size = 1 if spec.of_images else _CHUNK
        starts = range(first, last + 1, size)
        self._painted = tuple(painted) if painted is not None else ((first, last),)
        self._all_units = tuple(
            Unit(index, start, min(start + size - 1, last)) for index, start in enumerate(starts)
        )
        self.units = tuple(
            unit
            for unit in self._all_units
            if any(a <= unit.last and unit.first <= b for a, b in self._painted)
        )
        make_folders(work)

    def write_unit(self, unit: Unit, frames: Iterable[np.ndarray]) -> UnitRecord:
        """Encode a unit's frames (as `quantise` takes them, see `_check_frame`), verify and keep
        them.

        Raises: VerificationError if they are not as many or as large as they should be, or do not
            decode back; OutputError if the folder or the disk refuses. Errors of `frames` pass
            through. In every case no part file stays behind.
        """
        path = self.work / f"unit-{unit.index:06d}{self.spec.extension}"
        given: list[Likeness] = []
        source_errors: list[BaseException] = []

        def quantised() -> Iterator[np.ndarray]:
            incoming = iter(frames)
            while True:
                try:
                    frame = next(incoming)
                except StopIteration:
                    return
                except BaseException as error:
                    source_errors.append(error)
                    raise
                self._check_frame(unit, frame)
                pixels = quantise(frame, self.spec)
                del frame  # its memory is free while the next one is painted
                given.append(likeness_of(pixels, self.spec))
                yield pixels

        with self._replacing(path, path) as part:
            try:
                self._encode(part, unit, quantised())
            except (OSError, av.error.FFmpegError) as error:
                if error in source_errors:  # the source cannot be read; the folder is not at fault
                    raise MediaError(
                        str(error), where=str(self.source.path), outcome="missing"
                    ) from error
                raise
            if len(given) != unit.last - unit.first + 1:
                raise VerificationError(
                    f"unit {unit.index} was given {len(given)} frames for {unit.first}-{unit.last}",
                    where=str(self.destination),
                )
            hashes = self._decode_back(part, unit, given)
            return UnitRecord(
                unit.index,
                unit.first,
                unit.last,
                path.name,
                part.stat().st_size,
                file_sha256(part),
                hashes,
            )

    @contextmanager
    def _replacing(self, path: Path, part: Path) -> Iterator[Path]:
        """`path`, written whole or not at all; meanwhile beside `part`, in the work folder.

        What the system refuses to ffmpeg is an OSError too, and the folder's fault; the rest isn't.
        """
        try:
            with replacing(path, part_path(part, self.spec.extension)) as written:
                yield written
        except av.error.FFmpegError as error:
            raise VerificationError(
                f"cannot be written as {self.spec.format} (ffmpeg says: {error})",
                where=str(path),
                remedy="Choose another --format, and please report it with the source's details.",
            ) from error

    def check_unit(self, unit: Unit, record: UnitRecord) -> bool:
        """Whether a recorded unit is still there, unchanged, and need not be made again."""
        path = self.work / record.file
        return (
            (record.index, record.first, record.last) == (unit.index, unit.first, unit.last)
            and path.is_file()
            and path.stat().st_size == record.bytes
            and file_sha256(path) == record.sha256
        )

    def publish(
        self, records: Sequence[UnitRecord], confirm: Callable[[Path], None] = lambda whole: None
    ) -> PublishedMedia:
        """Join the units and publish the result. They stay in `work` until the caller removes it.

        Args:
            confirm: called with the whole movie or folder before it gets its name; what it raises
                prevents that.
        Raises: VerificationError if a unit is missing or changed, or the whole does not read
            back; OutputError if the folder refuses.
        """
        if not self.work.is_dir():
            raise OutputError(
                "the folder with what was finished is gone",
                where=str(self.work),
                remedy="Mount its volume or put it back, then run it again.",
            )
        ordered = sorted(records, key=lambda record: record.index)
        if len(ordered) != len(self.units) or not all(map(self.check_unit, self.units, ordered)):
            raise VerificationError(
                "not all units are there as they were recorded",
                where=str(self.work),
                remedy="Render again with --resume: what is missing is made anew.",
            )
        make_folders(self.destination.parent)
        publish = self._publish_movie
        if self.spec.of_images:
            publish = self._publish_still if self.spec.single else self._publish_sequence
        made = {record.index: self.work / record.file for record in ordered}
        fill = self._fill_files()
        return publish(
            [made.get(unit.index) or fill[unit.last - unit.first + 1] for unit in self._all_units],
            confirm,
        )

    def _fill_files(self) -> dict[int, Path]:
        """A verified black unit for every length that is needed, by its count of frames."""
        written = {unit.index for unit in self.units}
        lengths = {u.last - u.first + 1 for u in self._all_units if u.index not in written}
        black = np.zeros(self._frame_shape, np.float32)
        files = {}
        for length in sorted(lengths):
            work = self.work / f"fill-{length}"
            fill = IntermediateWriter(
                self.destination, self.spec, self.source, 0, length - 1, work=work, metadata={}
            )
            files[length] = work / fill.write_unit(fill.units[0], [black] * length).file
        return files

    def _sparse_warnings(self) -> tuple[str, ...]:
        count = self.last - self.first + 1
        painted = sum(last - first + 1 for first, last in self._painted)
        if painted == count:
            return ()
        fill = "black and transparent" if self.spec.alpha else "black"
        return (
            f"{painted} of its {count} frames are painted and the others are {fill}: "
            f"a clip that is slipped or extended beyond what was asked for shows {fill}",
        )

    def _check_frame(self, unit: Unit, frame: np.ndarray) -> None:
        if frame.shape != self._frame_shape:
            raise VerificationError(
                f"a frame of unit {unit.index} has the shape {frame.shape}, "
                f"not {self._frame_shape}",
                where=str(self.destination),
            )

    @property
    def _frame_shape(self) -> tuple[int, int, int]:
        return self.source.height, self.source.width, 4 if self.spec.alpha else 3

    def _encode(self, part: Path, unit: Unit, frames: Iterator[np.ndarray]) -> None:
        if not self.spec.of_images:
            encode_chunk(part, frames, self.spec, self.source, self._threads)
            return
        for pixels in frames:
            name = self._image_name(unit.first)
            write_image(part, pixels, self.spec, self.source, unit.first, name, self._metadata)

    def _image_name(self, frame: int) -> str:
        if self.spec.single:
            return self.destination.name
        number = self.source.first_frame_number + frame
        return f"{self.destination.name}.{number:0{SEQUENCE_DIGITS}d}{self.spec.extension}"

    def _decode_back(self, part: Path, unit: Unit, given: Sequence[Likeness]) -> tuple[str, ...]:
        hashes = []
        problem = f"decodes to other than its {len(given)} frames"
        try:
            for pixels, meant in zip(self._decoded(part), given, strict=True):
                hashes.append(frame_hash(pixels))
                if pixels.shape != self._frame_shape or not meant.matches(pixels, hashes[-1]):
                    problem = f"frame {unit.first + len(hashes) - 1} differs when decoded back"
                    break
            else:
                return tuple(hashes)
        except (MediaError, ValueError, av.error.FFmpegError) as error:
            problem = f"cannot be decoded back ({error})"
        if shutil.disk_usage(part.parent).free < part.stat().st_size:
            raise OutputError(
                f"has no space left ({problem})",
                where=str(part.parent),
                remedy="Free some space, then run it again: it resumes.",
            )
        raise VerificationError(
            problem, where=str(part), remedy="Check the disk and the memory, then run it again."
        )

    def _decoded(self, part: Path) -> Iterator[np.ndarray]:
        if self.spec.of_images:
            half = self.spec.depth == "half"  # widened to float it would take three times as long
            kept = self.source.layer if self.spec.codec == "openexr" else None
            pixels = read_image(part, alpha=self.spec.alpha, half=half, layer=kept)
            yield pixels.astype(self.spec.dtype, copy=False)
        else:
            yield from read_back(part, alpha=self.spec.alpha, threads=self._threads)

    def _publish_movie(
        self, files: Sequence[Path], confirm: Callable[[Path], None]
    ) -> PublishedMedia:
        with self._replacing(self.destination, self.work / "whole") as part:
            warnings = mux_movie(
                part,
                files,
                self.spec,
                self.source,
                self.first,
                self.last,
                self._metadata,
                self._tracks,
            )
            size = part.stat().st_size
            sync(part)
            confirm(part)
        count = self.last - self.first + 1
        return PublishedMedia(
            self.destination,
            0,
            count,
            size,
            (*self.spec.warnings, *self._sparse_warnings(), *self._tracks.notes, *warnings),
        )

    def _publish_still(
        self, files: Sequence[Path], confirm: Callable[[Path], None]
    ) -> PublishedMedia:
        (file,) = files
        with self._replacing(self.destination, self.work / "whole") as part:
            shutil.copyfile(file, part)  # the unit stays for a resume
            sync(part)
            confirm(part)
        size = self.destination.stat().st_size
        warnings = (*self.spec.warnings, *self._tracks.notes)
        return PublishedMedia(self.destination, 0, 1, size, warnings)

    def _publish_sequence(
        self, files: Sequence[Path], confirm: Callable[[Path], None]
    ) -> PublishedMedia:
        name, suffix = self.destination.name, self.spec.extension
        names = [self._image_name(frame) for frame in range(self.first, self.last + 1)]
        publish_folder(self.destination, files, names, work=self.work, confirm=confirm)
        return PublishedMedia(
            self.destination / f"{name}.%0{SEQUENCE_DIGITS}d{suffix}",
            self.source.first_frame_number + self.first,
            len(files),
            sum(file.stat().st_size for file in files),
            (*self.spec.warnings, *self._tracks.notes),
        )
