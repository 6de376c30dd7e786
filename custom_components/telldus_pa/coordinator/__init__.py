"""The lists of Telldus, each polled by its own coordinator.

``rows``        notifies the listeners of the rows that changed
``polling``     polls a list, and decides how often
``staleness``   judges by the clock whether the data are too old to be displayed
``kept_lists``  keeps the lists for a reload
``items``       adds pushed changes and hidden rows
``devices``, ``sensors``, ``gateways``: the lists

A list becomes a snapshot: rows by id, and a row that did not change stays the same object.
"""

from .devices import DeviceCoordinator
from .gateways import GatewayCoordinator
from .items import HideableItem, TelldusItemCoordinator
from .polling import TelldusUpdateCoordinator
from .sensors import SensorCoordinator

__all__ = [
    "DeviceCoordinator",
    "GatewayCoordinator",
    "HideableItem",
    "SensorCoordinator",
    "TelldusItemCoordinator",
    "TelldusUpdateCoordinator",
]
