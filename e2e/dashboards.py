"""Dashboards of the demo home, and statistics for the Energy dashboard."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import Json
from .home_assistant import HomeAssistant

HOME = "telldus-home"
CLIMATE = "telldus-climate"
BLINDS = "telldus-blinds"

# kWh of each hour of a day: the heat pump, and the plug with a dishwasher in the evening
_HEAT_PUMP = (
    *(1.1, 1.1, 1.2, 1.2, 1.3, 1.4, 1.6, 1.5, 1.2, 0.9, 0.8, 0.7),
    *(0.6, 0.6, 0.7, 0.8, 1.0, 1.2, 1.3, 1.3, 1.2, 1.1, 1.1, 1.0),
)
_PLUG = (
    *(0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.12, 0.21, 0.05, 0.04, 0.04, 0.04),
    *(0.22, 0.05, 0.04, 0.04, 0.04, 0.25, 0.3, 0.85, 0.7, 0.12, 0.04, 0.04),
)
_CONSUMERS: dict[str, tuple[float, ...]] = {
    "sensor.energy_plug_energy": _PLUG,
    "sensor.heat_pump_energy": _HEAT_PUMP,
}


def _tile(entity: str, *features: str | Json, **options: Any) -> Json:
    """Return a tile with some of its controls."""
    return {
        "type": "tile",
        "entity": entity,
        "features": [
            {"type": feature} if isinstance(feature, str) else feature
            for feature in features
        ],
        **options,
    }


def _section(title: str, *cards: Json) -> Json:
    """Return a column of cards below a title."""
    heading = {"type": "heading", "heading": title}
    return {"type": "grid", "cards": [heading, *cards]}


def _thermostat(entity: str) -> Json:
    """Return the card with the ring, the modes, and the presets."""
    return {
        "type": "thermostat",
        "entity": entity,
        "show_current_as_primary": True,
        "features": [
            {"type": "climate-hvac-modes"},
            {"type": "climate-preset-modes", "style": "icons"},
        ],
    }


_MOVE, _POSITION = "cover-open-close", "cover-position"

_SECTIONS: dict[str, tuple[Json, ...]] = {
    HOME: (
        _section(
            "Lights and plugs",
            _tile("light.ceiling_dimmer", "light-brightness"),
            _tile("light.color_bulb", "light-brightness"),
            _tile("light.sofa_lamp"),
            _tile("light.all_lamps"),
            _tile("switch.coffee_maker"),
            _tile("switch.christmas_star"),
            _tile("switch.energy_plug"),
            _tile("sensor.energy_plug_power", name="Plug power"),
        ),
        _section(
            "Climate and weather",
            _tile("climate.radiator", "target-temperature"),
            _tile("climate.heat_pump", "target-temperature"),
            _tile("sensor.outdoor_temperature", name="Outdoors"),
            _tile("sensor.outdoor_humidity", name="Humidity"),
            _tile("sensor.wind_wind_speed", name="Wind"),
            _tile("sensor.wind_wind_direction", name="Wind direction"),
            _tile("sensor.rain_gauge_precipitation", name="Rain"),
            _tile("sensor.air_quality_carbon_dioxide", name="Air quality"),
        ),
        _section(
            "Doors and blinds",
            _tile("cover.bedroom_shutter", _POSITION),
            _tile("cover.kitchen_blind", _MOVE),
            _tile("lock.door_lock"),
            _tile("binary_sensor.front_door"),
            _tile("binary_sensor.hall_motion"),
            _tile("binary_sensor.anna"),
            _tile("event.wall_remote"),
            _tile("button.door_bell_ring"),
            _tile("binary_sensor.smoke_kitchen"),
            _tile("scene.movie_night"),
        ),
    ),
    CLIMATE: (
        _section("Living room", _thermostat("climate.heat_pump")),
        _section("Bedroom", _thermostat("climate.radiator")),
    ),
    BLINDS: (
        _section(
            "Bedroom",
            _tile("cover.bedroom_shutter", _MOVE, _POSITION),
            _tile("cover.roof_window", _MOVE, _POSITION),
        ),
        _section(
            "Whole house",
            _tile("cover.all_blinds", _MOVE, state_content="state"),
            _tile("cover.awning", _MOVE),
            _tile("cover.kitchen_blind", _MOVE),
            _tile("cover.projector_screen", _MOVE),
        ),
    ),
}
_TITLES = {HOME: "Home", CLIMATE: "Climate", BLINDS: "Blinds"}


async def make_dashboards(home_assistant: HomeAssistant) -> None:
    """Add the dashboards."""
    for path in _SECTIONS:
        await make_dashboard(home_assistant, path)


async def make_dashboard(
    home_assistant: HomeAssistant, path: str, *, show_in_sidebar: bool = False
) -> None:
    """Add a dashboard with one view."""
    sections = _SECTIONS[path]
    title = _TITLES[path]
    await home_assistant.ask(
        "lovelace/dashboards/create",
        url_path=path,
        title=title,
        mode="storage",
        icon="mdi:home-automation",
        show_in_sidebar=show_in_sidebar,
        require_admin=False,
    )
    view = {
        "path": "view",
        "title": title,
        "type": "sections",
        "max_columns": len(sections),
        "sections": sections,
    }
    await home_assistant.ask(
        "lovelace/config/save", url_path=path, config={"views": [view]}
    )


async def use_energy(home_assistant: HomeAssistant) -> None:
    """Import a day's statistics for the Energy dashboard."""
    config = await home_assistant.ask("get_config")
    now = datetime.now(ZoneInfo(config["time_zone"]))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    states = await home_assistant.states()
    for entity_id, used in _CONSUMERS.items():
        # The meter's value now is that of the last hour.
        meter = float(states[entity_id]["state"]) - sum(used)
        stats = []
        for hour, amount in enumerate(used):
            meter += amount
            start = midnight + timedelta(hours=hour)
            stats.append({"start": start.isoformat(), "state": meter, "sum": meter})
        await home_assistant.ask(
            "recorder/import_statistics",
            metadata={
                "source": "recorder",
                "statistic_id": entity_id,
                "name": None,
                "unit_class": "energy",
                "unit_of_measurement": "kWh",
                "mean_type": 0,
                "has_sum": True,
            },
            stats=stats,
        )
    await home_assistant.ask(
        "energy/save_prefs",
        energy_sources=[],
        device_consumption=[{"stat_consumption": one} for one in _CONSUMERS],
    )
