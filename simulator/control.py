"""The control API for tests and scripts. JSON in, JSON out, no rate limit.

GET  /control/state                                    the whole home as it is now
GET  /control/log[?since=unix seconds]                 the logged requests
POST /control/press {device, method, level?}           a wall remote, a door
POST /control/sensor {sensor, name, scale, value}
POST /control/gateway {gateway, online}
POST /control/faults {fault, match?, times?, …}        DELETE switches all off, GET lists
POST /control/settings {name: value, …}                GET lists
POST /control/revoke {token?}                          without token: all
POST /control/authorize {token, user?}                 agree to a request token
POST /control/device {action: add|remove|rename|ignore|show, …}
POST /control/limit {}                                 forget the logged requests
POST /control/push {action: cut|send|forget, gateway?, text?}   GET shows the sockets

Bad input is answered with 400 and {"error": reason}.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
import json
from typing import Any

from aiohttp import web

from .backend import Backend
from .home import Device, Home, Row
from .methods import DeviceType, Method

type _Command = Callable[[Row], Row]


class ControlApi:
    """The routes under /control."""

    def __init__(self, sim: Backend) -> None:
        """Initialize the API of a simulator."""
        self._sim = sim

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register all routes."""
        router.add_get("/control/state", self._state)
        router.add_get("/control/log", self._log)
        router.add_get("/control/settings", self._show_settings)
        router.add_get("/control/faults", self._show_faults)
        router.add_get("/control/push", self._show_push)
        router.add_delete("/control/faults", self._clear_faults)
        commands: dict[str, _Command] = {
            "press": self.press,
            "sensor": self.sensor,
            "gateway": self.gateway,
            "faults": self.fault,
            "settings": self.settings,
            "revoke": self.revoke,
            "authorize": self.authorize,
            "device": self.device,
            "limit": self.forget,
            "push": self.push,
        }
        for name, command in commands.items():
            router.add_post(f"/control/{name}", _json_command(command))

    def press(self, body: Row) -> Row:
        """Press a wall remote; `heard` is whether the gateway is online."""
        level = body.get("level")
        if level is not None:
            level = float(level)
        device = _text(body, "device")
        return {"heard": self._sim.press(device, body.get("method", 0), level)}

    def sensor(self, body: Row) -> Row:
        """Let a sensor report a value."""
        value = body.get("value")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TypeError("'value' is a number or a text")
        self._sim.set_sensor(
            _text(body, "sensor"),
            _text(body, "name"),
            str(body.get("scale", "0")),
            value,
        )
        return {}

    def gateway(self, body: Row) -> Row:
        """Take a gateway offline or bring it back."""
        self._sim.set_gateway_online(_text(body, "gateway"), _flag(body, "online"))
        return {}

    def fault(self, body: Row) -> Row:
        """Switch a fault on."""
        wanted = dict(body)
        name = _text(wanted, "fault")
        del wanted["fault"]
        rule = self._sim.faults.add(name.lower(), **wanted)
        return {"added": rule.as_dict()}

    def settings(self, body: Row) -> Row:
        """Change settings; returns all of them."""
        self._sim.change_settings(body)
        return self._sim.settings.as_dict()

    def revoke(self, body: Row) -> Row:
        """Revoke one token or all."""
        return {"revoked": self._sim.revoke(body.get("token"))}

    def authorize(self, body: Row) -> Row:
        """Agree to a request token; returns the callback's URL or the verifier."""
        return {
            "answer": self._sim.authorize(
                _text(body, "token"), body.get("user", "demo")
            )
        }

    def device(self, body: Row) -> Row:
        """Add, remove, rename, hide or show a device."""
        home = self._sim.home
        action = _text(body, "action")
        if action == "add":
            return {"device": _add_device(home, body)}
        device = home.devices[_text(body, "device")]
        match action:
            case "remove":
                del home.devices[device.id]
            case "rename":
                name = body.get("name")
                device.name = None if name is None else str(name)
            case "ignore" | "show":
                device.ignored = action == "ignore"
            case _:
                raise ValueError("'action' is add, remove, rename, ignore or show")
        return {"device": device.id}

    def forget(self, body: Row) -> Row:
        """Reset the rate limit."""
        self._sim.limit.clear()
        return {}

    def push(self, body: Row) -> Row:
        """Cut sockets, send them any text, or end all sessions."""
        push = self._sim.push
        gateway = _text(body, "gateway") if "gateway" in body else None
        match _text(body, "action"):
            case "cut":
                return {"cut": push.cut(gateway)}
            case "send":
                return {"sent": push.send(_text(body, "text"), gateway)}
            case "forget":
                push.forget_sessions()
                return {}
        raise ValueError("'action' is cut, send or forget")

    async def _state(self, request: web.Request) -> web.Response:
        home = self._sim.home
        return web.json_response(
            {
                "time": self._sim.clock(),
                "gateways": {
                    key: asdict(value) for key, value in home.gateways.items()
                },
                "devices": {
                    key: _device_state(home, d) for key, d in home.devices.items()
                },
                "sensors": {key: asdict(value) for key, value in home.sensors.items()},
                "rooms": home.rooms,
                "pending": len(home.pending),
                "tokens": len(self._sim.tokens.access_tokens),
            }
        )

    async def _log(self, request: web.Request) -> web.Response:
        try:
            since = float(request.query.get("since", 0))
        except ValueError:
            return web.json_response({"error": "'since' is a time"}, status=400)
        rows = [asdict(row) for row in self._sim.log if row.time >= since]
        return web.json_response({"time": self._sim.clock(), "log": rows})

    async def _show_settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._sim.settings.as_dict())

    async def _show_push(self, request: web.Request) -> web.Response:
        return web.json_response(self._sim.push.as_dict())

    async def _show_faults(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"faults": [rule.as_dict() for rule in self._sim.faults]}
        )

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._sim.faults.clear()
        return web.json_response({})


def _json_command(
    command: _Command,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that reads JSON, and answers bad input with 400."""

    async def handler(request: web.Request) -> web.Response:
        try:
            text = await request.text()
            return web.json_response(command(_object(text)))
        except KeyError as error:
            reason = f"there is no {error.args[0]!r}"
        except (ValueError, TypeError) as error:
            reason = str(error)
        return web.json_response({"error": reason}, status=400)

    return handler


def _object(text: str) -> Row:
    """Read a body, which may be empty."""
    body: Any = json.loads(text) if text else {}
    if not isinstance(body, dict):
        raise TypeError("the body is a JSON object")
    return body


def _device_state(home: Home, device: Device) -> Row:
    row = asdict(device)
    row["methods"] = int(home.methods_of(device))
    row["state"] = int(device.state)
    return row


def _add_device(home: Home, body: Row) -> str:
    """Add a plain device; returns its id."""
    gateway = _text(body, "gateway") if "gateway" in body else next(iter(home.gateways))
    home.gateways[gateway]  # raises KeyError for one that does not exist
    numbers = [int(device) for device in home.devices if device.isdigit()]
    device_id = str(body.get("device") or max(numbers, default=2100000) + 1)
    if device_id in home.devices:
        raise ValueError(f"there is a device {device_id!r} already")
    name = body.get("name")
    home.devices[device_id] = Device(
        id=device_id,
        gateway_id=gateway,
        client_device_id=str(body.get("client_device_id", device_id[-4:])),
        name=None if name is None else str(name),
        methods=int(body.get("methods", Method.TURNON | Method.TURNOFF)),
        state=int(body.get("state", Method.TURNOFF)),
        device_type=DeviceType(int(body.get("kind", DeviceType.SWITCH))).uuid,
        transport=str(body.get("transport", "433")),
    )
    return device_id


def _text(body: Row, name: str) -> str:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"{name!r} is missing, or no text")
    return str(value)


def _flag(body: Row, name: str) -> bool:
    value = body.get(name)
    if value not in (True, False):
        raise ValueError(f"{name!r} is true or false")
    return bool(value)
