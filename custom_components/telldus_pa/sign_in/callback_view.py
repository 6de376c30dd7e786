"""The web view that Telldus sends the browser back to.

It needs no login, so it does as little as possible: it checks, deposits what Telldus said
with the sign-in that it belongs to, and wakes that flow. The rest happens in the flow,
which only an administrator can drive.
"""

import base64
from dataclasses import dataclass, field
import hashlib
import hmac
from http import HTTPStatus
import secrets
import time
from typing import Final, override

from aiohttp import web

from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..pa_api import RequestToken

_PATH: Final = f"/api/{DOMAIN}/callback"
# Seconds for which the browser may come back.
_LIFETIME: Final = 600.0
_LONGEST_VERIFIER: Final = 512

_SCRIPT: Final = "window.close()"
_STYLE: Final = (
    "body{font:1.1em system-ui,sans-serif;max-width:30em;margin:20vh auto;padding:0 1em;"
    "text-align:center;color-scheme:light dark}"
)


def _page(title: str, text: str, script: str) -> str:
    """Return a page that holds nothing from outside."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{title}</h1><p>{text}</p>{script}</body></html>"
    )


def _source(text: str) -> str:
    """Return how a content security policy names an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


_DONE: Final = _page(
    "Back to Home Assistant",
    "This window can be closed.",
    f"<script>{_SCRIPT}</script>",
)
_NOT_EXPECTED: Final = _page(
    "Nobody is waiting for this",
    "This sign-in has ended, was used already or took too long. "
    "Close this window and start again in Home Assistant.",
    "",
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; "
        f"style-src {_source(_STYLE)}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def new_state() -> str:
    """Return a secret that nobody can guess."""
    return secrets.token_urlsafe(32)


def callback_uri(base: str, state: str) -> str:
    """Return where Telldus is to send the browser.

    The secret is in the path: a provider may drop a callback's query.
    """
    return f"{base}{_PATH}/{state}"


@dataclass(slots=True, eq=False)
class PendingAuthorization:
    """A sign-in for which the browser's return from ``url`` is awaited."""

    flow_id: str
    state: str = field(repr=False)
    request_token: RequestToken
    url: str = field(repr=False)
    began: float = field(default_factory=lambda: time.monotonic())
    # Set by the browser's return; without a verifier the person refused.
    returned: bool = False
    verifier: str | None = field(default=None, repr=False)

    @property
    def expired(self) -> bool:
        """Return whether it is too late for the browser to come back."""
        return time.monotonic() - self.began > _LIFETIME


class TelldusAuthCallbackView(HomeAssistantView):
    """Receives the browser from Telldus."""

    url = f"{_PATH}/{{state}}"
    name = f"api:{DOMAIN}:callback"
    requires_auth = False

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._pending: dict[str, PendingAuthorization] = {}

    @override
    def register(
        self, hass: HomeAssistant, app: web.Application, router: web.UrlDispatcher
    ) -> None:
        """Register without Home Assistant's wrapper, which logs the path at debug.

        The path holds the secret of the sign-in.
        """
        router.add_route("GET", self.url, self.get)

    @callback
    def async_register_pending(self, pending: PendingAuthorization) -> None:
        """Expect a browser."""
        self._pending[pending.state] = pending

    @callback
    def async_cancel(self, pending: PendingAuthorization) -> None:
        """Expect it no more."""
        self._pending.pop(pending.state, None)

    async def get(self, request: web.Request) -> web.Response:
        """Take what Telldus says, once, and send it to the flow that waits for it."""
        hass = request.app[KEY_HASS]
        # Whatever comes of it, the secret is used up: guessing the token is no use.
        pending = self._pending.pop(request.match_info["state"], None)
        if pending is None or not self._accept(pending, request):
            return _answer(HTTPStatus.BAD_REQUEST, _NOT_EXPECTED)
        try:
            await hass.config_entries.flow.async_configure(pending.flow_id)
        except UnknownFlow:
            return _answer(HTTPStatus.BAD_REQUEST, _NOT_EXPECTED)
        return _answer(HTTPStatus.OK, _DONE)

    @staticmethod
    def _accept(pending: PendingAuthorization, request: web.Request) -> bool:
        """Check what came with the browser and deposit it."""
        if pending.expired:
            return False
        # No verifier means that the person refused. Whether the token then comes with
        # the browser is not certain.
        verifier = request.query.get("oauth_verifier")
        token = request.query.get("oauth_token")
        if (verifier or token is not None) and not hmac.compare_digest(
            (token or "").encode(errors="replace"),
            pending.request_token.token.encode(),
        ):
            return False
        pending.verifier = verifier[:_LONGEST_VERIFIER] if verifier else None
        pending.returned = True
        return True


def _answer(status: HTTPStatus, page: str) -> web.Response:
    """Return one of our pages."""
    return web.Response(
        status=status, text=page, content_type="text/html", headers=_HEADERS
    )


_VIEW: Final[HassKey[TelldusAuthCallbackView]] = HassKey(f"{DOMAIN}_callback_view")


@callback
def async_get_view(hass: HomeAssistant) -> TelldusAuthCallbackView:
    """Return the view, registered the first time: a view cannot be taken back."""
    if (view := hass.data.get(_VIEW)) is None:
        view = hass.data[_VIEW] = TelldusAuthCallbackView()
        hass.http.register_view(view)
    return view
