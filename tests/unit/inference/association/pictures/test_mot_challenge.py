"""Sequences in MOTChallenge form: the best crops of each track, at their times, and every fault by its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.mot_challenge import MOTOptions, MOTSequence, Refused, read_sequence
from daemon.inference.association.pictures.mot_lines import TrackLine
from daemon.inference.association.pictures.mot_overlap import shown_shares
from daemon.inference.association.pictures.rendering.figure import Pose
from daemon.inference.association.pictures.rendering.identities import identities
from daemon.inference.association.pictures.rendering.renderer import Placed
from daemon.inference.association.pictures.rendering.renderer import frame as drawn_frame
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints
from daemon.inference.association.pictures.stripes import StripeHistogram

START = datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))


def options(**changed: Any) -> MOTOptions:
    return MOTOptions(**{"camera": "gate", "start": START, **changed})


def picture(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8))


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    """Ten frames a second; track 1 in all ten, growing; track 2 in frames 3 to 5; one box without a track."""
    (tmp_path / "img1").mkdir()
    for frame in range(1, 11):
        picture(frame).save(tmp_path / "img1" / f"{frame:06d}.png")
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nname=gate\nimDir=img1\nframeRate=10\nseqLength=10\nimExt=.png\n")
    lines = [f"{frame},1,{frame},10,{10 + frame},{30 + 2 * frame},0.9,-1,-1,-1" for frame in range(1, 11)]
    lines += [f"{frame},2,100,20,30,60,0.8,-1,-1,-1" for frame in (5, 3, 4)]
    lines += ["7,-1,60,20,30,60,0.7,-1,-1,-1"]
    (tmp_path / "tracks.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_each_track_gives_its_best_crops_in_order_of_time(sequence: Path) -> None:
    found = list(MOTSequence(sequence, options(per_track=3)).detections())
    tracks = [detection.track for detection, _ in found]
    assert tracks == ["20260301T000000.000000Z/2"] * 3 + [None] + ["20260301T000000.000000Z/1"] * 3
    grown = [detection.box for detection, _ in found if detection.track and detection.track.endswith("/1")]
    assert grown == [(8, 10, 18, 46), (9, 10, 19, 48), (10, 10, 20, 50)]
    for detection, crop in found:
        assert detection.box is not None
        assert crop.shape == (detection.box[3], detection.box[2], 3)
        assert detection.quality is not None
        assert detection.quality > 0.1
        assert detection.camera == "gate"


def test_crops_are_cut_from_their_own_frame(sequence: Path) -> None:
    found = {detection.time: crop for detection, crop in MOTSequence(sequence, options()).detections()}
    fourth = np.asarray(picture(4))[20:80, 100:130]
    at = START + timedelta(seconds=0.3)
    assert np.array_equal(found[at.astimezone(UTC)], fourth)


def test_the_first_frame_is_at_the_start_and_times_are_of_utc(sequence: Path) -> None:
    first = next(iter(MOTSequence(sequence, options(per_track=10)).detections()))[0]
    times = [
        one.time for one, _ in MOTSequence(sequence, options(per_track=10)).detections() if one.track == first.track
    ]
    assert times[0] == datetime(2026, 3, 1, 0, 0, 0, 200_000, UTC)
    every = sorted(one.time for one, _ in MOTSequence(sequence, options(per_track=10)).detections())
    assert every[0] == datetime(2026, 3, 1, tzinfo=UTC)
    assert all(time.tzinfo is UTC for time in every)


def test_ids_are_unique_and_the_same_each_time(sequence: Path) -> None:
    once = [one.id for one, _ in MOTSequence(sequence, options()).detections()]
    assert once == [one.id for one, _ in MOTSequence(sequence, options()).detections()]
    assert len(set(once)) == len(once)
    later = [one.id for one, _ in MOTSequence(sequence, options(start=START + timedelta(hours=1))).detections()]
    assert not set(once) & set(later)


def test_a_stated_frame_rate_goes_before_that_of_the_file(sequence: Path) -> None:
    last = max(one.time for one, _ in MOTSequence(sequence, options(frame_rate=1, per_track=10)).detections())
    assert last == START + timedelta(seconds=9)


def test_uncertain_boxes_are_left_out(sequence: Path) -> None:
    found = list(MOTSequence(sequence, options(least_confidence=0.75)).detections())
    assert {one.track for one, _ in found} == {"20260301T000000.000000Z/1", "20260301T000000.000000Z/2"}


def test_a_confidence_that_is_not_stated_leaves_nothing_out(sequence: Path) -> None:
    (sequence / "tracks.txt").write_text("1,1,5,5,30,60,-1,-1,-1,-1\n2,1,5,5,30,60\n")
    assert len(list(MOTSequence(sequence, options()).detections())) == 2


def test_a_ground_truth_gives_the_people_that_count(sequence: Path) -> None:
    (sequence / "tracks.txt").unlink()
    (sequence / "gt").mkdir()
    (sequence / "gt" / "gt.txt").write_text(
        "1,1,5,5,30,60,1,1,0.4\n1,2,50,5,30,60,0,1,1\n1,3,90,5,30,60,1,3,1\n"  # to be ignored, and a car
    )
    found = list(MOTSequence(sequence, options()).detections())
    assert [one.box for one, _ in found] == [(5, 5, 30, 60)]


def test_crops_named_by_frame_and_track_are_taken_as_they_are(sequence: Path) -> None:
    (sequence / "crops").mkdir()
    picture(50, 20, 50).save(sequence / "crops" / "000004_2.png")
    picture(51, 20, 50).save(sequence / "crops" / "10_0001.jpg", quality=95)
    reading = MOTSequence(sequence, options())
    found = list(reading.detections())
    assert [(one.id.split("/")[-2:], crop.shape) for one, crop in found] == [
        (["2", "4"], (50, 20, 3)),
        (["1", "10"], (50, 20, 3)),
    ]
    assert [refused.where for refused in reading.refused] == ["tracks.txt:14"]


def test_a_byte_order_mark_blanks_and_empty_lines_do_no_harm(sequence: Path) -> None:
    (sequence / "tracks.txt").write_bytes(b"\xef\xbb\xbf1, 1, 5, 5, 30, 60, 1, -1, -1, -1\r\n\r\n2,1,5,5,30,60,1\r\n")
    assert len(list(MOTSequence(sequence, options()).detections())) == 2


def test_all_faults_are_told_at_once_by_their_lines(sequence: Path) -> None:
    wrong = (
        "0,1,5,5,30,60,1,-1,-1,-1", "1.5,1,5,5,30,60,1,-1,-1,-1", "11,1,5,5,30,60,1,-1,-1,-1", "1,1,5,5,30",
        "1,one,5,5,30,60,1", "1,1,nan,5,30,60,1", "1,1,5,5,-30,60,1", "1,1,5,5,0,60,1", "1,-7,5,5,30,60,1",
        "1,1,5,5,30,60,1", "1,1,6,6,30,60,1", "1e300,1,5,5,30,60,1", "1,1,5,5,30,60,1,1,1,1,1,1",
    )  # fmt: skip
    (sequence / "tracks.txt").write_text("\n".join(wrong))
    with pytest.raises(InvalidInput) as raised:
        MOTSequence(sequence, options())
    told = dict(raised.value.faults)
    assert list(told) == [f"tracks.txt:{line}" for line in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13)]
    said = (
        "whole numbers from 1", "whole numbers from 1", "has 10 frames", "5 values", "'one' is no number", "not finite",
        "swapped", "empty", "-1 for none", "line 10 already", "at most", "12 values",
    )  # fmt: skip
    for what, expected in zip(told.values(), said, strict=True):
        assert expected in what


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Sequence]\nframeRate=fast\n", "frameRate: 'fast'; a number"),
        ("[Sequence]\nframeRate=0\n", "above 0"),
        ("[Sequence]\nframeRate=nan\n", "a number"),
        ("[Sequence]\nname=gate\n", "no frame rate"),
        ("frameRate=10\n", "section"),
        ("[Other]\nframeRate=10\n", "no section"),
    ],
)
def test_a_faulty_seqinfo_is_told_by_its_key(sequence: Path, text: str, said: str) -> None:
    (sequence / "seqinfo.ini").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        MOTSequence(sequence, options())


def test_a_start_without_a_zone_is_refused(sequence: Path) -> None:
    with pytest.raises(InvalidInput, match="no zone"):
        MOTSequence(sequence, options(start=datetime(2026, 3, 1, 8)))  # noqa: DTZ001 that is what is refused


def test_a_folder_without_lines_or_pictures_is_refused(sequence: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no frames like 000001.jpg"):
        MOTSequence(sequence, options(pictures=tmp_path / "nowhere"))
    (sequence / "tracks.txt").unlink()
    with pytest.raises(UnreadableFile, match=r"tracks.txt, gt/gt.txt, det/det.txt"):
        MOTSequence(sequence, options())
    with pytest.raises(UnreadableFile, match=r"other.txt"):
        MOTSequence(sequence, options(lines=sequence / "other.txt"))


def test_boxes_and_pictures_that_give_no_crop_are_told_and_the_rest_goes_on(sequence: Path) -> None:
    (sequence / "img1" / "000002.png").write_bytes(b"no picture")
    Image.new("RGB", (160, 120)).save(sequence / "img1" / "000003.png")
    (sequence / "img1" / "000009.png").unlink()
    (sequence / "tracks.txt").write_text(
        "1,1,5,5,30,60,1\n2,1,5,5,30,60,1\n3,1,5,5,30,60,1\n4,1,900,5,30,60,1\n4,2,5,5,4,4,1\n9,3,5,5,30,60,1\n"
    )
    reading = MOTSequence(sequence, options())
    found = list(reading.detections())
    assert [one.id.split("/")[-2:] for one, _ in found] == [["1", "1"]]
    told = {refused.where: refused.why for refused in reading.refused}
    assert "no picture" in told["tracks.txt:2"]
    assert "quality" in told["tracks.txt:3"]
    assert "outside" in told["tracks.txt:4"]
    assert "shows 4 x 4" in told["tracks.txt:5"]
    assert "no picture of it" in told["tracks.txt:6"]


def test_of_a_long_track_only_a_bounded_number_of_boxes_is_looked_at(sequence: Path) -> None:
    looked_at = []

    def grade(crops: Any) -> Any:
        looked_at.append(crops[0].shape)
        return np.array([0.5], np.float32)

    for frame in range(11, 201):
        (sequence / "img1" / f"{frame:06d}.png").symlink_to(sequence / "img1" / "000001.png")
    (sequence / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\n")
    (sequence / "tracks.txt").write_text("".join(f"{frame},1,5,5,30,{60 + frame % 7},1\n" for frame in range(1, 201)))
    found = list(MOTSequence(sequence, options(per_track=2), grade).detections())
    assert len(found) == 2
    assert len(looked_at) == 8
    assert all(crop.shape == (66, 30, 3) for _, crop in found)


def test_a_sequence_can_be_read_in_one_go(sequence: Path) -> None:
    (sequence / "img1" / "000007.png").write_bytes(b"no picture")
    told: list[Refused] = []
    found = list(read_sequence(sequence, camera="gate", start=START, frames_per_s=5, refuse=told.append))
    assert len(found) == 4 + 3
    assert {refused.where for refused in told} == {"tracks.txt:7", "tracks.txt:14"}


def test_the_crops_of_a_track_show_one_person(tmp_path: Path) -> None:
    """Two people cross in front of a camera, as a tracker with boxes that are a little off saw them."""
    (tmp_path / "img1").mkdir()
    chance, view, pair = np.random.default_rng(4), viewpoints(1, 4, 0.2)[0], identities(8, 5, look_alikes=0)[2:4]
    lines = []
    for number in range(1, 13):
        across = 20 * number
        placed = [
            Placed(pair[0], Pose(0.5 * number, 90), 40 + across, 230, 130),
            Placed(pair[1], Pose(0.5 * number, 270), 360 - across, 200, 110),
        ]
        pixels, boxes = drawn_frame(view, (400, 260), placed, chance)
        Image.fromarray(pixels).save(tmp_path / "img1" / f"{number:06d}.jpg", quality=92)
        for track, box in enumerate(boxes, 7):
            sides = ",".join(f"{side:.1f}" for side in np.add(box, chance.normal(0, 1.5, 4)))
            lines.append(f"{number},{track},{sides},0.9,-1,-1,-1")
    (tmp_path / "tracks.txt").write_text("\n".join(lines))
    found = list(read_sequence(tmp_path, camera="gate", start=START, frames_per_s=2))
    assert [str(one.track).split("/")[-1] for one, _ in found] == ["7"] * 4 + ["8"] * 4
    vectors = StripeHistogram().embed([crop for _, crop in found])
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    assert (likeness.argmax(axis=1) // 4).tolist() == [0] * 4 + [1] * 4


def test_boxes_that_somebody_nearer_covers_are_kept_last(sequence: Path) -> None:
    """Track 1 is behind track 2 in frames 4 to 9, and is larger there."""
    lines = [
        f"{frame},1,50,10,{40 if 3 < frame < 10 else 30},{80 if 3 < frame < 10 else 60},1" for frame in range(1, 11)
    ]
    lines += [f"{frame},2,55,20,30,75,1" for frame in range(4, 10)]
    (sequence / "tracks.txt").write_text("\n".join(lines))
    found = list(MOTSequence(sequence, options(per_track=3)).detections())
    ids = [one.id.split("/")[-2:] for one, _ in found]
    assert {frame for track, frame in ids if track == "1"} <= {"1", "2", "3", "10"}
    assert {track for track, _ in ids} == {"1", "2"}


@pytest.mark.parametrize(
    ("boxes", "shares"),
    [
        ([(0, 0, 10, 10)], [1]),
        ([(0, 0, 10, 10), (0, 5, 10, 10)], [0.5, 1]),
        ([(0, 5, 10, 10), (0, 0, 10, 10)], [1, 0.5]),
        ([(0, 0, 10, 10), (0, 0, 10, 10)], [1, 1]),
        ([(0, 0, 10, 10), (20, 5, 10, 10)], [1, 1]),
        ([(0, 0, 10, 10), (-5, -5, 30, 30), (5, 0, 10, 11)], [0, 1, 0]),
    ],
)
def test_what_is_shown_of_a_box_is_what_no_nearer_one_covers(boxes: list[Any], shares: list[float]) -> None:
    lines = [TrackLine(number, 1, number, box, 1.0) for number, box in enumerate(boxes, 1)]
    assert list(shown_shares(lines).values()) == pytest.approx(shares)
    apart = [line._replace(frame=line.line) for line in lines]
    assert set(shown_shares(apart).values()) == {1.0}
