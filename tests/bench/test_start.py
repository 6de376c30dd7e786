"""What counts as shown, and the table that says so."""

import logging
from typing import Any
from urllib.parse import urlsplit

import pytest
import tellduslive  # type: ignore[import-untyped]  # brings no types

from bench.__main__ import choose
from bench.integrations import (
    CoreIntegration,
    IntegrationUnderTest,
    Row,
    ThisIntegration,
)
from bench.log import reasons
from bench.request_log import request_lines
from bench.start import (
    NO_ENTITY,
    StartResult,
    details,
    line,
    replacement_states,
    rows_of,
    shown_since,
    states_of,
)
from bench.table import table
from e2e.log import Record
from e2e.run_with_tellduslive import point_at
from simulator import LoggedRequest, generated_home

OURS, CORE = ThisIntegration(), CoreIntegration()
DEVICE, SENSOR = Row("device", "7"), Row("sensor", "8")


def state(entity_id: str, text: str, second: int = 0) -> dict[str, Any]:
    """Return a state as the websocket gives it."""
    changed = f"1970-01-01T00:00:{second:02}+00:00"
    return {"entity_id": entity_id, "state": text, "last_changed": changed}


def request(path: str, status: int = 200) -> LoggedRequest:
    """Return a request as the simulator keeps it."""
    return LoggedRequest(0, "GET", path, {}, "demo", status)


def record(message: str) -> Record:
    """Return a warning."""
    return Record("", logging.WARNING, "tellduslive", message)


@pytest.mark.parametrize(
    ("integration", "unique_id", "row"),
    [
        (OURS, "bench_device_7", DEVICE),
        (OURS, "bench_device_7_learn", DEVICE),
        (OURS, "bench_sensor_8_temp_0", SENSOR),
        (OURS, "bench_gateway_7_connectivity", None),
        (OURS, "other_device_7", None),
        (CORE, "7", DEVICE),
        (CORE, "_8-temp-0", SENSOR),
        (CORE, "hub", None),
    ],
)
def test_row_of(
    integration: IntegrationUnderTest, unique_id: str, row: Row | None
) -> None:
    """An entity's unique id names the row that it shows."""
    assert integration.row_of(unique_id) == row


def test_rows_of() -> None:
    """Devices and sensors are rows, whatever shows them."""
    rows = rows_of(generated_home(4, 0))
    assert [row.kind for row in rows] == ["device"] * 4 + ["sensor"] * 2
    assert Row("device", "3000001") in rows
    assert Row("sensor", "1600000002") in rows


def test_states_of() -> None:
    """Only entities of the contestant count, and only those that have a state."""
    registry = [
        {"platform": platform, "unique_id": unique_id, "entity_id": entity_id}
        for platform, unique_id, entity_id in (
            ("tellduslive", "7", "light.lamp"),
            ("tellduslive", "_8-temp-0", "sensor.one"),
            ("tellduslive", "_8-humidity-0", "sensor.two"),
            ("tellduslive", "9", "switch.disabled"),
            ("other", "7", "switch.other"),
        )
    ]
    entity_ids = ("light.lamp", "sensor.one", "sensor.two", "switch.other")
    states = {entity_id: state(entity_id, "on") for entity_id in entity_ids}
    assert states_of(CORE, registry, states) == {
        DEVICE: [states["light.lamp"]],
        SENSOR: [states["sensor.one"], states["sensor.two"]],
    }


@pytest.mark.parametrize(
    ("states", "since"),
    [
        ([], None),
        ([state("light.a", "off", 3)], 3),
        ([state("light.a", "unavailable", 3)], None),
        ([state("light.a", "unknown", 3)], None),
        # Never pressed is all that there is to say.
        ([state("button.a", "unknown", 3)], 3),
        ([state("event.a", "unknown", 3)], 3),
        ([state("button.a", "unavailable", 3)], None),
        # The first that shows something counts.
        (
            [
                state("sensor.a", "unknown", 1),
                state("sensor.b", "1", 5),
                state("sensor.c", "1", 4),
            ],
            4,
        ),
    ],
)
def test_shown_since(states: list[dict[str, Any]], since: float | None) -> None:
    """A row is shown since one of its entities shows something."""
    assert shown_since(states) == since


def test_instead() -> None:
    """What is there in place of a state is told, each once."""
    assert replacement_states([]) == NO_ENTITY
    states = ("unknown", "unavailable", "unknown")
    assert (
        replacement_states(state("light.a", text) for text in states)
        == "unavailable, unknown"
    )


def test_report() -> None:
    """A line has the counts, the details have the reasons."""
    requests = [
        request("json/devices/list"),
        request("json/device/info"),
        request("json/device/info", 429),
    ]
    hidden = {
        Row("device", "1"): NO_ENTITY,
        Row("device", "2"): "unknown",
    }
    shown = {DEVICE: 1.04, Row("device", "3"): 0.5, SENSOR: 10.0}
    result = StartResult(CORE, shown, hidden, requests, [record("no")])
    assert line(result) == [
        *("4 devices, 1 sensor", "tellduslive"),
        *("2 of 4 in 1.0 s", "1 of 1 in 10.0 s", "3", "1", "1"),
    ]
    assert request_lines(requests) == [
        "asked:     2 × device/info, 1 refused",
        "asked:     1 × devices/list",
    ]
    assert details(result).splitlines() == [
        "tellduslive, 4 devices, 1 sensor",
        "  asked:     2 × device/info, 1 refused",
        "  asked:     1 × devices/list",
        "  not shown: 1 × device with no entity",
        "  not shown: 1 × device that is unknown",
        "  logged:    1 × no",
    ]
    nothing = StartResult(CORE, {}, {DEVICE: NO_ENTITY}, [], [])
    assert line(nothing)[2:4] == ["0 of 1", "0 of 0"]


def test_reasons() -> None:
    """What is different each time is left out, and of a traceback all but its end."""
    failed = "Failed request: 429 Client Error for url: http://127.0.0.1:1/json/x?id={}"
    trace = "Error adding entity light.{}\nTraceback:\n  File x\nAttributeError: no"
    mine = [record(text.format(one)) for text in (failed, trace) for one in ("a", "b")]
    assert reasons([*mine, mine[0], record("Error adding light.a_1 now")]) == [
        ("Failed request: 429 Client Error", 3),
        ("AttributeError: no", 2),
        ("Error adding light.… now", 1),
    ]


def test_table() -> None:
    """Words are set to the left, counts to the right."""
    assert table(("a", "b", "count"), [("one", "x", "1"), ("2", "yy", "1000000")]) == (
        "| a   | b  |   count |\n"
        "| --- | -- | ------: |\n"
        "| one | x  |       1 |\n"
        "| 2   | yy | 1000000 |"
    )


def test_point_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address of the vendor's is left in the library, and no other is touched."""
    before = {
        name: value for name, value in vars(tellduslive).items() if name.endswith("URL")
    }
    for name, value in before.items():
        monkeypatch.setattr(tellduslive, name, value)
    point_at("http://simulator")
    moved = 0
    for name, value in before.items():
        now = getattr(tellduslive, name)
        if "pa-api.telldus.com" in value:
            moved += 1
            assert now == f"http://simulator{urlsplit(value).path}"
        else:
            assert now == value
    assert moved == 4


def test_choose() -> None:
    """Without a name all are run, as they are."""
    start, *others = choose([])
    assert (start.benchmark, start.devices) == ("start", [1, 8, 20, 100, 1000])
    assert [one.benchmark for one in others] == [
        *(
            "startup_latency",
            "commands",
            "poll",
            "scaling",
            "requests_per_hour",
            "recorded_hour",
            "live",
            "load",
        ),
    ]
    (start,) = choose(["start", "--devices", "4", "--strict-burst"])
    assert (start.devices, start.strict_burst) == ([4], True)
