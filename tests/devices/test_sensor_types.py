"""The table of known values: that of the documents, and of Home Assistant."""

import json
import re

import pytest

from custom_components.telldus_pa.devices.sensor_types import SENSOR_TYPES
from homeassistant.components.sensor import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    STATE_CLASS_UNITS,
)
from tests.integration_files import INTEGRATION, ROOT


def test_every_documented_value_is_known() -> None:
    """The table of values is that of the document, no row more or less."""
    text = (ROOT / "docs" / "telldus-api.md").read_text()
    section = text.partition("\n## Sensor values\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \d+ \| ([\w.]+) \| ([^|]+) \|", section, re.MULTILINE)
    documented = {
        f"{name}_{scale}"
        for name, scales in rows
        for scale in re.findall(r"(?:^|, | or )(\d) ", scales)
    }
    assert len(documented) > 30
    assert set(SENSOR_TYPES) == documented


@pytest.mark.parametrize("part", sorted(SENSOR_TYPES))
def test_units_and_classes_fit(part: str) -> None:
    """Home Assistant allows the unit and the state class with the device class."""
    description = SENSOR_TYPES[part]
    state_class = description.state_class
    assert state_class
    unit = description.native_unit_of_measurement
    if device_class := description.device_class:
        assert unit in DEVICE_CLASS_UNITS[device_class]
        assert state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
    assert unit in STATE_CLASS_UNITS.get(state_class, {unit})
    assert (
        description.same_quantity_as is None
        or description.same_quantity_as in SENSOR_TYPES
    )


def test_names_and_icons() -> None:
    """What no device class names has a name and an icon, and none is left over."""
    names = json.loads((INTEGRATION / "translations" / "en.json").read_text())["entity"]
    icons = json.loads((INTEGRATION / "icons.json").read_text())["entity"]
    keys = {one.translation_key for one in SENSOR_TYPES.values() if one.translation_key}
    of_others = {"other_scale", "other_value"}
    assert keys | of_others | {"last_seen"} <= set(names["sensor"])
    bare = {
        one.translation_key for one in SENSOR_TYPES.values() if not one.device_class
    }
    assert None not in bare
    assert bare | of_others <= set(icons["sensor"])
    assert not (keys - bare) & set(icons["sensor"])
    for one in SENSOR_TYPES.values():
        named = names["sensor"].get(one.translation_key, {})
        # A share of one has no unit; all else is something of something.
        assert one.device_class == "power_factor" or bool(
            one.native_unit_of_measurement
        ) != bool(named.get("unit_of_measurement"))
