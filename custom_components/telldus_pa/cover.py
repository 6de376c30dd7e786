"""Covers: blinds, shutters, awnings and screens, with or without a position.

Source: docs/dev/telldus-api.md, "State".
"""

from typing import Any, override

from homeassistant.components.cover import (
    ATTR_POSITION,
    CoverDeviceClass,
    CoverEntity,
    CoverEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import (
    ExtraStoredData,
    RestoredExtraData,
    RestoreEntity,
)

from .const import CONF_REVERSED_COVERS
from .data import TelldusConfigEntry
from .devices.cover_position import (
    SentDirection,
    cover_position,
    has_position,
    position_commands,
)
from .devices.kinds import MAIN_ENTITY
from .devices.topology import is_group
from .entity import TelldusDeviceEntity, async_add_device_entities
from .issues import async_suggest_reversing
from .pa_api import Device, DeviceType, Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0

_CLOSED = 0
_OPEN = 100

_DEVICE_CLASSES = {
    DeviceType.PROJECTOR_SCREEN: CoverDeviceClass.SHADE,
    DeviceType.WINDOW_COVERING: CoverDeviceClass.BLIND,
}
_FEATURES = {
    Method.UP: CoverEntityFeature.OPEN,
    Method.DOWN: CoverEntityFeature.CLOSE,
    Method.STOP: CoverEntityFeature.STOP,
}
# After how many contradicted commands the repair is offered.
_CONTRADICTIONS = 2


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the covers of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.COVER, {MAIN_ENTITY: TelldusCover}
    )


class TelldusCover(TelldusDeviceEntity, CoverEntity, RestoreEntity):
    """A cover. Telldus does not report whether it is moving just now.

    Which end of its level is open is a setting. A single cover that twice ended up at the
    other end than it was sent to raises a repair that offers to change it.
    """

    # The last UP or DOWN, until a level has confirmed or contradicted it, or it expired.
    _sent: SentDirection | None = None
    # How often in a row the cover ended up at the other end.
    _contradictions = 0
    # The row that was judged last, and how many lists had come by then.
    _judged: tuple[Device | None, int] = (None, 0)

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Initialize the cover. Options that change reload the entry."""
        super().__init__(entry, device_id, part)
        reversed_covers = entry.options.get(CONF_REVERSED_COVERS, ())
        # Whether the user has set that it is open at level 0.
        self._is_reversed = device_id in reversed_covers

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the number of contradictions, if it was counted for the same setting."""
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            restored = stored.as_dict()
            if restored.get("reversed") is self._is_reversed:
                self._contradictions = restored.get("contradictions", 0)
        self._async_suggest()

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        """The number of contradictions, and the setting that it was counted for."""
        return RestoredExtraData(
            {"reversed": self._is_reversed, "contradictions": self._contradictions}
        )

    @property
    @override
    def device_class(self) -> CoverDeviceClass | None:
        """The device class by Telldus' device type, None for any other type."""
        return _DEVICE_CLASSES.get(self.device.device_type)

    @property
    @override
    def supported_features(self) -> CoverEntityFeature:
        """The features, by the methods of the device."""
        features = CoverEntityFeature(0)
        for method, feature in _FEATURES.items():
            if method in self.device.methods:
                features |= feature
        if self._has_position:
            features |= CoverEntityFeature.SET_POSITION
        return features

    @property
    @override
    def assumed_state(self) -> bool:
        """True without a position: the cover may have been moved by hand since."""
        return super().assumed_state or not self._has_position

    @property
    @override
    def current_cover_position(self) -> int | None:
        """The position, 0 (closed) to 100; None where it has none or it is unknown."""
        return self._position if self._has_position else None

    @property
    @override
    def is_closed(self) -> bool | None:
        """Return whether it is closed, None once it was stopped on its way."""
        position = self._position
        return None if position is None else position == _CLOSED

    @property
    def _reached(self) -> list[Device]:
        """Return the devices that a group reaches, none of a single cover."""
        devices = self._data.devices
        members = devices.topology.resolved_members.get(self._row_id, ())
        return [devices.data[one] for one in members]

    @property
    def _has_position(self) -> bool:
        """Return whether it, or a cover in it, can be moved to a position."""
        return has_position(self.device, self._reached)

    @property
    def _position(self) -> int | None:
        """Return the position in percent, None if it is not known."""
        position = cover_position(self.device, is_reversed=self._is_reversed)
        return None if position is None else round(_OPEN * position)

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open the cover."""
        await self._async_send_direction(Method.UP)

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close the cover."""
        await self._async_send_direction(Method.DOWN)

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        """Stop the cover."""
        await self.async_command(Method.STOP)

    @override
    async def async_set_cover_position(self, **kwargs: Any) -> None:
        """Move the cover, or each one in a group, to a position."""
        commands = position_commands(
            self.device,
            self._reached,
            kwargs[ATTR_POSITION] / _OPEN,
            self._entry.options.get(CONF_REVERSED_COVERS, ()),
        )
        await self.async_send(*commands)

    async def _async_send_direction(self, method: Method) -> None:
        """Send UP or DOWN; remember it where a level will show whether the direction is right."""
        row = self.row
        if Method.DIM in row.methods and not is_group(row):
            now = self._data.account.rate_limiter.now()
            self._sent = SentDirection(method, row.level, now)
            self._judged = row, self.coordinator.success_count
        await self.async_command(method)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Compare where the cover is with where it was sent."""
        self._async_judge_direction()
        super()._handle_coordinator_update()

    @callback
    def _async_judge_direction(self) -> None:
        """Count a level that contradicts the setting, if nothing else can explain it.

        What was commanded, pushed or done by hand meanwhile could explain it too.
        """
        if (sent := self._sent) is None:
            return
        row, shown, lists = self.row, self.device, self.coordinator.success_count
        (before, lists_before), self._judged = self._judged, (row, lists)
        is_new = row is not before
        expected = (sent.method, Method.DIM)
        if (
            sent.is_over(self._data.account.rate_limiter.now())
            or (is_new and lists == lists_before)
            or (is_new and row.state not in expected)
            or (shown is not row and shown.state is not sent.method)
        ):
            self._sent = None
            return
        agrees = sent.agrees_with(row, is_reversed=self._is_reversed)
        if agrees is None:
            return
        self._sent = None
        self._contradictions = 0 if agrees else self._contradictions + 1
        self._async_suggest()

    @callback
    def _async_suggest(self) -> None:
        """Offer to reverse the cover once two commands in a row were contradicted."""
        if self._contradictions >= _CONTRADICTIONS:
            name = self.row.name or self._row_id
            async_suggest_reversing(self.hass, self._entry, self._row_id, name)
