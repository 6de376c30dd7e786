"""Homes that the tests make up themselves."""

from simulator.home import Device, Gateway, Home
from simulator.methods import DeviceType, Method

GATEWAY = "410001"
ON_OFF = int(Method.TURNON | Method.TURNOFF)
DIMMER = ON_OFF | int(Method.DIM)


def lamp(number: int, *, transport: str = "zwave", dims: bool = False) -> Device:
    """Return "Lamp 7", with the id "7", that is on."""
    return Device(
        id=str(number),
        gateway_id=GATEWAY,
        client_device_id=str(1000 + number),
        name=f"Lamp {number}",
        methods=DIMMER if dims else ON_OFF,
        state=Method.TURNON,
        device_type=DeviceType.LIGHT.uuid,
        transport=transport,
        protocol=transport,
    )


def group(number: int, members: list[str], name: str = "All lamps") -> Device:
    """Return a group of other devices."""
    return Device(
        id=str(number),
        gateway_id=GATEWAY,
        client_device_id=str(1000 + number),
        name=name,
        methods=DIMMER,
        state=Method.TURNON,
        type="group",
        device_type=DeviceType.CONTAINER.uuid,
        transport="group",
        protocol="group",
        members=members,
    )


def home_of(*devices: Device) -> Home:
    """Return a home with one gateway and nothing else but these."""
    gateway = Gateway(GATEWAY, "5e7d0000-0000-4000-8000-000000410001", "House")
    return Home(
        gateways={GATEWAY: gateway}, devices={device.id: device for device in devices}
    )
