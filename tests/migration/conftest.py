"""A home with Home Assistant's own integration, the real one, beside ours."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import tellduslive  # type: ignore[import-untyped]  # brings no types

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.issues import Issue
from custom_components.telldus_pa.migration.move import (
    async_take_over,
    async_taken_over_from,
)
from custom_components.telldus_pa.migration.tellduslive import TELLDUSLIVE_DOMAIN
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.tellduslive.const import NOT_SO_PRIVATE_KEY, PUBLIC_KEY
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from simulator import Simulator
from simulator.home import Device, Home, Sensor, SensorValue
from simulator.methods import DeviceType, Method
from tests.conftest import Time
from tests.factories import GATEWAY, home_of, lamp
from tests.flow_user import FlowUser
from tests.helpers import state_of

type Rows = dict[str, dict[str, Any]]
type Step = dict[str, Any]

VENDOR = "https://pa-api.telldus.com"

FLOWS = {
    "options": "/api/config/config_entries/options/flow",
    "repair": "/api/repairs/issues/fix",
}

# Fields that no user sees.
_IGNORED_FIELDS = frozenset(("modified_at", "previous_unique_id"))


def mixed_home(now: int) -> Home:
    """Return a home with one of everything that matters here.

    A dimmer and an outlet that stay what they are, an on/off lamp and a blind that core
    shows as something else, a plug that is a device and a sensor with a value in a wrong
    unit, and a sensor of its own.
    """
    outlet, lamp_as_switch, plug = lamp(2), lamp(3), lamp(5)
    outlet.name, outlet.device_type = "Outlet", DeviceType.SWITCH.uuid
    lamp_as_switch.name = "Porch"
    plug.name, plug.device_type = "Plug", DeviceType.SWITCH.uuid
    blind = Device(
        id="4",
        gateway_id=GATEWAY,
        client_device_id="1004",
        name="Blind",
        methods=int(Method.UP | Method.DOWN | Method.STOP | Method.DIM),
        state=Method.UP,
        device_type=DeviceType.WINDOW_COVERING.uuid,
        transport="zwave",
        protocol="zwave",
    )
    home = home_of(lamp(1, dims=True), outlet, lamp_as_switch, blind, plug)
    home.sensors["50"] = Sensor(
        id="50",
        gateway_id=GATEWAY,
        sensor_id=plug.client_device_id,
        name="Plug",
        protocol="zwave",
        model="n/a",
        values=[
            SensorValue("watt", "0", "12.5", now),
            SensorValue("watt", "2", "40.0", now),
        ],
    )
    home.sensors["60"] = Sensor(
        id="60",
        gateway_id=GATEWAY,
        sensor_id="77",
        name="Garden",
        values=[
            SensorValue("temp", "0", "7.5", now),
            SensorValue("humidity", "0", "81", now),
        ],
    )
    return home


@pytest.fixture(autouse=True)
def registries_on_disk(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> dict[str, Any]:
    """Have Home Assistant write its registries, as it does but in tests; return what is stored."""
    for registry in (er.async_get(hass), dr.async_get(hass)):
        registry._store._load_empty = False  # noqa: SLF001
        registry._store._read_only = False  # noqa: SLF001
    return hass_storage


@pytest.fixture
def quiet_core() -> Generator[None]:
    """Keep still what logs tokens and is not ours: core's libraries, and files in tests."""
    in_tests = "pytest_homeassistant_custom_component.common"
    names = ("tellduslive", "oauthlib", "requests_oauthlib", "urllib3", in_tests)
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
async def core(
    hass: HomeAssistant,
    simulator: Simulator,
    server_url: str,
    time: Time,
    quiet_core: None,
    secrets: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> MockConfigEntry:
    """Return an entry of core's integration that runs, all its entities there."""
    for name, value in vars(tellduslive).items():
        if name.startswith("TELLDUS_LIVE_") and name.endswith("_URL"):
            monkeypatch.setattr(tellduslive, name, value.replace(VENDOR, server_url))
    simulator.settings.limit = False
    simulator._home = mixed_home(int(simulator.clock()))  # noqa: SLF001
    simulator.tokens.consumers[PUBLIC_KEY] = NOT_SO_PRIVATE_KEY
    token = simulator.tokens.new_access_token(PUBLIC_KEY, "demo")
    entry = MockConfigEntry(
        domain=TELLDUSLIVE_DOMAIN,
        title="Cloud API",
        data={
            "host": "Cloud API",
            "scan_interval": 60,
            "session": {"token": token.token, "token_secret": token.secret},
        },
    )
    entry.add_to_hass(hass)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    # It reads in threads, and shows what came afterwards.
    await time.move(5)
    assert entry.state is ConfigEntryState.LOADED
    return entry


@dataclass(frozen=True)
class RegistrySnapshot:
    """Both registries as the user sees them: entities by entity id, devices by id."""

    entities: Rows
    devices: Rows

    def of(self, entry: MockConfigEntry) -> RegistrySnapshot:
        """Return what belongs to an entry."""
        return RegistrySnapshot(_of(self.entities, entry), _of(self.devices, entry))


def _of(rows: Rows, entry: MockConfigEntry) -> Rows:
    """Return the rows that belong to an entry."""
    return {
        key: row
        for key, row in rows.items()
        if row["config_entry_id"] == entry.entry_id
    }


def all_devices(hass: HomeAssistant) -> list[dr.DeviceEntry]:
    """Return all devices of the registry."""
    registry = dr.async_get(hass)
    # Home Assistant 2026.8 has them by their ids.
    return [
        registry.devices[one] if isinstance(one, str) else one  # type: ignore[unreachable]
        for one in registry.devices
    ]


def snapshot(hass: HomeAssistant) -> RegistrySnapshot:
    """Return both registries as they are now."""
    entities = {
        row.entity_id: {
            name: getattr(row, name)
            for name in row.__slots__
            if not name.startswith("_") and name not in _IGNORED_FIELDS
        }
        for row in er.async_get(hass).entities.values()
    }
    devices = {
        device.id: {
            name: value
            for name, value in device.dict_repr.items()
            if name not in _IGNORED_FIELDS
        }
        for device in all_devices(hass)
    }
    return RegistrySnapshot(entities, devices)


def device_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the id of the device that an entity belongs to."""
    row = er.async_get(hass).async_get(entity_id)
    assert row
    assert row.device_id
    return row.device_id


def core_row(
    hass: HomeAssistant, core: MockConfigEntry, thing: str, unique_id: str, domain: str
) -> tuple[str, str]:
    """Register an entity as Home Assistant's own integration does; return both ids."""
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=core.entry_id,
        identifiers={(TELLDUSLIVE_DOMAIN, thing)},
        name=thing,
    )
    entity = er.async_get(hass).async_get_or_create(
        domain, TELLDUSLIVE_DOMAIN, unique_id, config_entry=core, device_id=device.id
    )
    return entity.entity_id, device.id


@pytest.fixture
async def customized(
    hass: HomeAssistant, core: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> MockConfigEntry:
    """Return core's entry, ours beside it, after years in which people chose much.

    Automations name entities of both kinds that move, and the plug's sensor by its device.
    """
    entities, devices = er.async_get(hass), dr.async_get(hass)
    area = ar.async_get(hass).async_create("Kitchen").id
    label = lr.async_get(hass).async_create("Favourite").label_id
    for entity_id in ("light.lamp_1", "light.blind", "switch.porch"):
        entities.async_update_entity(
            entity_id,
            name=f"My {entity_id.partition('.')[2]}",
            icon="mdi:star",
            area_id=area,
            labels={label},
            aliases=["that thing"],
            categories={"somewhere": "something"},
        )
        entities.async_update_entity_options(
            entity_id, "conversation", {"should_expose": True}
        )
    entities.async_update_entity_options(
        "sensor.garden_temperature", "sensor", {"display_precision": 0}
    )
    entities.async_update_entity_options("light.blind", "light", {"any": "thing"})
    hidden, disabled = er.RegistryEntryHider.USER, er.RegistryEntryDisabler.USER
    entities.async_update_entity("switch.outlet", hidden_by=hidden)
    entities.async_update_entity("sensor.garden_humidity", disabled_by=disabled)
    entities.async_update_entity("switch.porch", disabled_by=disabled)
    entities.async_update_entity("light.lamp_1", new_entity_id="light.bedroom")
    entities.async_update_entity("switch.porch", new_entity_id="switch.veranda")
    devices.async_update_device(
        device_of(hass, "light.bedroom"),
        name_by_user="Bedroom lamp",
        area_id=area,
        labels={label},
    )
    wet = lr.async_get(hass).async_create("Wet").label_id
    devices.async_update_device(
        device_of(hass, "switch.plug"), name_by_user="Washer", labels={wet}
    )
    devices.async_update_device(
        device_of(hass, "sensor.plug_power_2"), area_id=area, labels={label}
    )
    await time.settle()
    return core


@pytest.fixture
async def automated(
    hass: HomeAssistant, customized: MockConfigEntry, time: Time
) -> MockConfigEntry:
    """Return core's entry with automations: by entity, by device, and of all kinds."""
    lamp_row = er.async_get(hass).async_get("light.bedroom")
    assert lamp_row
    config = {
        "automation": [
            {
                "id": "by_entity",
                "alias": "By entity",
                "triggers": {"trigger": "event", "event_type": "by_entity"},
                "actions": {
                    "action": "light.turn_off",
                    "target": {"entity_id": "light.bedroom"},
                },
            },
            {
                "id": "by_device",
                "alias": "By device",
                "triggers": {"trigger": "event", "event_type": "by_device"},
                "actions": {
                    "device_id": lamp_row.device_id,
                    "domain": "light",
                    "entity_id": lamp_row.id,
                    "type": "turn_off",
                },
            },
            {
                "id": "blind",
                "alias": "Blind | wind",
                "triggers": {"trigger": "state", "entity_id": "light.blind"},
                "actions": [],
            },
            {
                "id": "washer",
                "alias": "Washer is done",
                "triggers": {
                    "trigger": "device",
                    "device_id": device_of(hass, "sensor.plug_power_2"),
                    "domain": "sensor",
                    "entity_id": er.async_get(hass).entities["sensor.plug_power_2"].id,
                    "type": "power",
                    "below": 3,
                },
                "actions": [],
            },
        ],
        "script": {
            "meter": {
                "alias": "Meter",
                "sequence": {
                    "action": "homeassistant.update_entity",
                    "target": {"entity_id": "sensor.plug_power"},
                },
            }
        },
    }
    assert await async_setup_component(hass, "homeassistant", {})
    for domain in ("automation", "script"):
        assert await async_setup_component(hass, domain, config)
    await time.settle()
    return customized


async def take_over(
    hass: HomeAssistant, core: MockConfigEntry, entry: MockConfigEntry, time: Time
) -> None:
    """Take over, and let all lists come again."""
    await time.until(async_take_over(hass, entry, core.entry_id))
    await time.move(45)


@pytest.fixture
def person(flow_user: FlowUser) -> FlowUser:
    """Return somebody who is logged in to Home Assistant."""
    return flow_user


def break_nth(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int
) -> list[int]:
    """Have the nth call of something fail; return what counts the calls."""
    really: Callable[..., Any] = getattr(owner, name)
    calls = [0]

    def instead(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise RuntimeError("broken")
        return really(*args, **kwargs)

    monkeypatch.setattr(owner, name, instead)
    return calls


async def assert_unchanged(
    hass: HomeAssistant,
    before: RegistrySnapshot,
    core: MockConfigEntry,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    """See that all is as it was, and that both run."""
    await time.move(45)
    assert snapshot(hass) == before
    for one in (core, entry):
        assert one.disabled_by is None
        assert one.state is ConfigEntryState.LOADED
    assert state_of(hass, "light.bedroom").state == "on"
    assert state_of(hass, "light.lamp_1_2").state == "on"
    assert await async_taken_over_from(hass, entry) is None


class Dialog:
    """A person before a dialog, that of the options or that of the repair."""

    def __init__(self, client: Any, time: Time, path: str) -> None:
        """Take hold of a browser."""
        self._client = client
        self._time = time
        self._path = path
        self._flow_id = ""

    async def begin(self, body: Step) -> Step:
        """Open the dialog."""
        return await self._answer(self._client.post(self._path, json=body))

    async def submit(self, **body: Any) -> Step:
        """Submit what it shows."""
        path = f"{self._path}/{self._flow_id}"
        return await self._answer(self._client.post(path, json=body))

    async def look(self) -> Step:
        """Look what it shows now."""
        return await self._answer(self._client.get(f"{self._path}/{self._flow_id}"))

    async def watch(self, step: Step) -> Step:
        """Watch the progress to its end, if it is one."""
        for _ in range(60):
            if step["type"] != "progress":
                return step
            await self._time.move(1)
            step = await self.look()
        raise AssertionError("this takes too long")

    async def _answer(self, request: Any) -> Step:
        """Return the step that Home Assistant answers."""
        response = await self._time.until(request)
        assert response.status == HTTPStatus.OK, await response.text()
        step: Step = await response.json()
        self._flow_id = step["flow_id"]
        return step


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Return a browser. What brings views is set up first: its router takes none later."""
    wall = {"mode": "yaml", "title": "Old *wall*", "filename": "wall.yaml"}
    config = {"lovelace": {"dashboards": {"in-a-file": wall}}}
    for component in ("repairs", "config", "lovelace"):
        assert await async_setup_component(hass, component, config)
    return await hass_client()


@pytest.fixture
def repair(hass: HomeAssistant, time: Time, client: Any) -> Dialog:
    """Return somebody who opens a repair."""
    return Dialog(client, time, FLOWS["repair"])


@pytest.fixture
def options(hass: HomeAssistant, time: Time, client: Any) -> Dialog:
    """Return somebody who opens the options."""
    return Dialog(client, time, FLOWS["options"])


def the_issue(entry: MockConfigEntry) -> Step:
    """Return what opens the repair."""
    issue_id = f"{Issue.TELLDUSLIVE_ACTIVE}_{entry.entry_id}"
    return {"handler": DOMAIN, "issue_id": issue_id}


async def edit_dashboard(hass: HomeAssistant) -> None:
    """Edit the first dashboard."""
    default = hass.data[LOVELACE_DATA].dashboards[None]
    card = {
        "type": "entities",
        "entities": ["light.blind", {"entity": "switch.outlet"}],
    }
    template = {"type": "markdown", "content": "{{ states('sensor.plug_power') }} W"}
    config = {"views": [{"cards": [card, template], "max_columns": 3}]}
    await default.async_save(config)
