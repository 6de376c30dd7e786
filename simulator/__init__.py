"""A simulated Telldus Live!, as odd and as strict as docs/dev/telldus-api.md says.

server.py     Simulator: logs, counts, spoils, verifies and answers requests over HTTP
backend.py    the state behind it: homes, keys, settings, faults, push, the log
oauth.py      OAuth 1.0a: reading and checking signed requests
tokens.py     keys, request tokens, access tokens
api.py        the table of functions; api_account, api_admin, api_devices, api_sensors fill it
serialization.py  rows of the responses; responses.py: bodies, errors, corruption
home.py       gateways, devices, sensors; methods.py: what a device can do
command_effects.py  what commands, remotes and time change in a home, computed from the clock
routines.py   what doors, motion sensors, buttons and people do by themselves, likewise
demo*.py      the demo home; uncommon.py: what few homes have; generated.py: homes of any size
push.py       push sessions, sockets, when to send; push_socket.py: one socket; push_frames.py
rate_limit.py  ten requests a minute; faults.py, settings.py: all that can be switched
control.py    the control API for tests
dashboard.py  the page for users; oauth_pages.py: consent and keys; html.py: their frame
"""

from .backend import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, LoggedRequest
from .demo import demo_home
from .faults import Fault
from .generated import generated_home
from .home import Home
from .methods import DeviceType, Method
from .server import Simulator
from .settings import Settings
from .uncommon import uncommon_home

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
    "uncommon_home",
]
