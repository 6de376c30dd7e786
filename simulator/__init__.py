"""A Telldus Live! of one's own, as odd and as strict as docs/telldus-api.md says.

server.py     Simulator: what reaches it is logged, counted, spoiled, verified, answered
oauth.py      OAuth 1.0a: reading and checking signed requests
tokens.py     keys, request tokens, access tokens
consent.py    token endpoints, the pages where people agree, the key pages
api.py        the table of functions; api_account, api_admin, api_devices, api_sensors fill it
wire.py       rows of the answers, key for key; respond.py: bodies, refusals, mangling
home.py       gateways, devices, sensors; methods.py: what a device can do
effects.py    what commands, remotes and time do to a home, computed from the clock
life.py       what doors, motion sensors, buttons and people do by themselves, likewise
demo*.py      the demo home; generated.py: homes of any size
push.py       sessions, sockets, when to look; push_socket.py: one socket; push_wire.py: frames
limit.py      ten requests a minute; faults.py, settings.py: all that can be switched
control.py    the control API for tests; page.py, html.py: the page for people
"""

from .backend import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, LoggedRequest
from .demo import demo_home
from .faults import Fault
from .generated import generated_home
from .home import Home
from .methods import DeviceType, Method
from .server import Simulator
from .settings import Settings

__all__ = [
    "DEMO_PRIVATE_KEY",
    "DEMO_PUBLIC_KEY",
    "DeviceType",
    "Fault",
    "Home",
    "LoggedRequest",
    "Method",
    "Settings",
    "Simulator",
    "demo_home",
    "generated_home",
]
