"""Random homes and random commands: the home ends as if each had been carried out in order.

Seeded, so that a failure comes back. ``--soak-hours`` asks for more rounds.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from http import HTTPStatus
import random
from typing import Any, NamedTuple

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import (
    Command,
    Method as OurMethod,
    ThermostatSetpoint,
)
from homeassistant.core import Context, HomeAssistant
from simulator import DeviceType, Fault, Method, Simulator
from simulator.command_effects import advance, send
from simulator.home import Command as Told, Device, Home, SceneAction
from tests.conftest import AddEntry, Time
from tests.factories import DIMMER, GATEWAY, ON_OFF, home_of

ROUNDS = 50
COVER = int(Method.UP | Method.DOWN | Method.STOP)
MODES = ("heat", "cool")
type Shown = tuple[Method, str | None, int | None]
# Methods, type, transport, and how many of them a home has at least and at most.
KINDS = (
    (ON_OFF, DeviceType.LIGHT, "433", 1, 2),
    (DIMMER, DeviceType.LIGHT, "zwave", 2, 3),
    (DIMMER | Method.RGB, DeviceType.LIGHT, "zwave", 0, 1),
    (COVER | Method.DIM, DeviceType.WINDOW_COVERING, "zwave", 0, 1),
    (COVER, DeviceType.WINDOW_COVERING, "433", 0, 1),
    (ON_OFF | Method.THERMOSTAT, DeviceType.THERMOSTAT, "zwave", 1, 2),
    (ON_OFF, DeviceType.LOCK, "zwave", 0, 1),
)


def random_home(chance: random.Random) -> Home:
    """Make a home with groups, also in groups and with hidden members, and scenes.

    It is small, so that what is commanded has to do with each other.
    """
    devices: list[Device] = []

    def add(methods: int, kind: DeviceType, transport: str, **more: Any) -> None:
        number = str(len(devices) + 1)
        devices.append(
            Device(
                *(number, GATEWAY, number, f"Thing {number}", methods),
                device_type=kind.uuid,
                transport=transport,
                protocol=transport,
                **more,
            )
        )

    for methods, kind, transport, least, most in KINDS:
        for _ in range(chance.randint(least, most)):
            values: dict[int, Any] = {}
            if methods & Method.THERMOSTAT:
                values[2048] = {
                    "mode": "heat",
                    "setpoint": {"heat": "20", "cool": "25"},
                }
            add(methods, kind, transport, values=values)
    shown = [one.id for one in devices]
    # Hidden at Telldus: nobody knows of it but the group that it is in.
    add(DIMMER, DeviceType.LIGHT, "433", ignored=True)
    hidden = devices[-1].id
    # Of the first and the third group everybody knows what they do. They overlap.
    known = [one.id for one in devices[:-1] if one.methods & Method.TURNON]
    for number in range(chance.randint(3, 4)):
        among = shown + [one.id for one in devices if one.type == "group"]
        if number in (0, 2):
            among = known
        members = chance.sample(among, chance.randint(2, min(3, len(among))))
        if number == 1:
            members.append(hidden)
        methods = chance.choice((DIMMER, DIMMER | COVER))
        add(methods, DeviceType.CONTAINER, "group", type="group", members=members)
    things = [one for one in devices if one.type == "device"]
    for _ in range(2):
        actions = [
            SceneAction(one.id, *random_method(chance, one))
            for one in chance.sample(things, 2)
        ]
        add(Method.TURNON, DeviceType.UNKNOWN, "scene", type="scene", actions=actions)
    return home_of(*devices)


def random_method(
    chance: random.Random, device: Device, methods: int = -1
) -> tuple[Method, Any]:
    """Return something that a device can be told."""
    method = chance.choice([one for one in Method if device.methods & methods & one])
    match method:
        case Method.DIM:
            return method, chance.randint(1, 254)
        case Method.RGB:
            return method, chance.randrange(0x1000000)
        case Method.THERMOSTAT:
            mode = chance.choice((*MODES, "off"))
            setpoint: dict[str, Any] = {"mode": mode, "changeMode": chance.randrange(2)}
            if mode != "off":
                setpoint["temperature"] = chance.randint(15, 28)
            return method, setpoint
    return method, None


def ours(device_id: str, method: Method, value: Any) -> Command:
    """Return the integration's command for what the simulator would be told."""
    if isinstance(value, dict):
        value = ThermostatSetpoint(
            value["mode"], value.get("temperature"), bool(value["changeMode"])
        )
    return Command(device_id, OurMethod(int(method)), value)


def picture(home: Home) -> dict[str, Any]:
    """Return what each single device of a home does: a group's row says nothing.

    Nor does a level that a lamp that is off, or a blind that was stopped, had before.
    """
    return {
        one.id: (
            Method(one.state),
            one.state_value if one.state == Method.DIM else None,
            *(one.values.get(method) for method in (Method.RGB, Method.THERMOSTAT)),
        )
        for one in home.devices.values()
        if one.type == "device"
    }


class Given(NamedTuple):
    """A command, and when it was given."""

    task: asyncio.Task[None]
    device_id: str
    method: Method
    value: Any
    at: float

    @property
    def failed(self) -> bool:
        """Return whether it was told as failed."""
        return self.task.done() and self.task.exception() is not None


class Round:
    """Commands in bursts and pauses, and what they would have done in order."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        simulator: Simulator,
        seed: int,
    ) -> None:
        """Initialize the round."""
        self._hass = hass
        self._commands = entry.runtime_data.commands
        self._simulator = simulator
        self.chance = random.Random(seed)
        # In the order in which they are to take effect.
        self.given: list[Given] = []
        self.changed: set[str] = set()

    def burst(self) -> None:
        """Command some things, mostly each in an action of its own, in the order given."""
        home = self._simulator.homes["demo"]
        devices = [
            one
            for one in home.devices.values()
            # The members of a group may have left.
            if not one.ignored and self._methods(one)
        ]
        groups = [one for one in devices if one.type == "group"]
        target = self.chance.choice(devices)
        match self.chance.randrange(5):
            case 0:
                # The members of a group the same, if not all of them, and perhaps before
                # that another group, or one of them or what it is in something else
                group = self.chance.choice(groups)
                told = random_method(self.chance, group, self._methods(group))
                if self.chance.randrange(2):
                    self.command(self.chance.choice(groups))
                for one in devices:
                    if one.id in group.members and self._methods(one) & told[0]:
                        if not self.chance.randrange(4):
                            near = self._near(one, devices)
                            self.command(self.chance.choice([one, *near]))
                        if self.chance.randrange(4):
                            self.command(one, told)
            case 1:
                # Whatever
                self.command(target)
            case 2:
                self.together(self.chance.choice(groups), devices)
            case _:
                # One thing, and those that do something to it
                near = self._near(target, devices)
                for _ in range(self.chance.choice((2, 3, 4))):
                    self.command(self.chance.choice([target, target, *near]))

    @staticmethod
    def _near(target: Device, devices: list[Device]) -> list[Device]:
        """Return the groups and scenes that do something to a device."""
        return [
            one
            for one in devices
            if target.id in one.members
            or any(action.device_id == target.id for action in one.actions)
        ]

    def together(self, group: Device, devices: list[Device]) -> None:
        """Command a group, its members, and a scene in one action: the narrower wins."""
        members = [one for one in devices if one.id in group.members]
        told = [
            *self.chance.sample([one for one in devices if one.type == "scene"], 1),
            group,
            *(one for one in members if one.type == "device"),
        ]
        begin, context = len(self.given), Context()
        for one in self.chance.sample(told, self.chance.randint(2, len(told))):
            for _ in range(self.chance.choice((1, 1, 2))):
                self.command(one, context=context)
        self.given[begin:] = sorted(
            self.given[begin:],
            key=lambda one: ("scene", "group", "device").index(
                self._simulator.homes["demo"].devices[one.device_id].type
            ),
        )

    def leave_or_come(self) -> None:
        """Have a device leave a group or come into one, or leave altogether.

        Nobody can say what it and the rest of the group are to do of what is on its way.
        """
        devices = self._simulator.homes["demo"].devices
        groups = [one for one in devices.values() if one.type == "group"]
        things = [one for one in devices.values() if one.type == "device"]
        thing, group = self.chance.choice(things), self.chance.choice(groups)
        self.changed |= {thing.id, group.id}
        if thing.id in group.members and len(group.members) > 1:
            group.members.remove(thing.id)
        elif thing.id not in group.members:
            group.members.append(thing.id)
        else:
            self.changed |= {one.id for one in groups if thing.id in one.members}
            del devices[thing.id]

    def _methods(self, device: Device) -> int:
        """Return what a device can be told."""
        return self._simulator.homes["demo"].methods_of(device)

    def command(
        self,
        device: Device,
        told: tuple[Method, Any] | None = None,
        context: Context | None = None,
    ) -> None:
        """Command a device, to do something random if not told what."""
        method, value = told or random_method(
            self.chance, device, self._methods(device)
        )
        command = ours(device.id, method, value)
        task = self._hass.async_create_task(
            self._commands.async_send(command, context=context or Context())
        )
        now = self._simulator.clock()
        self.given.append(Given(task, device.id, method, value, now))

    def expected(self, home: Home) -> dict[str, Any]:
        """Carry out in order, in a home as it was before, what was not told as failed."""
        settings, now = self._simulator.settings, self._simulator.clock()
        for number, one in enumerate(self.given):
            if not one.failed:
                device, when = home.devices[one.device_id], now + number
                send(home, settings, device, Told(one.method, one.value), when)
                advance(home, settings, when + settings.effect_delay)
        return picture(home)

    def doubtful(self, home: Home) -> set[str]:
        """Return the devices that were given up: then an older command is gone as well."""
        failed = [one.device_id for one in self.given if one.failed]
        return reached(home, *failed, *self.changed)

    def look(self, before: Home, shown: Callable[[str], Shown]) -> None:
        """See that no command waits for which a newer one speaks, and what is shown."""
        if self.changed:
            return
        opaque_count, wishes = 0, set[object]()
        unseen = self.doubtful(before)
        for number, one in enumerate(self.given):
            opaque = self._opaque(before, one)
            unseen |= opaque
            opaque_count += bool(opaque)
            if opaque or one.method is Method.THERMOSTAT:
                wishes.add(number)
            else:
                wishes.add((one.device_id, one.method is Method.RGB, opaque_count))
        assert self._commands.queue_length <= len(wishes)
        for device_id, (state, level, rgb, thermostat) in self.expected(
            deepcopy(before)
        ).items():
            device = before.devices[device_id]
            if not (thermostat or device.ignored or device_id in unseen):
                assert shown(device_id) == (state, level, rgb), device_id

    @staticmethod
    def _opaque(home: Home, given: Given) -> set[str]:
        """Return what a command reaches of which nobody knows all that it does."""
        device = home.devices[given.device_id]
        if device.type == "scene":
            return reached(home, *(one.device_id for one in device.actions))
        methods = given.method
        if methods is Method.DIM:
            methods |= Method.TURNON
        leaves = {
            one
            for one in reached(home, device.id)
            if one not in home.devices or home.devices[one].type == "device"
        }
        if all(
            (leaf := home.devices.get(one))
            and leaf.methods & methods
            and not leaf.ignored
            for one in leaves
        ):
            return set()
        return leaves


def reached(home: Home, *device_ids: str) -> set[str]:
    """Return devices, and what is in those that are groups."""
    waiting, found = list(device_ids), set[str]()
    while waiting:
        found.add(one := waiting.pop())
        if one in home.devices:
            waiting += set(home.devices[one].members) - found
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_as_if_in_order(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    soak_hours: int,
    record_property: Callable[[str, object], None],
    seed: int,
) -> None:
    """Whatever is commanded when, the home is in the end as the order says."""
    chance = random.Random(seed)
    simulator.homes["demo"] = home = random_home(chance)
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    commands = entry.runtime_data.commands
    given: Counter[str] = Counter()

    def shown(device_id: str) -> Shown:
        """Return what is shown of a device."""
        one = commands.optimistic_state(entry.runtime_data.devices.data[device_id])
        state = Method(int(one.state or 0))
        return state, str(one.level) if state is Method.DIM else None, one.rgb

    for number in range(ROUNDS * soak_hours):
        if not (number + 1) % 10:
            # What is where becomes something else.
            home.devices = random_home(chance).devices
            await time.move(61)
        for device in home.devices.values():
            # It is long, and nobody asks for what is over.
            device.history.clear()
        before, began = deepcopy(home), simulator.clock()
        outcomes = Counter(commands.outcome_counts)
        round_ = Round(hass, entry, simulator, seed * 1000 + number)
        limiter = entry.runtime_data.account.rate_limiter
        # So long that some wait for more than a minute, and some that came later do not.
        is_long = not chance.randrange(4)
        if is_long:
            limiter.on_rate_limited(80)
        for _ in range(chance.choice((4, 5, 6) if is_long else (1, 2, 2, 3))):
            if chance.randrange(3):
                # What waits together is what may be told in the wrong order.
                limiter.on_rate_limited(11)
            round_.burst()
            if not number % 5:
                round_.leave_or_come()
            await time.move(chance.choice((0.0, 0.1, 1.0)))
            round_.look(before, shown)
            if is_long:
                await time.leap(chance.choice((0.0, 10.0, 20.0)))
                continue
            if not chance.randrange(3):
                # Refused while there are newer ones
                simulator.faults.add(Fault.RATE_LIMITED, times=1, retry_after=11)
            await time.move(chance.choice((0.0, 0.0, 5.0, 12.0, 31.0)))
        simulator.faults.clear()
        for _ in range(100):
            if not commands.pending_count:
                break
            await time.leap(5)
        assert all(one.task.done() for one in round_.given)
        expected = round_.expected(before)
        doubtful = round_.doubtful(home)
        now = {key: row for key, row in picture(home).items() if key not in doubtful}
        expected = {key: row for key, row in expected.items() if key not in doubtful}
        assert now == expected, f"round {number}"
        told = Counter(commands.outcome_counts) - outcomes
        assert (commands.queue_length, commands.pending_count) == (0, 0)
        assert sum(told.values()) == len(round_.given)
        accepted = [
            one
            for one in simulator.log
            if one.time >= began
            and one.status == HTTPStatus.OK
            and one.path.startswith("json/device/")
            and one.path not in ("json/device/history", "json/device/info")
        ]
        assert len(accepted) <= len(round_.given)
        for one in accepted:
            device = before.devices[one.params["id"]]
            if device.device_type == DeviceType.LOCK.uuid or (
                device.type == "device" and device.methods == COVER
            ):
                # Late is worse than never.
                ages = [
                    one.time - e.at for e in round_.given if e.device_id == device.id
                ]
                assert any(0 <= age < 22 for age in ages), f"round {number}"
        given.update(commands=len(round_.given), requests=len(accepted), rounds=1)
        if round_.changed:
            # Who is in a group now is not known before the next list.
            await time.listed("devices", step=5)
    for what, count in given.items():
        record_property(f"differential {what}", count)
