"""What goes back, and what people have chosen since."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.migration.move import async_revert
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from tests.conftest import Time

from .conftest import device_of, snapshot, take_over


async def test_what_was_chosen_since(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What a device was given by another goes, unless somebody has changed it."""
    washer = device_of(hass, "sensor.plug_power_2")
    before = snapshot(hass).devices[washer]
    await take_over(hass, automated, loaded, time)
    dr.async_get(hass).async_update_device(washer, name_by_user="Dryer")
    await time.until(async_revert(hass, loaded))
    after = snapshot(hass).devices[washer]
    assert after["name_by_user"] == "Dryer"
    assert after["labels"] == before["labels"]
