"""Known attacks on servers of one's own machine, against the real server.

ComfyUI #4850 (no check against other sites' requests), #12860 (Host equal to Origin does not help
against DNS rebinding), #13245 (`Origin: null`); its PR #14734 (paths, scripts in SVG).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.desk.server.locked import MOST_BODY
from tests.desk.desks import desk_on
from tests.desk.review.cuts import write_cut
from tests.desk.server.visiting import Visitor, served


@pytest.fixture(scope="module")
def stranger(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_text("nobody's business")
    with served(desk_on(write_cut(folder, Fraction(24)), tiny_pack, folder / "out")) as visitor:
        yield visitor


@pytest.fixture
def page(stranger: Visitor) -> Visitor:
    """A page of the desk, in a browser that was given the address."""
    visitor = Visitor(stranger.keys, {"Sec-Fetch-Site": "same-origin"})
    visitor.headers = {"Sec-Fetch-Site": "none"}
    visitor.enter()
    visitor.headers["Sec-Fetch-Site"] = "same-origin"
    return visitor


def test_a_page_of_its_own_gets_in(page: Visitor) -> None:
    assert page.get("/api/project").json()["name"] == "cut.otio"
    assert page.post("/api/undo").status == 200
    assert page.get("/api/project", Host=f"localhost:{page.keys.port}").status == 200


def test_the_token_opens_one_browser_and_leaves_the_address(stranger: Visitor) -> None:
    path = "/" + stranger.keys.address().split("/", 3)[3]
    first = stranger.get(path)
    assert (first.status, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert stranger.get(path).status == 403
    assert stranger.get("/?token=").status == 403
    stranger.keys.address()
    assert stranger.get(path).status == 403


@pytest.mark.parametrize(
    "path",
    ["/", "/api/project", "/api/events", "/media/frame/s0001/5?h=90", "/static/app.js", "/nothing"],
)
@pytest.mark.parametrize("cookie", [None, "nle_style_desk_{port}=wrong", "\x01=;;;", "a=b"])
def test_without_the_cookie_nothing_is_told(
    stranger: Visitor, path: str, cookie: str | None
) -> None:
    cookie = cookie and cookie.replace("{port}", str(stranger.keys.port))
    answer = stranger.get(path, Cookie=cookie)
    assert answer.status == 403
    assert b"s0001" not in answer.body


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", "", None,
     "127.0.0.1:{port}.evil.example", "localhost.evil.example:{port}", "127.0.0.1:{port}@evil"],
)  # fmt: skip
def test_a_name_that_was_rebound_to_this_machine_is_not_served(
    page: Visitor, host: str | None
) -> None:
    """The browser sends the cookie, and the page's own origin equals the host that it asks for."""
    named = host and host.replace("{port}", str(page.keys.port))
    answer = page.get("/api/project", Host=named, Origin=f"http://{named}")
    assert answer.status in (400, 421)
    assert b"s0001" not in answer.body


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", "http://evil.example", "http://127.0.0.1", "file://",
     "http://localhost:{port}", "https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example"],
)  # fmt: skip
def test_another_page_cannot_ask_with_the_cookie(page: Visitor, origin: str) -> None:
    origin = origin.replace("{port}", str(page.keys.port))
    before = page.get("/api/project").json()
    data = {"shots": ["s0001"], "look": {"styles": {"blue": 1}}}
    assert page.post("/api/looks", data, Origin=origin).status == 403
    assert page.get("/api/project", Origin=origin).status == 403
    assert page.get("/api/project").json() == before


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_what_the_browser_says_of_the_asking_site_counts(page: Visitor, site: str) -> None:
    assert page.get("/api/project", Sec_Fetch_Site=site, **{"Sec-Fetch-Site": site}).status == 403
    assert page.post("/api/cancel", **{"Sec-Fetch-Site": site}).status == 403


def test_a_form_of_another_site_is_no_request(page: Visitor) -> None:
    """What a form can send without asking first: no JSON, perhaps no Origin."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        assert page.post("/api/undo", **{"Content-Type": kind}).status == 415
    assert page.post("/api/undo", Origin=None).status == 403


def test_no_answer_allows_another_origin_and_each_is_locked(page: Visitor) -> None:
    for path in ("/", "/api/project", "/media/frame/s0001/5?h=90", "/nothing"):
        headers = {name.lower(): value for name, value in page.get(path).headers.items()}
        assert not any(name.startswith("access-control-") for name in headers)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    ["/static/../secret.txt", "/static/..%2f..%2fsecret.txt", "/static/%2e%2e/secret.txt",
     "/static//etc/passwd", "/static/..\\secret.txt", "/static/index.html%00.js",
     "/media/frame/..%2f..%2fsecret.txt/0?h=90", "/media/frame/%2fetc%2fpasswd/0?h=90",
     "/media/frame/s0001/-1?h=90", "/media/frame/s0001/5?h=99999", "/media/frame/s0001/1e9?h=90",
     "/media/frame/s0001/99999999999?h=90", "/media/painted/s0001/5?h=270&styles=../../x",
     "/media/painted/s0001/5?h=270&styles=blue&stroke_scale=nan",
     "/api/shots/..%2f/styles", "//evil.example/%2f.."],
)  # fmt: skip
def test_no_path_leads_to_a_file_and_no_number_too_far(page: Visitor, path: str) -> None:
    answer = page.get(path)
    assert answer.status in (400, 404)
    assert b"business" not in answer.body
    assert b"root:" not in answer.body


def test_bodies_are_bounded(page: Visitor) -> None:
    large = "x" * (MOST_BODY + 1)
    assert page.post("/api/looks", {"shots": [large]}).status == 413
    json = {"Content-Type": "application/json", "Origin": page.origin}
    unsized = {**json, "Content-Length": None, "Transfer-Encoding": "chunked"}
    assert page.ask("POST", "/api/undo", "0\r\n\r\n", unsized).status == 413
    assert page.post("/api/looks", [1]).status == 400
    assert page.ask("POST", "/api/looks", "[" * 50_000, json).status == 400


def test_only_this_machine_is_listened_to(stranger: Visitor) -> None:
    """The socket is bound to 127.0.0.1: other addresses of this machine do not answer."""
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in {*others, "127.0.0.2"} - {"127.0.0.1"}:
        family = socket.AF_INET6 if ":" in str(address) else socket.AF_INET
        with socket.socket(family) as line:
            line.settimeout(2)
            assert line.connect_ex((address, stranger.keys.port)) != 0


def test_methods_that_no_route_has_do_nothing(page: Visitor) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        headers = {"Content-Type": "application/json", "Origin": page.origin}
        assert page.ask(method, "/api/looks", "{}", headers).status in (404, 405)
