"""The rows of Telldus' history as the action ``get_history`` returns them."""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util.json import JsonValueType

from ..devices.kinds import BATTERY, BATTERY_LOW, LAST_SEEN, value_key
from ..devices.unique_ids import entity_unique_id
from ..pa_api import HistoryEntry, Method, Sensor, SensorHistoryEntry

# The methods that Telldus has a function for, by their names in actions.
METHODS: Final = {
    "bell": Method.BELL,
    "dim": Method.DIM,
    "down": Method.DOWN,
    "learn": Method.LEARN,
    "rgb": Method.RGB,
    "stop": Method.STOP,
    "thermostat": Method.THERMOSTAT,
    "turn_off": Method.TURNOFF,
    "turn_on": Method.TURNON,
    "up": Method.UP,
}
_NAMES: Final = {method: name for name, method in METHODS.items()}


def row_id_of(
    unique_id: str,
    rows: Iterable[str],
    get_unique_id: Callable[[ConfigEntry[Any], str], str],
    entry: ConfigEntry[Any],
) -> str | None:
    """Return the id of the row that an entity belongs to, None if it is none of ``rows``."""
    for row_id in rows:
        of_row = get_unique_id(entry, row_id)
        if unique_id == of_row or unique_id.startswith(f"{of_row}_"):
            return row_id
    return None


def device_row(entry: HistoryEntry) -> dict[str, JsonValueType]:
    """Convert a row of a device's history."""
    value: JsonValueType = entry.value
    if entry.method is Method.RGB and entry.value is not None:
        value = list((entry.value & 0xFFFFFF).to_bytes(3))
    elif entry.method is Method.THERMOSTAT:
        value = {"mode": entry.mode, "temperature": entry.temperature}
    return {
        "time": entry.when.isoformat(),
        "method": _NAMES.get(entry.method) if entry.method else None,
        "value": value,
        "origin": entry.origin,
        "outcome": entry.outcome.name.lower(),
    }


def value_unique_ids(thing: str, sensor: Sensor, unique_id: str) -> set[str]:
    """Return the unique ids of the values whose history an entity of a sensor has.

    One that shows no value, such as its battery, has the history of all of them. ``thing``
    is the sensor's own unique id.
    """
    if unique_id.removeprefix(f"{thing}_") not in (BATTERY, BATTERY_LOW, LAST_SEEN):
        return {unique_id}
    return {entity_unique_id(thing, value_key(one)) for one in sensor.values.values()}


def sensor_rows(
    entry: SensorHistoryEntry, thing: str, unique_ids: Container[str]
) -> Iterator[dict[str, JsonValueType]]:
    """Convert a row of a sensor's history, as far as it has values of these entities."""
    for value in entry.values.values():
        if entity_unique_id(thing, value_key(value)) in unique_ids:
            yield {
                "time": entry.when.isoformat(),
                "name": value.name,
                "value": value.value,
                "unit": value.unit,
            }
