"""Manufacturer and model of a device, as far as Telldus reports them.

Source: docs/dev/telldus-api.md, "Makers and models".
"""

import re
from typing import Final

from .kinds import DeviceKind

# Manufacturer ids of Z-Wave, of the Z-Wave Alliance's public register: those that are
# met in Nordic homes.
_ZWAVE_MANUFACTURERS: Final = {
    0x0002: "Danfoss",
    0x001D: "Leviton",
    0x0039: "Honeywell",
    0x0047: "Somfy",
    0x0059: "Secure Meters",
    0x0060: "Everspring",
    0x0062: "LVI Produkter",
    0x0064: "Reitz-Group",
    0x006E: "Manodo / KTC",
    0x0085: "Fakro",
    0x0086: "AEON Labs (Aeotec)",
    0x008A: "BeNext",
    0x0091: "Kamstrup",
    0x0095: "Qees",
    0x0096: "NorthQ",
    0x0099: "GreenWave Reality",
    0x0108: "D-Link",
    0x0109: "Vision Security",
    0x010E: "Poly-control (Danalock)",
    0x010F: "Fibaro",
    0x0113: "Evolve",
    0x0115: "Z-Wave.Me",
    0x0118: "TKB Home",
    0x0129: "ASSA ABLOY",
    0x0130: "Quby",
    0x0131: "Zipato",
    0x0138: "BRK Brands",
    0x013C: "Philio Technology",
    0x0142: "Rademacher",
    0x0147: "Z-Wave.Me",
    0x0148: "Eurotronic",
    0x014A: "Ecolink",
    0x0150: "SmartThings",
    0x0154: "Popp",
    0x0159: "Qubino",
    0x015F: "McoHome Technology",
    0x0165: "NodOn",
    0x0175: "devolo",
    0x0176: "Telldus Technologies",
    0x019A: "Sensative",
    0x019B: "Heatit Controls",
    0x01B1: "Q-light",
    0x01B6: "Namron",
    0x0200: "Cloud Media",
    0x0208: "HANK Electronics",
    0x0214: "Kaipule Technology",
    0x0234: "Logic Group",
    0x0239: "Stelpro",
    0x024F: "Smartly",
    0x0258: "Shenzhen Neo Electronics",
    0x0260: "Heiman Technology",
    0x0266: "Siterwell Technology",
    0x0268: "Nexa Trading",
    0x026B: "Ei Electronics",
    0x026C: "Westcontrol",
    0x026E: "Springs Window Fashions",
    0x0271: "STEINEL",
    0x0276: "Systemair",
    0x027A: "Zooz",
    0x0305: "Future Home",
    0x030A: "Dooya",
    0x0330: "Sunricher",
    0x0331: "Winka Electronic",
    0x0371: "Aeotec",
    0x0373: "ID Lock",
    0x041C: "Kjell & Company",
    0x0438: "Namron",
    0x0441: "NICE",
    0x0447: "Schneider Electric",
}
_ZWAVE_MODEL: Final = re.compile(
    r"([0-9a-f]{4})-[0-9a-f]{4}-[0-9a-f]{4}", re.IGNORECASE
)

_TRANSPORTS: Final = {
    "433": "433 MHz",
    "e433": "433 MHz",
    "egroup": "Group",
    "group": "Group",
    "scene": "Scene",
    "virtual": "Virtual",
    "zigbee": "Zigbee",
    "zwave": "Z-Wave",
}
# Of these a word for what it is would be no news.
_NO_THINGS: Final = frozenset(("egroup", "group", "scene"))
# What 433 MHz sensors and receivers speak; any other protocol is that of a gateway's plug-in.
_RADIO_PROTOCOLS: Final = frozenset(
    (
        *("arctech", "brateck", "comen", "everflourish", "fineoffset", "fuhaote"),
        *("hasta", "ikea", "kangtai", "mandolyn", "oregon", "risingsun", "sartano"),
        *("selectplus", "silvanchip", "upm", "waveman", "x10", "yidong"),
    )
)
_PLUGINS: Final = {
    "hue": "Philips Hue",
    "xiaomi_aqara": "Xiaomi Aqara",
}
_BRANDS: Final = {
    "gao": "GAO",
    "hq": "HQ",
    "ikea": "IKEA",
    "x10": "X10",
    "uptech": "UPM",
}
_KINDS: Final = {
    DeviceKind.CONTACT: "door sensor",
    DeviceKind.LIGHT: "lamp",
    DeviceKind.LOCK_SENSOR: "lock",
    DeviceKind.MEDIA_PLAYER: "speaker",
    DeviceKind.MOTION: "motion sensor",
    DeviceKind.PERSON: "presence",
    DeviceKind.REMOTE: "remote",
    DeviceKind.SMOKE: "smoke detector",
}
_UNKNOWN: Final = frozenset(("", "n/a"))


def transport_name(transport: str) -> str | None:
    """Return the name of a radio, or of a gateway's plug-in; None for nothing."""
    if transport in _UNKNOWN:
        return None
    return _TRANSPORTS.get(transport) or _plugin(transport)


def sensor_transport_name(protocol: str) -> str | None:
    """Return the same of a sensor, whose protocol stands for its transport."""
    return "433 MHz" if protocol in _RADIO_PROTOCOLS else transport_name(protocol)


def model_of(transport: str, kind: DeviceKind, *, is_dimmer: bool) -> str | None:
    """Return a model in words, such as "Z-Wave dimmer", None if the transport is unknown."""
    name = transport_name(transport)
    if name is None or transport in _NO_THINGS:
        return name
    if kind is DeviceKind.LIGHT and is_dimmer:
        return f"{name} dimmer"
    return f"{name} {_KINDS.get(kind, kind.value)}"


def model_id_of(model: str | None) -> str | None:
    """Return the part of a model that identifies a product, None where it does not."""
    if model is None or model in _UNKNOWN or ":" in model:
        return None
    return model


def manufacturer_of(transport: str, model: str | None) -> str | None:
    """Return who made something, None if it is not known.

    ``transport`` is a sensor's protocol. The model of a Z-Wave node begins with its
    manufacturer's number; that of a 433 MHz receiver ends in the brand that the user chose.
    """
    if match := _ZWAVE_MODEL.fullmatch(model or ""):
        return _ZWAVE_MANUFACTURERS.get(int(match[1], 16))
    _, _, brand = (model or "").partition(":")
    if brand:
        return _BRANDS.get(brand) or brand.replace("_", " ").capitalize()
    if transport in _UNKNOWN | _TRANSPORTS.keys() | _RADIO_PROTOCOLS:
        return None
    return _plugin(transport)


def _plugin(name: str) -> str:
    """Return the name of a gateway's plug-in."""
    return _PLUGINS.get(name) or name.replace("_", " ").capitalize()
