"""Whatever JSON there is, in whatever bytes: it costs at most the rows that are bad."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
import json
import math
from typing import Any, Final

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.telldus_pa.pa_api import (
    Command,
    Credentials,
    Device,
    Gateway,
    InvalidResponseError,
    Method,
    Profile,
    RateLimiter,
    Room,
    Sensor,
    SensorHistoryEntry,
    SensorValue,
    TelldusClient,
    TelldusError,
)
from custom_components.telldus_pa.pa_api.models import HistoryEntry
from custom_components.telldus_pa.pa_api.parsing import (
    Json,
    parse_rows,
    to_flag,
    to_id,
    to_integer,
    to_list,
    to_names,
    to_number,
    to_number_or_text,
    to_object,
    to_objects,
    to_text,
    to_time,
)

from .conftest import Clock, utc
from .rows import DEVICE, SENSOR, is_sound, leaves
from .strategies import (
    ANY_JSON,
    ANY_OBJECT,
    DEVICES,
    GATEWAY,
    GATEWAYS,
    NUMBERS,
    PROFILES,
    REPEATABLE,
    ROOM,
    ROOMS,
    ROWS,
    SENSORS,
    WORDS,
)

NAN: Final = float("nan")
type Parse = Callable[[Json], object]

PARSERS: Final[tuple[Parse, ...]] = (
    *(Device.from_dict, Sensor.from_dict, Gateway.from_dict),
    *(
        Room.from_dict,
        Profile.from_dict,
        HistoryEntry.from_dict,
        SensorHistoryEntry.from_dict,
    ),
    lambda row: SensorValue.from_dict(row, None),
)
# Rows that are right, and what reads them
GOOD: Final[tuple[tuple[dict[str, Any], Parse], ...]] = (
    (DEVICE, Device.from_dict),
    (SENSOR, Sensor.from_dict),
    (GATEWAY, Gateway.from_dict),
    (ROOM, Room.from_dict),
)


def unsound(value: object) -> list[object]:
    """Return what of something parsed cannot be kept, shown or counted with."""
    return [leaf for leaf in leaves(value) if not is_sound(leaf)]


def outcome[T](parse: Callable[[Any], T], value: object) -> T | str:
    """Return what is parsed, or what is said of it instead: ValueError and no other."""
    try:
        return parse(value)
    except ValueError as err:
        return f"refused: {err}"


# Values


@settings(REPEATABLE, max_examples=150)
@given(ANY_JSON)
@example(NAN)
@example(10**4000)
@example("9" * 5000)
@example('{"a":' * 100_000)
def test_any_value(value: object) -> None:
    """Every value is understood as what it can be, the same each time."""
    for parse in (to_text, to_number, to_integer, to_number_or_text, to_time, to_names):
        parsed = outcome(parse, value)
        assert not unsound(parsed), parse
        assert outcome(parse, value) == parsed
    assert to_flag(value, default=True) in (True, False)
    assert to_flag(value, default=True) or not to_flag(value, default=False)
    assert isinstance(to_list(value), list)
    assert all(isinstance(entry, dict) for entry in to_objects(value))
    assert isinstance(to_object(value), dict)


@settings(REPEATABLE, max_examples=300)
@given(ANY_JSON)
@example(10**4000)
@example(True)
def test_any_id(value: object) -> None:
    """An id is a text of one line, or there is none."""
    found = outcome(lambda row: to_id(row, "id"), {"id": value})
    assert not unsound(found)
    if not found.startswith("refused: "):
        assert found.isprintable()
        assert found == str(value).strip()


# Rows


@settings(REPEATABLE, max_examples=150)
@given(ROWS)
def test_any_row(row: Json) -> None:
    """A row is understood or refused, and what is understood can be kept and shown."""
    for parse in PARSERS:
        parsed = outcome(parse, row)
        assert not unsound(parsed), parse
        # The same each time; nothing that is not equal to itself
        assert outcome(parse, row) == parsed, parse
        assert row == json.loads(json.dumps(row)), "changed while it was read"


@settings(REPEATABLE, max_examples=300)
@given(st.lists(ROWS | ANY_JSON, max_size=6), st.data())
def test_good_rows_beside_bad_ones(rows: list[Any], data: st.DataObject) -> None:
    """A good row is kept wherever it stands, and is what it would be alone."""
    row, parse = data.draw(st.sampled_from(GOOD))
    good = [row | {"id": f"good {number}"} for number in range(2)]
    for one in good:
        rows.insert(data.draw(st.integers(0, len(rows))), one)
    # A list with gaps, as PHP writes it
    listed = data.draw(
        st.sampled_from((rows, {str(n): one for n, one in enumerate(rows)}))
    )

    parsed, complaints = parse_rows(listed, parse)

    alone = [outcome(parse, one) for one in rows if isinstance(one, dict)]
    kept = [one for one in alone if not isinstance(one, str)]
    assert list(parsed) == kept
    for one in good:
        assert parse(one) in parsed
    assert len(parsed) + len(complaints) == len(rows)
    assert not unsound((*parsed, *complaints))


@settings(REPEATABLE, max_examples=300)
@given(ANY_JSON)
def test_any_list(rows: object) -> None:
    """Whatever stands where a list should be, it is read or refused as a whole."""
    for parse in PARSERS:
        found = outcome(partial(parse_rows, parse=parse), rows)
        if isinstance(found, tuple):
            parsed, complaints = found
            assert parsed or not complaints
            assert not unsound(found)


# Bytes


@dataclass
class Anything:
    """A server that answers everything with the same bytes."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
async def anything(socket_enabled: None) -> AsyncGenerator[Anything]:
    """Run a server that knows nothing."""
    told = Anything()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=told.body, status=told.status, headers=told.headers)

    app = web.Application()
    app.router.add_get("/json/{function:.+}", answer)
    server = TestServer(app)
    await server.start_server()
    told.url = str(server.make_url("/")).rstrip("/")
    yield told
    await server.close()


type Ask = Callable[[str, bytes, int], Awaitable[object]]


@pytest.fixture
def ask(
    anything: Anything,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    clock: Clock,
) -> Ask:
    """Return a function that calls one of the client's, which some bytes answer."""

    async def call(what: str, body: bytes, status: int = 200) -> object:
        anything.body, anything.status = body, status
        # What the limit does is another matter.
        client = TelldusClient(session, anything.url, credentials, RateLimiter(clock))
        on = Command("1", Method.TURNON)
        try:
            match what:
                case "command":
                    await client.command(lambda: on)
                    return None
                case "history":
                    return await client.device_history("1", utc(0))
                case "sensor_history":
                    return await client.sensor_history("1", utc(0), utc(1))
                case "inventory":
                    return tuple(
                        row.device for row in await client.devices_with_parameters()
                    )
                case "profile":
                    return await client.profile()
                case "devices":
                    return (await client.devices()).rows
                case "sensors":
                    return (await client.sensors()).rows
                case "gateways":
                    return (await client.gateways()).rows
                case _:
                    return (await client.rooms()).rows
        except TelldusError as err:
            # It can be logged and shown.
            str(err).encode()
            return err

    return call


CALLS: Final = (
    *("devices", "sensors", "gateways", "rooms", "profile", "history", "command"),
    *("sensor_history", "inventory"),
)
ANSWERS: Final[st.SearchStrategy[Any]] = st.one_of(
    *(
        st.fixed_dictionaries({key: st.lists(rows | ANY_JSON, max_size=3)})
        for key, rows in (
            ("device", DEVICES),
            ("sensor", SENSORS),
            ("client", GATEWAYS),
            ("room", ROOMS),
        )
    ),
    PROFILES,
    ANY_JSON,
    ANY_OBJECT,
    st.builds(
        lambda error, code: {"error": error, "code": code},
        st.sampled_from(WORDS) | ANY_JSON,
        st.sampled_from(NUMBERS) | ANY_JSON,
    ),
    ANY_JSON.map(lambda status: {"status": status}),
)
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1")
BODIES: Final[st.SearchStrategy[bytes]] = st.binary(max_size=50) | st.builds(
    lambda answer, encoding, ascii_only, cut: json.dumps(
        answer, ensure_ascii=ascii_only
    ).encode(encoding, errors="surrogatepass" if encoding[0] == "u" else "replace")[
        :cut
    ],
    ANSWERS,
    st.sampled_from(ENCODINGS),
    st.booleans(),
    st.none() | st.integers(0, 200),
)
DEEP: Final = b"[" * 100_000
DIGITS: Final = b"9" * 5000


@settings(REPEATABLE, max_examples=300)
@given(st.sampled_from(CALLS), BODIES, st.sampled_from((200, 200, 200, 400, 401, 503)))
async def test_any_body(ask: Ask, what: str, body: bytes, status: int) -> None:
    """Whatever bytes come, there are sound rows or an error of ours."""
    found = await ask(what, body, status)

    if isinstance(found, TelldusError):
        return
    assert status == 200
    assert not unsound(found)


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        *(DEEP, b'{"a":' * 100_000, DEEP + b"]" * 100_000),
        *(DIGITS, b"-" + DIGITS, b'{"error": %b}' % DIGITS),
        *(b"NaN", b"[NaN, Infinity, -Infinity]", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00"),
        *(
            b'{"device": 1}',
            b'"\\ud800"',
            b"\xed\xa0\x80",
            b"1e999",
            b"{" + b" " * 10**7,
        ),
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_odd_bodies(ask: Ask, what: str, body: bytes) -> None:
    """What no server should ever send is an error of ours."""
    assert isinstance(await ask(what, body, 200), TelldusError)


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    "code",
    [
        *(b"NaN", b"1e999", b"[[3]]", b"null", b'"3\\ud800"', DIGITS, b"-3"),
        *(b"[" * 1000 + b"]" * 1000, b"[" * 9000 + b"]" * 9000, b"3.0"),
    ],
    ids=lambda code: repr(code[:12]),
)
async def test_odd_codes(ask: Ask, code: bytes, status: int) -> None:
    """A reason is told whatever its number is."""
    body = b'{"error": "No such device", "code": %b}' % code
    found = await ask("devices", body, status)

    assert isinstance(found, TelldusError)
    assert str(found) == "No such device"


@pytest.mark.parametrize("place", ["id", "state", "methods", "name", "more"])
@pytest.mark.parametrize(
    "value",
    [DIGITS, b"-" + DIGITS, b"NaN", b"-Infinity", b"1e999", b"1" + b"0" * 4000],
    ids=lambda value: repr(value[:12]),
)
async def test_a_number_that_is_none_costs_its_row_at_most(
    ask: Ask, place: str, value: bytes
) -> None:
    """A number beyond all size does not make the whole list unintelligible."""
    bad = json.dumps(DEVICE | {"id": "1", place: "HERE"}).encode()
    bad = bad.replace(b'"HERE"', value)
    body = b'{"device": [%b, %b]}' % (bad, json.dumps(DEVICE).encode())

    found = await ask("devices", body, 200)

    assert isinstance(found, tuple)
    assert found[-1] == Device.from_dict(DEVICE)
    assert len(found) == (1 if place == "id" else 2)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_encodings(ask: Ask, encoding: str) -> None:
    """Every encoding that JSON may come in is read; any other costs a few characters."""
    row = DEVICE | {"name": "Åke's lamp"}
    body = json.dumps({"device": [row]}, ensure_ascii=False).encode(encoding)
    found = await ask("devices", body, 200)

    if encoding == "latin-1":
        row["name"] = "\ufffdke's lamp"
    assert found == (Device.from_dict(row),)


async def test_truncated_anywhere(ask: Ask) -> None:
    """An answer that is cut short is none, wherever it was cut."""
    row = {"id": "1", "client": "2", "name": "Åke \U0001f4a1", "methods": 3}
    body = json.dumps({"device": [row, row | {"id": "2"}]}, ensure_ascii=False).encode()
    for length in range(len(body)):
        found = await ask("devices", body[:length], 200)
        assert isinstance(found, InvalidResponseError), length
    assert isinstance(await ask("devices", body, 200), tuple)


@settings(REPEATABLE, max_examples=100)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
@example("nan")
@example("1e400")
@example("9" * 30)
async def test_any_retry_after(anything: Anything, ask: Ask, value: str) -> None:
    """Whatever stands in Retry-After, the wait is one that can be waited for."""
    try:
        anything.headers = {"Retry-After": value.strip()}
        found = await ask("devices", b"", 429)
    finally:
        anything.headers = {}
    assert isinstance(found, TelldusError)
    wait = getattr(found, "retry_after", 10.0)
    assert math.isfinite(wait)
    assert 10 <= wait <= 3600
