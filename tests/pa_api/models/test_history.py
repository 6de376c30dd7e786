"""Rows of the histories of devices and sensors."""

import pytest

from custom_components.telldus_pa.pa_api import (
    HistoryEntry,
    SensorHistoryEntry,
    SuccessStatus,
)
from tests.pa_api.conftest import utc


@pytest.mark.parametrize(
    "told",
    ["{'mode': 'Heat', 'temperature': 21.5}", {"mode": "heat", "temperature": 21.5}],
)
def test_deed_of_a_thermostat(told: object) -> None:
    """The history has what it was told as JSON with other quotes."""
    deed = HistoryEntry.from_dict({"ts": 1764000000, "state": 2048, "stateValue": told})
    assert (deed.mode, deed.temperature) == ("heat", 21.5)
    if isinstance(told, str):
        told = told.replace("21.5", "None")
        deed = HistoryEntry.from_dict(
            {"ts": 1764000000, "state": 2048, "stateValue": told}
        )
        assert (deed.mode, deed.temperature) == ("heat", None)
    with pytest.raises(ValueError, match="no ts"):
        HistoryEntry.from_dict({"state": 1})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((one.value, one) for one in SuccessStatus),
        ("0", SuccessStatus.DONE),
        ("2", SuccessStatus.NO_REPLY),
        (None, SuccessStatus.DONE),
        (8, SuccessStatus.UNKNOWN),
        (-1, SuccessStatus.UNKNOWN),
        ("soon", SuccessStatus.DONE),
    ],
)
def test_outcome_of_a_deed(status: object, outcome: SuccessStatus) -> None:
    """What became of it comes as a number; none says nothing against it."""
    row = {"ts": 1764000000, "state": 1, "successStatus": status}
    assert HistoryEntry.from_dict(row).outcome is outcome
    del row["successStatus"]
    assert HistoryEntry.from_dict(row).outcome is SuccessStatus.DONE


def test_reading() -> None:
    """A row of the history has the same values as a list, or flat ones."""
    row = {"ts": "1764000000", "data": [{"name": "temp", "value": "1.5", "scale": "0"}]}
    assert SensorHistoryEntry.from_dict(row).values["temp", 0].value == 1.5
    flat = SensorHistoryEntry.from_dict({"ts": 1764000000, "temp": "2.5"})
    assert flat.values["temp", 0].last_updated == utc(1764000000)
    with pytest.raises(ValueError, match="no ts"):
        SensorHistoryEntry.from_dict({"ts": 0})
