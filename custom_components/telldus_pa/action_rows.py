"""How the answers of actions tell what devices did and sensors told."""

from typing import Final

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from .devices.kinds import part_of
from .pa_api import Deed, Method, Reading
from .devices.unique_ids import part_id_of

# The methods that there is a function for, by the words that people use for them.
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
_WORDS: Final = {method: word for word, method in METHODS.items()}


def _iso(when: float) -> str:
    """Return a time as Home Assistant writes it."""
    return dt_util.utc_from_timestamp(when).isoformat()


def deed_row(deed: Deed) -> dict[str, JsonValueType]:
    """Return what a device did, in words."""
    value: JsonValueType = deed.value
    if deed.method is Method.RGB and deed.value is not None:
        value = list((deed.value & 0xFFFFFF).to_bytes(3))
    elif deed.method is Method.THERMOSTAT:
        value = {"mode": deed.mode, "temperature": deed.temperature}
    return {
        "time": _iso(deed.when),
        "method": _WORDS.get(deed.method) if deed.method else None,
        "value": value,
        "origin": deed.origin,
        "outcome": deed.outcome.name.lower(),
    }


def reading_rows(
    reading: Reading, thing: str, unique_id: str
) -> list[dict[str, JsonValueType]]:
    """Return what a sensor told: what the entity shows, or all where it shows no value."""
    values = list(reading.values.values())
    own = [one for one in values if part_id_of(thing, part_of(one)) == unique_id]
    return [
        {
            "time": _iso(reading.when),
            "name": one.name,
            "value": one.value,
            "unit": one.unit,
        }
        for one in own or values
    ]
