"""What is worse late than never, and which commands have to keep their order."""

from dataclasses import replace

import pytest

from custom_components.telldus_pa.commands.pending import conflicts, covers
from custom_components.telldus_pa.pa_api import Command, Method, ThermostatSetpoint
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import DeviceType, Fault, Simulator
from simulator.home import Device
from tests.commands.conftest import SetUp
from tests.conftest import Time
from tests.factories import GATEWAY, ON_OFF, group, lamp
from tests.helpers import complaints, rate_limiter_of, sent

COVER = int(Method.UP | Method.DOWN | Method.STOP)


def thing(methods: int, kind: DeviceType, transport: str = "zwave") -> Device:
    """Return a device with the id "50"."""
    return Device(
        *("50", GATEWAY, "50", "Thing", methods),
        device_type=kind.uuid,
        transport=transport,
        protocol=transport,
    )


URGENT = {
    "lock": (thing(ON_OFF, DeviceType.LOCK), Method.TURNOFF),
    "siren": (thing(ON_OFF, DeviceType.ALARM), Method.TURNON),
    "smoke": (thing(ON_OFF, DeviceType.SMOKE), Method.TURNON),
    "bell": (thing(int(Method.BELL), DeviceType.UNKNOWN), Method.BELL),
    "cover": (thing(COVER, DeviceType.WINDOW_COVERING, "433"), Method.UP),
    "speaker": (thing(COVER | 16, DeviceType.SPEAKER), Method.UP),
    "sonos": (thing(COVER | 16, DeviceType.UNKNOWN, "sonos"), Method.UP),
}
PATIENT = {
    "lamp": (thing(ON_OFF, DeviceType.LIGHT), Method.TURNON),
    "cover with a position": (
        thing(COVER | 16, DeviceType.WINDOW_COVERING),
        Method.UP,
    ),
}


def command_to(device: Device, method: Method) -> Command:
    """Return a command as the device's entity gives it: to a speaker, up is a step."""
    speakers = {DeviceType.SPEAKER.uuid, DeviceType.MEDIA.uuid}
    is_step = device.device_type in speakers or device.transport == "sonos"
    return Command(device.id, method, is_volume_step=is_step and method is Method.UP)


async def begin(
    hass: HomeAssistant, set_up_home: SetUp, device: Device, method: Method, time: Time
) -> tuple[object, ...]:
    """Command a device while the window has no room."""
    entry = await set_up_home(device)
    limiter = rate_limiter_of(hass, entry)
    # As if ten had been sent just now
    limiter.restore(replace(limiter.state(), sent=(0.0,) * 10), 0.0)
    task = hass.async_create_task(
        entry.runtime_data.commands.async_send(command_to(device, method))
    )
    await time.move(15)
    return entry, task


@pytest.mark.parametrize("name", [*URGENT, *PATIENT])
async def test_not_sent_late(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """A lock is not opened a minute after somebody asked for it; a lamp may be turned on."""
    device, method = (URGENT | PATIENT)[name]
    _, task = await begin(hass, set_up_home, device, method, time)
    assert not task.done()  # type: ignore[attr-defined]
    await time.move(6)
    error = task.exception()  # type: ignore[attr-defined]
    await time.move(119)
    told = [one for one in sent(simulator) if one.endswith(" 50")]
    if name in URGENT:
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "command_rate_limited"
        assert told == []
    else:
        assert error is None
        assert len(told) == 1
    assert complaints(caplog) == []


async def test_told_at_once(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """Where a pause will take too long, the person is told without waiting."""
    device, method = URGENT["lock"]
    entry = await set_up_home(device)
    rate_limiter_of(hass, entry).on_rate_limited(30)
    task = hass.async_create_task(
        entry.runtime_data.commands.async_send(command_to(device, method))
    )
    await time.move(1)
    assert isinstance(task.exception(), HomeAssistantError)
    assert sent(simulator) == []


async def test_nobody_left_to_be_told(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of an action that was cancelled, a line in the log tells that it was not sent."""
    _, task = await begin(hass, set_up_home, *URGENT["lock"], time)
    task.cancel()  # type: ignore[attr-defined]
    await time.move(90)
    assert "turnOff 50" not in sent(simulator)
    (line,) = complaints(caplog)
    assert line.startswith("A command to Thing was not carried out: too many requests")


async def test_group_with_a_lock(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """A lamp's wish is not given up with the lock's in its group."""
    device, _ = URGENT["lock"]
    entry = await set_up_home(lamp(1), device, group(90, ["1", "50"]))
    rate_limiter_of(hass, entry).on_rate_limited(19)
    commands = entry.runtime_data.commands
    tasks = [
        hass.async_create_task(commands.async_send(Command(one, Method.TURNOFF)))
        for one in ("90", "1")
    ]
    await time.move(1)
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=15
    )
    await time.move(40)
    assert isinstance(tasks[0].exception(), HomeAssistantError)
    assert tasks[1].exception() is None
    assert sent(simulator)[-1] == "turnOff 1"


@pytest.mark.parametrize("name", ["lock", "lamp", "speaker"])
async def test_cut_off(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    name: str,
) -> None:
    """What a reload cuts off on the wire is sent again, but for what does harm twice."""
    device, method = (URGENT | PATIENT)[name]
    entry = await set_up_home(device)
    simulator.faults.add(Fault.SLOW, match="json/device/*", times=1, seconds=8)
    task = hass.async_create_task(
        entry.runtime_data.commands.async_send(command_to(device, method))
    )
    await time.move(1)
    assert len(sent(simulator)) == 1
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(30)
    assert len(sent(simulator)) == (2 if name == "lamp" else 1)
    assert (task.exception() is None) is (name == "lamp")
    assert entry.runtime_data.commands.queue_length == 0


async def test_steps_of_a_speaker(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """Three times louder is three times louder; three times up is a blind that is up."""
    device, method = URGENT["speaker"]
    blind, _ = PATIENT["cover with a position"]
    blind = replace(blind, id="51", client_device_id="51")
    entry = await set_up_home(device, blind)
    for number in 3 * ("50", "51"):
        one = device if number == device.id else blind
        hass.async_create_task(
            entry.runtime_data.commands.async_send(command_to(one, method))
        )
    await time.move(5)
    assert sorted(sent(simulator)) == ["up 50", "up 50", "up 50", "up 51"]


def setpoint(mode: str, temperature: float | None, *, changes: bool = True) -> Command:
    """Return a command to a thermostat."""
    value = ThermostatSetpoint(mode, temperature, change_mode=changes)
    return Command("1", Method.THERMOSTAT, value)


ON, DIM = Command("1", Method.TURNON), Command("1", Method.DIM, 7)
HEAT, COOL = setpoint("heat", 20), setpoint("cool", 25)


@pytest.mark.parametrize(
    ("newer", "older", "has_order", "is_covered"),
    [
        (ON, DIM, True, True),
        (ON, Command("1", Method.RGB, 7), False, False),
        (ON, Command("1", Method.BELL), False, False),
        (ON, HEAT, True, False),
        (HEAT, ON, True, False),
        (HEAT, COOL, True, False),
        (HEAT, setpoint("heat", None), True, True),
        (setpoint("heat", None), HEAT, True, False),
        (HEAT, setpoint("cool", 25, changes=False), False, False),
        (setpoint("cool", 25, changes=False), HEAT, False, False),
        (setpoint("off", None), setpoint("heat", None), True, True),
    ],
)
def test_order(
    newer: Command, older: Command, has_order: bool, is_covered: bool
) -> None:
    """Only what touches the same has an order, and only what is overridden is dropped."""
    assert conflicts(newer, older) is conflicts(older, newer) is has_order
    assert covers(newer, older) is is_covered
