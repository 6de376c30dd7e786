"""What is shown of a device: what Telldus tells, and over it what was commanded.

What Telldus answers to a command means that it was accepted, not that it was done, and its
lists lag behind by seconds. So a command is shown until it is known what became of it. This
and the queue outlive a reload.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from homeassistant.core import callback

from ..const import LOGGER
from ..devices.group_state import group_state
from ..devices.topology import Topology
from ..pa_api import Device, TelldusError
from .pending import CommandInterruptedError, CommandOutcome, PendingCommand, covers
from .queue import CommandQueue


class OptimisticState:
    """An account's commands: those that wait, the one on the wire, and the accepted ones."""

    def __init__(self) -> None:
        """Initialize the state."""
        self.outcome_counts: Counter[CommandOutcome] = Counter()
        self.queue = CommandQueue(self.outcome_counts)
        self.in_flight: PendingCommand | None = None
        # Of each device and attribute the last one, in the order of their acceptance.
        self._accepted: dict[str, list[PendingCommand]] = {}
        # When Telldus accepted a command of which nobody knows all that it does.
        self.opaque_accepted_at = float("-inf")
        # What is shown, by row: an entity asks again for each of its attributes.
        self._shown: dict[str, tuple[Device, Device]] = {}
        self._shown_of: tuple[object, object] = (None, None)

    def commands_to(self, device_id: str) -> list[PendingCommand]:
        """Return what is shown over a device, in the order in which it takes effect."""
        sent = self.in_flight
        in_flight = [sent] if sent and device_id in sent.effects else []
        return [
            *self._accepted.get(device_id, ()),
            *in_flight,
            *self.queue.for_device(device_id),
        ]

    def accepted(self, device_id: str | None = None) -> list[PendingCommand]:
        """Return what Telldus has accepted, of one device or of all, undecided so far."""
        if device_id is not None:
            return list(self._accepted.get(device_id, ()))
        return list(
            dict.fromkeys(one for some in self._accepted.values() for one in some)
        )

    def show(
        self,
        device: Device,
        devices: Mapping[str, Device],
        home: Topology,
        reversed_covers: Collection[str] = (),
    ) -> Device:
        """Return a device with its commands applied. A group is computed from its members.

        ``reversed_covers`` are the ids of the covers whose level is 0 when they are open.
        """
        if self._shown_of[0] is not devices or self._shown_of[1] is not home:
            self._shown, self._shown_of = {}, (devices, home)
        row, shown = self._shown.get(device.id, (None, device))
        if row is device:
            return shown
        shown = device
        for pending in self.commands_to(device.id):
            shown = pending.effects[device.id].apply_to(shown)
        if members := [
            self.show(devices[one], devices, home, reversed_covers)
            for one in home.resolved_members.get(device.id, ())
        ]:
            shown = group_state(shown, members, reversed_covers)
        if shown is not device:
            self._shown[device.id] = device, shown
        return shown

    def forget_shown(self) -> None:
        """Compute anew what is shown: commands have come or gone."""
        self._shown, self._shown_of = {}, (None, None)

    def accept(self, new: PendingCommand, now: float) -> None:
        """Note that Telldus has accepted a command, and drop the older ones that it covers."""
        new.accepted_at, new.wanted = now, set(new.effects)
        if new.is_opaque:
            self.opaque_accepted_at = now
        for device_id, effect in new.effects.items():
            for old in self.accepted(device_id):
                if covers(effect, old.effects[device_id]):
                    self.release(old, (device_id,), CommandOutcome.REPLACED)
            self._accepted.setdefault(device_id, []).append(new)

    def release(
        self,
        pending: PendingCommand,
        device_ids: Iterable[str],
        outcome: CommandOutcome,
    ) -> None:
        """Let go of an accepted command at some devices, where that was not done before.

        The outcome of the last ones is the outcome of the command.
        """
        for device_id in pending.wanted.intersection(device_ids):
            commands = self._accepted[device_id]
            commands.remove(pending)
            if not commands:
                del self._accepted[device_id]
            pending.wanted.remove(device_id)
            if not pending.wanted:
                self.outcome_counts[outcome] += 1

    def fail(self, pending: PendingCommand, err: TelldusError) -> bool:
        """Tell why a command was not sent or not accepted; return whether anybody waited."""
        told = pending.tell(err)
        self.outcome_counts[
            CommandOutcome.REFUSED if told else CommandOutcome.REFUSED_LATE
        ] += 1
        return told

    @callback
    def async_interrupt_all(self) -> None:
        """Drop what was not sent: the account is stopped, and not to start again soon."""
        unsent = [*filter(None, [self.in_flight]), *self.queue.clear()]
        self.in_flight = None
        self.interrupt(unsent)

    def interrupt(self, unsent: Iterable[PendingCommand]) -> None:
        """Tell everybody that commands will not be sent: those who wait, or the log."""
        late = [
            one.names for one in unsent if not self.fail(one, CommandInterruptedError())
        ]
        if late:
            LOGGER.warning(
                "The integration was stopped before it could send the commands to %s",
                ", ".join(dict.fromkeys(late)),
            )
