"""Path mapping rules of Open Job Description, judged by its own library too."""

from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath

import pytest

from nle_style.errors import InputError
from nle_style.render.farm import PathRules, read_path_rules
from nle_style.render.farm.path_rules import PathRule, Uri


def test_path_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text("{}")
    assert read_path_rules(path) == PathRules()
    rules = [
        {"source_path_format": kind, "source_path": source, "destination_path": destination}
        for kind, source, destination in (
            ("POSIX", "/mnt/a", "/sessions/1"),
            ("POSIX", "/mnt/a/b", "/sessions/2"),
            ("WINDOWS", "P:\\shows", "/sessions/3"),
            ("URI", "s3://Bucket/show", "/sessions/4"),
            ("uri", "s3://bucket/show/plates/", "/sessions/5"),
        )
    ]
    path.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": rules}))
    read = read_path_rules(path)
    assert read.here("/mnt/a/x.mov") == "/sessions/1/x.mov"
    assert read.here("/mnt/a/b/x.mov") == "/sessions/2/x.mov"
    assert read.here("/mnt/ab/x.mov") == "/mnt/ab/x.mov"
    assert read.here("p:\\Shows\\s1\\x.mov") == "/sessions/3/s1/x.mov"
    assert read.here("S3://BUCKET/show/a/x%20y.mov") == "/sessions/4/a/x%20y.mov"
    assert read.here("s3://bucket/show/plates/x.mov") == "/sessions/5/x.mov"
    assert read.here("s3://bucket/show") == "/sessions/4"
    for other in ("s3://bucket/shows/x.mov", "s3://bucket/Show/x.mov", "s3://other/show/x.mov"):
        assert read.here(other) == other
    assert read.at_home("file:///sessions/4/x.mov") == "s3://Bucket/show/x.mov"
    assert read.at_home("file:///sessions/2/x%20y.mov /sessions/1/z") == (
        "file:///mnt/a/b/x%20y.mov /mnt/a/z"
    )
    assert (
        PathRules((PathRule(PureWindowsPath("P:\\shows"), Path("/s")),)).at_home("file:///s/x.mov")
        == "file:///P:/shows/x.mov"
    )
    no_uri = {**rules[0], "source_path_format": "URI"}
    for version, wrong in (("2.0", []), ("1.0", [no_uri])):
        data = {"version": f"pathmapping-{version}", "path_mapping_rules": wrong}
        path.write_text(json.dumps(data))
        with pytest.raises(InputError, match="path mapping rules"):
            read_path_rules(path)


@pytest.mark.parametrize(
    "source", ["s3://Bucket/show", "s3://bucket/show/", "file:///mnt", "s3://b"]
)
@pytest.mark.parametrize(
    "path",
    [
        *("s3://bucket/show/a b/x%20y.mov", "S3://BUCKET/show/x", "s3://bucket/show", "s3://b/x"),
        *(
            "s3://bucket/shows/x",
            "s3://bucket/Show/x",
            "file:///mnt/x.mov",
            "/mnt/x.mov",
            "s3:/b/x",
        ),
    ],
)
def test_a_uri_is_mapped_as_openjd_does(source: str, path: str) -> None:
    sessions = pytest.importorskip("openjd.sessions")
    rule = {"source_path_format": "URI", "source_path": source, "destination_path": "/here"}
    # Of a source with a slash at its end openjd maps nothing that lies below: a prefix is meant.
    mapped = sessions.PathMappingRule.from_dict({**rule, "source_path": source.rstrip("/")})
    ours = PathRules((PathRule(Uri(source), Path("/here")),))
    assert ours.here(path) == mapped.apply(path=path)[1]
