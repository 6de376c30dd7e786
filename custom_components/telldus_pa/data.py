"""The runtime data of a loaded config entry, and the entry's type."""

from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry

from .account.account import TelldusAccount
from .account.premium import Premium
from .account.rooms import Rooms
from .commands.manager import CommandManager
from .connection_status import ConnectionStatus
from .coordinator import DeviceCoordinator, GatewayCoordinator, SensorCoordinator
from .events.tracker import EventTracker
from .history.importer import HistoryImport
from .pa_api import DeviceProtocol
from .push import PushManager

type TelldusConfigEntry = ConfigEntry[TelldusData]


@dataclass(frozen=True, slots=True)
class TelldusData:
    """What a loaded entry consists of."""

    account: TelldusAccount
    devices: DeviceCoordinator
    sensors: SensorCoordinator
    gateways: GatewayCoordinator
    rooms: Rooms
    premium: Premium
    connection_status: ConnectionStatus
    commands: CommandManager
    history_import: HistoryImport
    events: EventTracker
    push: PushManager
    # How the gateway speaks to devices, as far as it was requested, by device id.
    protocols: dict[str, DeviceProtocol] = field(default_factory=dict, repr=False)
