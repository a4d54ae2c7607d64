"""Requests in every form, odd ones, and ones from where they must not come."""

import asyncio
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground import ApiError, Playground
from bot.playground.parameters import Parameters, from_form, from_json
from bot.playground.web import is_loopback, is_own_origin


@pytest.mark.parametrize("form", ["query", "form", "multipart", "json"])
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_parameters_come_in_every_form(
    playground: Playground, web: httpx.AsyncClient, you: int, form: str, verb: str
) -> None:
    values = {"chat_id": str(you), "text": "ñandú & 🦜 + 100 %"}
    forms: dict[str, dict[str, Any]] = {
        "query": {"params": values},
        "form": {"data": values},
        "multipart": {"files": {name: (None, value) for name, value in values.items()}},
        "json": {"json": {**values, "chat_id": you}},
    }
    answer = await web.request(verb, f"/bot{playground.token}/sendMessage", **forms[form])
    assert answer.json()["result"]["text"] == values["text"]


@pytest.mark.parametrize("name", ["getMe", "GETME", "getme"])
async def test_method_names_are_the_same_in_any_case(playground: Playground, web: httpx.AsyncClient, name: str) -> None:
    answer = (await web.get(f"/bot{playground.token}/{name}")).json()
    assert answer["result"]["username"] == "cotorra_bot"


async def test_a_wrong_token_is_unauthorized(playground: Playground, web: httpx.AsyncClient) -> None:
    for token in ("1:x", "x", playground.token + "x", "%C3%A9"):
        answer = await web.get(f"/bot{token}/getMe")
        assert answer.status_code == 401
        assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_unknown_method_is_not_found(playground: Playground, web: httpx.AsyncClient) -> None:
    answer = await web.get(f"/bot{playground.token}/sendPigeon")
    assert answer.status_code == 404
    assert answer.json()["description"] == "Not Found: method not found"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=b"),
        (b"chat_id=%ff&text=x", "application/x-www-form-urlencoded"),
        (b"x", "text/plain"),
        (b'{"chat_id": 1e999, "text": "x"}', "application/json"),
        (b'{"chat_id": {}, "text": []}', "application/json"),
    ],
)
async def test_odd_bodies_are_bad_requests(
    playground: Playground, web: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    headers = {"Content-Type": kind}
    answer = await web.post(f"/bot{playground.token}/sendMessage", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


@pytest.mark.parametrize(
    "values",
    [
        {"offset": "x"},
        {"offset": "9" * 30},
        {"timeout": "1.5"},
        {"allowed_updates": "{"},
        {"allowed_updates": "7"},
        {"allowed_updates": "[1]"},
        {"allowed_updates": "[" * 50_000},
        {"limit": "٣"},
    ],
)
async def test_values_of_the_wrong_type_are_refused(
    playground: Playground, web: httpx.AsyncClient, values: dict[str, str]
) -> None:
    answer = await web.post(f"/bot{playground.token}/getUpdates", data=values)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/static/..%2f..%2fserver.py", "/%2e%2e/%2e%2e/server.py", "/static/%00", "//etc/passwd"],
)
async def test_no_path_leads_out_of_the_pages_folder(
    playground: Playground, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As they stand: a client that is a browser would tidy them up."""
    address = urlsplit(playground.page_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    with closing(writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    assert answer.split()[1] in (b"403", b"404")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "path", ["/", "/socket", "/bot{token}/getMe", "/file/bot{token}/x", "/media/x", "/no/such/page"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_foreign_hosts_and_origins_are_refused_everywhere(
    playground: Playground, web: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await web.get(path.format(token=playground.token), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_picture_in_a_page_of_another_site_asks_the_bot_api_nothing(
    playground: Playground, web: httpx.AsyncClient, site: str
) -> None:
    path = f"/bot{playground.token}/sendMessage?chat_id={playground.world.you.id}&text=gotcha"
    assert (await web.get(path, headers={"Sec-Fetch-Site": site})).status_code == 403
    assert len(playground.calls) == 0
    assert (await web.get("/", headers={"Sec-Fetch-Site": site})).status_code == 200  # a link may be followed
    typed = await web.get(f"/bot{playground.token}/getMe", headers={"Sec-Fetch-Site": "none"})
    assert typed.status_code == 200


@pytest.mark.parametrize(("host", "status"), [("evil.example", b"403"), ("127.0.0.1", b"404")])
async def test_what_is_no_path_at_all_is_refused_to_foreign_hosts_too(
    playground: Playground, host: str, status: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(playground.api_base_url).port)
    writer.write(f"GET * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == status
    writer.close()
    await writer.wait_closed()


async def test_a_socket_opens_for_the_own_page_only(playground: Playground, web: httpx.AsyncClient) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    foreign = await web.get("/socket", headers={**upgrade, "Origin": "http://localhost:1"})
    assert foreign.status_code == 403
    async with web.stream("GET", "/socket", headers={**upgrade, "Origin": playground.api_base_url}) as own:
        assert own.status_code == 101


async def test_the_page_carries_a_strict_policy(web: httpx.AsyncClient) -> None:
    answer = await web.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    assert (await web.get("/../playground.py")).status_code in (403, 404)
    assert (await web.get("/%2e%2e/playground.py")).status_code in (403, 404)


def test_only_this_machine_is_loopback() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1:80", "[::1]:80", "127.8.8.8"))
    assert not any(is_loopback(host) for host in ("", "x", "localhost.evil", "10.0.0.1", "[::2]", "[", "0x7f.1"))
    assert is_own_origin("http://localhost:80", "localhost:80")
    assert not is_own_origin("https://localhost:80", "localhost:80")


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
SCALARS = st.text(st.characters(codec="utf-8")) | st.integers() | st.booleans()


@given(st.dictionaries(NAMES, SCALARS | st.lists(SCALARS)))
def test_json_values_become_text_that_reads_back(values: dict[str, Any]) -> None:
    texts = from_json(json.dumps(values).encode())
    assert texts.keys() == values.keys()
    for name, value in values.items():
        assert texts[name] == value if isinstance(value, str) else json.loads(texts[name]) == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_number_is_read(number: int) -> None:
    assert Parameters({"n": str(number)}).integer("n") == number


@given(st.text() | st.integers(min_value=2**63).map(str))
def test_whatever_is_given_for_a_number_is_read_or_refused(value: str) -> None:
    try:
        number = Parameters({"n": value}).integer("n", 0)
    except ApiError:
        return
    assert -(2**63) <= number < 2**63


@given(st.dictionaries(NAMES, st.lists(st.binary(), max_size=3)))
def test_any_form_is_read_or_refused(arguments: dict[str, list[bytes]]) -> None:
    last = {name: values[-1] for name, values in arguments.items() if values}
    try:
        values = from_form(arguments).values
    except ApiError:
        assert any("\ufffd" in value.decode(errors="replace") for value in last.values())
        return
    assert {name: value.encode() for name, value in values.items()} == last


@given(st.binary())
def test_any_json_body_is_read_or_refused(body: bytes) -> None:
    try:
        values = from_json(body)
    except ApiError:
        return
    assert all(isinstance(value, str) for value in values.values())
