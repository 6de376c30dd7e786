"""The page for users: the home with buttons, the requests, faults and settings."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from .api import FUNCTIONS
from .backend import Backend, LoggedRequest
from .faults import Fault
from .home import Device, Home, Row, Sensor
from .html import button, esc, hidden, page
from .methods import DeviceType, Method, kind_of
from .rate_limit import WINDOW
from .serialization import method_names, unit_of
from .settings import choices

_MINUTES: Final = 10
_ROWS: Final = 60
_NEWEST: Final = 5
# With more, the page of a large home would load too slowly.
_MOST: Final = 300

# Reloads the page every 5 s while it is visible and no field has the focus.
_REFRESH: Final = """<script>const s=sessionStorage,d=[...document.querySelectorAll('details')];
d.forEach((e,i)=>e.open=s['d'+i]=='true');
setInterval(()=>{const a=document.activeElement;
if(!document.hidden&&(!a||!/INPUT|SELECT/.test(a.tagName)))location.reload()},5000);
addEventListener('pagehide',()=>{s.y=scrollY;d.forEach((e,i)=>s['d'+i]=e.open)});
if(s.y)scrollTo(0,s.y)</script>"""

_OPEN_WORDS: Final[dict[DeviceType, tuple[str, str]]] = {
    DeviceType.DOOR_WINDOW: ("open", "closed"),
    DeviceType.MOTION: ("motion", "quiet"),
    DeviceType.SMOKE: ("alarm", "quiet"),
    DeviceType.ALARM: ("alarm", "quiet"),
    DeviceType.PERSON: ("home", "away"),
    DeviceType.LOCK: ("locked", "unlocked"),
    DeviceType.MEDIA: ("playing", "stopped"),
    DeviceType.SENSOR: ("alarm", "quiet"),
}
_OPEN_BUTTONS: Final[dict[DeviceType, tuple[str, str]]] = {
    DeviceType.DOOR_WINDOW: ("Open", "Close"),
    DeviceType.MOTION: ("Move", "Rest"),
    DeviceType.SMOKE: ("Smoke", "Clear"),
    DeviceType.PERSON: ("Come", "Go"),
    DeviceType.LOCK: ("Lock", "Unlock"),
}


class DashboardPage:
    """`/`, its forms, and the list of functions."""

    def __init__(self, sim: Backend) -> None:
        """Initialize the page of a simulator."""
        self._sim = sim

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the page, what its forms do, and the explorer."""
        router.add_get("/", self.show)
        router.add_get("/explore/index", self.explore)
        actions: dict[str, Callable[[dict[str, str]], None]] = {
            "press": self._press,
            "sensor": self._sensor,
            "gateway": self._gateway,
            "fault": self._fault,
            "setting": self._setting,
            "cut": self._cut,
        }
        for name, action in actions.items():
            router.add_post(f"/do/{name}", _form(action))

    async def show(self, request: web.Request) -> web.Response:
        """Show the home, the log, the faults and the settings."""
        home = self._sim.home
        parts = [
            "<section>This page stands for a home with a TellStick, and for Telldus' "
            "servers. Press a button on the wall, open a door or unplug a gateway here, "
            "and see it arrive in Home Assistant.</section>",
            self._log(),
            self._push(),
            *(self._gateway_part(home, key) for key in home.gateways),
        ]
        parts += [self._faults(), self._settings()]
        return page("Telldus simulator", "".join(parts), script=_REFRESH)

    async def explore(self, request: web.Request) -> web.Response:
        """List the functions."""
        rows = "".join(
            f"<li><code>{esc(name)}</code></li>" for name in sorted(FUNCTIONS)
        )
        body = f"<h1>Functions</h1><section><p>At /json/… or /xml/…</p><ul>{rows}</ul></section>"
        return page("Functions", body)

    def _press(self, form: dict[str, str]) -> None:
        level = float(form["level"]) if form.get("level") else None
        self._sim.press(form["device"], form["method"], level)

    def _sensor(self, form: dict[str, str]) -> None:
        self._sim.set_sensor(
            form["sensor"], form["name"], form["scale"], form["value"].replace(",", ".")
        )

    def _gateway(self, form: dict[str, str]) -> None:
        self._sim.set_gateway_online(form["gateway"], form["online"] == "1")

    def _fault(self, form: dict[str, str]) -> None:
        if form.get("fault"):
            times = int(form["times"]) if form.get("times") else None
            self._sim.faults.add(form["fault"], form.get("match") or "*", times)
        else:
            self._sim.faults.clear()

    def _setting(self, form: dict[str, str]) -> None:
        name, text = form["name"], form["value"]
        value: bool | float | str = text
        if text in ("true", "false") and not choices(name):
            value = text == "true"
        elif not choices(name) and text.replace(".", "", 1).isdigit():
            value = float(text)
        self._sim.change_settings({name: value})

    def _cut(self, form: dict[str, str]) -> None:
        self._sim.push.cut()

    def _push(self) -> str:
        is_on = self._sim.settings.push
        count = len(self._sim.push.sockets())
        word, color = ("on", "on") if is_on else ("off", "off")
        cut = f'<form class="row" method="post" action="/do/cut">{button("Cut now")}</form>'
        return (
            f'<section><h2>Push <span class="{color}">{word}</span>'
            f'<span class="tag">{count} open sockets</span>'
            f'<form class="row" method="post" action="/do/setting">'
            f"{hidden(name='push', value=str(not is_on).lower())}"
            f"{button('Switch off' if is_on else 'Switch on')}</form>"
            f"{cut if count else ''}</h2></section>"
        )

    def _log(self) -> str:
        sim, now = self._sim, self._sim.clock()
        recent = [row for row in sim.log if row.time > now - 60 * _MINUTES]
        minute = sum(row.time > now - WINDOW for row in recent)
        most = sim.settings.limit_per_minute
        color = "bad" if minute > most else "warn" if minute > most - 2 else "on"
        rows = [_log_row(row) for row in reversed(recent[-_ROWS:])]
        refused = sum(row.status == 429 for row in recent)
        limit = f"limit {most} a minute" if sim.settings.limit else "no limit"
        more = (
            f'<details><summary class="soft">{len(recent)} in the last {_MINUTES} minutes'
            f"</summary>{_table(rows[_NEWEST:])}</details>"
            if len(rows) > _NEWEST
            else ""
        )
        return (
            f'<section><h2>Requests <span class="{color}">{minute} in the last 60 s</span>'
            f'<span class="tag">{limit}</span><span class="tag">{refused} refused (429) in '
            f"{_MINUTES} min</span></h2>{_table(rows[:_NEWEST])}{more}</section>"
        )

    def _gateway_part(self, home: Home, gateway_id: str) -> str:
        gateway = home.gateways[gateway_id]
        devices = [d for d in home.devices.values() if d.gateway_id == gateway_id]
        sensors = [s for s in home.sensors.values() if s.gateway_id == gateway_id]
        online = gateway.online
        sockets = len(self._sim.push.sockets(gateway_id))
        run_routines = (
            f'<span class="tag">{sockets} open sockets</span>' if sockets else ""
        )
        toggle = button("Take offline" if online else "Bring back")
        items = [_device_item(home, device) for device in devices[:_MOST]]
        items += [_sensor_item(sensor) for sensor in sensors[:_MOST]]
        more = len(devices) + len(sensors) - len(items)
        rest = f'<p class="soft">… and {more} more.</p>' if more else ""
        return (
            f'<section><h2>{esc(gateway.name)} <span class="{"on" if online else "bad"}">'
            f'{"online" if online else "offline"}</span><span class="tag">{esc(gateway.type)}'
            f'</span><span class="tag">{len(devices)} devices, {len(sensors)} sensors</span>{run_routines}'
            f'<form class="row" method="post" action="/do/gateway">'
            f"{hidden(gateway=gateway_id, online=int(not online))}{toggle}</form></h2>"
            f'<div class="grid">{"".join(items)}</div>{rest}</section>'
        )

    def _faults(self) -> str:
        rules = "".join(
            f"<li><code>{esc(rule.fault.value)}</code> on <code>{esc(rule.match)}</code>, "
            f"{'until cleared' if rule.times is None else f'{rule.times} times'}</li>"
            for rule in self._sim.faults
        )
        kinds = "".join(f"<option>{esc(fault.value)}</option>" for fault in Fault)
        clear = f'<form class="row" method="post" action="/do/fault">{button("Switch all off")}</form>'
        return (
            f"<section><h2>Faults</h2>{f'<ul>{rules}</ul>{clear}' if rules else '<p>None.</p>'}"
            '<form class="row" method="post" action="/do/fault">'
            f'<select name="fault" aria-label="Fault">{kinds}</select>'
            '<input name="match" value="*" aria-label="Path" class="short">'
            '<input name="times" placeholder="times" inputmode="numeric" class="short">'
            f"{button('Switch on')}</form></section>"
        )

    def _settings(self) -> str:
        rows = "".join(
            f"<tr><td>{esc(name.replace('_', ' '))}</td><td>{_setting_form(name, value)}</td></tr>"
            for name, value in self._sim.settings.as_dict().items()
        )
        return (
            "<section><details><summary><b>Settings</b></summary>"
            f'<div class="wide"><table>{rows}</table></div></details></section>'
        )


def _form(
    action: Callable[[dict[str, str]], None],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that runs a form's action and redirects to the page."""

    async def handler(request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        try:
            action(form)
        except (KeyError, ValueError) as error:
            body = f'<h1>That does not work</h1><section class="bad">{esc(error)}</section>'
            return page("Wrong", body, narrow=True, status=400)
        return web.Response(status=303, headers={"Location": "/"})

    return handler


def _table(rows: list[str]) -> str:
    """Return rows as a table that scrolls by itself where the screen is narrow."""
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _log_row(row: LoggedRequest) -> str:
    params = " ".join(f"{name}={value}" for name, value in row.params.items())
    return (
        f'<tr><td class="num">{_clock(row.time)}</td>'
        f'<td class="num {_color(row.status)}">{row.status or "…"}</td>'
        f'<td class="num"><code>{esc(row.method)} {esc(row.path)}</code></td>'
        f'<td class="words">{esc(params)}</td><td class="num">{esc(row.account)}</td>'
        f'<td class="words">{esc(row.note)}</td></tr>'
    )


def _device_item(home: Home, device: Device) -> str:
    methods = home.methods_of(device)
    kind = kind_of(device.device_type)
    what = f"{device.transport} {kind.name.lower().replace('_', ' ')}"
    word, color = _state_words(device, kind)
    name = esc(device.name) if device.name else "<i>no name</i>"
    return (
        f'<div class="item{" hidden" if device.ignored else ""}">'
        f'<div><b>{name}</b><span class="state {color}">{esc(word)}</span></div>'
        f'<span class="soft" title="{esc(method_names(methods))}">{esc(what)} · '
        f"{esc(device.id)}</span>{_device_form(device, methods, kind)}</div>"
    )


def _device_form(device: Device, methods: int, kind: DeviceType) -> str:
    """Return the buttons of a wall remote, or of what the device itself detects."""
    buttons: list[tuple[str, Method]] = []
    if methods & Method.BELL:
        buttons.append(("Ring", Method.BELL))
    if methods & (Method.UP | Method.DOWN):
        buttons += [("Up", Method.UP), ("Down", Method.DOWN)]
    elif device.transport != "scene" and methods != Method.BELL:
        on, off = _OPEN_BUTTONS.get(kind, ("On", "Off"))
        buttons += [(on, Method.TURNON), (off, Method.TURNOFF)]
    dim = ""
    if methods & Method.DIM:
        level = device.values.get(Method.DIM, "")
        dim = (
            f'<input class="short" name="level" inputmode="numeric" placeholder="0-255" '
            f'aria-label="Level" value="{esc(level)}">'
            f"{button('Dim', name='method', value=Method.DIM.value)}"
        )
    row = "".join(
        button(text, name="method", value=method.value) for text, method in buttons
    )
    if not row:
        return ""
    return f'<form method="post" action="/do/press">{hidden(device=device.id)}{row}{dim}</form>'


def _state_words(device: Device, kind: DeviceType) -> tuple[str, str]:
    """Return a word for a device's state, and its color."""
    thermostat: Row | None = device.values.get(Method.THERMOSTAT)
    if thermostat is not None:
        mode = thermostat.get("mode") or "on"
        setpoint = (thermostat.get("setpoint") or {}).get(
            thermostat.get("mode") or "heat"
        )
        return (
            f"{mode} {setpoint} °C" if setpoint else mode
        ), "off" if mode == "off" else "on"
    match device.state:
        case Method.TURNON:
            return _OPEN_WORDS.get(kind, ("on", "off"))[0], "on"
        case Method.TURNOFF:
            return _OPEN_WORDS.get(kind, ("on", "off"))[1], "off"
        case Method.DIM:
            return (
                f"{device.state_value} / 255",
                "on" if device.state_value != "0" else "off",
            )
        case 0:
            return "—", "off"
        case _:
            return method_names(device.state), "on"


def _sensor_item(sensor: Sensor) -> str:
    rows = "".join(
        f'<form method="post" action="/do/sensor">'
        f"{hidden(sensor=sensor.id, name=value.name, scale=value.scale)}"
        f'<span class="soft">{esc(value.name)}</span>'
        f'<input class="short" name="value" value="{esc(value.value)}" inputmode="decimal" '
        f'aria-label="{esc(value.name)}"> {esc(unit_of(value.name, value.scale))}'
        f"{button('Set')}</form>"
        for value in sensor.values
    )
    name = esc(sensor.name) if sensor.name else "<i>no name</i>"
    return (
        f'<div class="item{" hidden" if sensor.ignored else ""}"><div><b>{name}</b>'
        f'<span class="tag">sensor</span></div><span class="soft">{esc(sensor.protocol)} '
        f"{esc(sensor.model)} · {esc(sensor.id)} · {_clock(sensor.last_updated)}</span>{rows}</div>"
    )


def _setting_form(name: str, value: object) -> str:
    if options := choices(name) or (
        ("true", "false") if isinstance(value, bool) else ()
    ):
        now = str(value).lower() if isinstance(value, bool) else value
        field = "".join(
            f"<option{' selected' if option == now else ''}>{esc(option)}</option>"
            for option in options
        )
        field = f'<select name="value" aria-label="{esc(name)}">{field}</select>'
    else:
        field = f'<input name="value" value="{esc(value)}" aria-label="{esc(name)}">'
    return (
        f'<form class="row" method="post" action="/do/setting">{hidden(name=name)}{field}'
        f"{button('Set')}</form>"
    )


def _color(status: int) -> str:
    return (
        "on"
        if status == 200
        else "warn"
        if status == 429
        else "bad"
        if status
        else "off"
    )


def _clock(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%H:%M:%S")
