"""Sensors and their values. Source: docs/dev/telldus-api.md, "Sensors"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from ..parsing import (
    Json,
    to_flag,
    to_id,
    to_integer,
    to_number_or_text,
    to_objects,
    to_optional_id,
    to_text,
    to_time,
)

# Whether a battery without a percentage is low. 254 is "unknown".
_BATTERY_LOW: Final[Mapping[int | None, bool]] = {253: False, 255: True}
_NAME_ALIASES: Final = {
    "particulatematter25": "particulatematter2.5",
    "pm25": "particulatematter2.5",
}
# The scale of a value that comes without one, where it is not 0.
_DEFAULT_SCALES: Final = {"watt": 2, "co2": 1, "co": 1, "particulatematter2.5": 1}
_VALUE_COLUMNS: Final = (
    *("temp", "humidity", "rrate", "rtot", "uv", "watt", "lum"),
    *("wavg", "wgust", "wdir"),
)


@dataclass(frozen=True, slots=True)
class SensorValue:
    """One value of a sensor. ``unit`` is Telldus' own.

    ``scale`` is None where it cannot be parsed. ``value`` is a text where it is no number,
    and None where it is missing or infinite.
    """

    name: str
    scale: int | None
    value: float | str | None
    last_updated: datetime | None
    unit: str | None

    @property
    def key(self) -> tuple[str, int | None]:
        """Return the key of a value: a plug has several of the name "watt"."""
        return (self.name, self.scale)

    @classmethod
    def from_dict(cls, row: Json, default_time: datetime | None) -> Self | None:
        """Parse an entry of ``data``; return None for one without a name."""
        if not (name := to_text(row.get("name"))):
            return None
        name = name.lower()
        name = _NAME_ALIASES.get(name, name)
        scale = row.get("scale")
        return cls(
            name=name,
            scale=_DEFAULT_SCALES.get(name, 0)
            if scale in (None, "")
            else to_integer(scale),
            value=to_number_or_text(row.get("value")),
            last_updated=to_time(row.get("lastUpdated")) or default_time,
            unit=to_text(row.get("unit")),
        )


type Values = Mapping[tuple[str, int | None], SensorValue]


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor. Its id may also be that of a device: the numbers overlap.

    ``battery`` is in percent, ``battery_low`` reported where no percentage is; both None
    where Telldus reports neither. ``keep_history`` is whether Telldus keeps its history.
    """

    id: str
    sensor_id: str
    gateway_id: str
    gateway_name: str | None
    name: str | None
    online: bool | None
    is_owner: bool
    ignored: bool
    battery: int | None
    battery_low: bool | None
    protocol: str
    model: str | None
    last_updated: datetime | None
    values: Values
    keep_history: bool = False

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``sensors/list``. Raises ValueError."""
        battery, battery_low = _battery(to_integer(row.get("battery")))
        last_updated = to_time(row.get("lastUpdated"))
        return cls(
            id=to_id(row, "id"),
            sensor_id=to_text(row.get("sensorId")) or "",
            gateway_id=to_optional_id(row, "client"),
            gateway_name=to_text(row.get("clientName")),
            name=to_text(row.get("name")),
            online=to_flag(row.get("online"), default=None),
            is_owner=to_flag(row.get("editable"), default=True),
            ignored=to_flag(row.get("ignored"), default=False),
            battery=battery,
            battery_low=battery_low,
            protocol=(to_text(row.get("protocol")) or "").lower(),
            model=to_text(row.get("model")),
            last_updated=last_updated,
            values=values_from(row, last_updated),
            keep_history=to_flag(row.get("keepHistory"), default=False),
        )

    def with_pushed(self, pushed: Self) -> Self:
        """Return this row with the values of a pushed one that are no older.

        A value that this row lacks is kept if it is newer than the whole row.
        """
        return replace(
            self,
            last_updated=_latest(self.last_updated, pushed.last_updated),
            values=_newest(self.values, pushed.values, self.last_updated),
        )

    def with_values(
        self, values: Values, last_updated: datetime | None, battery: int | None
    ) -> Self:
        """Return this sensor with new values, where they are no older than its own.

        ``battery`` is as on the wire, 253 and the like; None keeps the battery as it is.
        """
        percent, is_low = self.battery, self.battery_low
        if battery is not None:
            percent, is_low = _battery(battery)
        return replace(
            self,
            battery=percent,
            battery_low=is_low,
            last_updated=_latest(self.last_updated, last_updated),
            values=_newest(self.values, values, None),
        )


def values_from(row: Json, default_time: datetime | None) -> Values:
    """Parse a sensor's values, by their keys."""
    # Without ``includeScale`` the values are keys of the row itself.
    data = to_objects(row.get("data")) or [
        {"name": name, "value": row[name]} for name in _VALUE_COLUMNS if name in row
    ]
    values = (SensorValue.from_dict(entry, default_time) for entry in data)
    return {value.key: value for value in values if value}


def _battery(number: int | None) -> tuple[int | None, bool | None]:
    """Return a battery's percentage, and whether it is low where it reports just that."""
    percent = number if number is not None and 0 <= number <= 100 else None
    return percent, _BATTERY_LOW.get(number)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two times, either of which may be missing."""
    return max((when for when in (one, other) if when is not None), default=None)


def _newest(old: Values, new: Values, not_before: datetime | None) -> Values:
    """Return old values with the new ones that are no older than the old ones.

    ``not_before`` is the time before which a value that is not among the old is left out.
    """
    newest = dict(old)
    for key, value in new.items():
        before = old[key].last_updated if key in old else not_before
        if before is None or (
            value.last_updated is not None and value.last_updated >= before
        ):
            newest[key] = value
    return newest
