"""The web view that Telldus sends the browser back to.

It needs no login, so it does as little as possible: it checks the request, records the
outcome for the flow that waits for it, and advances that flow. Only an administrator can
continue the flow from there.
"""

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
import hashlib
import hmac
from http import HTTPStatus
import secrets
import time
from typing import Final, override

from aiohttp import web

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..pa_api import RequestToken

_PATH: Final = f"/api/{DOMAIN}/callback"
# The flow's step during which the browser is at Telldus.
EXTERNAL_STEP: Final = "authorize"
# Seconds within which the browser must come back.
LIFETIME: Final = 600.0
_LONGEST_VERIFIER: Final = 512

_SCRIPT: Final = "window.close()"
_STYLE: Final = (
    "body{font:1.1em system-ui,sans-serif;max-width:30em;margin:20vh auto;padding:0 1em;"
    "text-align:center;color-scheme:light dark}"
)


def _page(title: str, text: str, script: str) -> str:
    """Return a page that contains nothing from the request."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{title}</h1><p>{text}</p>{script}</body></html>"
    )


def _source(text: str) -> str:
    """Return the name of an inline script or style in a content security policy."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


_DONE: Final = _page(
    "Back to Home Assistant",
    "This window can be closed.",
    f"<script>{_SCRIPT}</script>",
)
_NOT_PENDING: Final = _page(
    "This link is no longer valid",
    "It was used already, took too long, or Home Assistant was restarted meanwhile. "
    "Close this window and log in again from Home Assistant.",
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
    """Return the callback at an address of Home Assistant.

    The secret is in the path: a provider may drop a callback's query.
    """
    return f"{base}{_PATH}/{state}"


class Outcome(StrEnum):
    """How an authorization has ended, by the flow's next step."""

    AUTHORIZED = "exchange"
    EXPIRED = "expired"
    # The browser came back with something else than this authorization's token.
    MISMATCH = "failed"
    REFUSED = "refused"


@dataclass(slots=True, eq=False)
class PendingAuthorization:
    """An authorization at ``url`` from which the browser is to come back to ``base``."""

    flow_id: str
    state: str = field(repr=False)
    request_token: RequestToken
    url: str = field(repr=False)
    base: str
    # By the monotonic clock
    expires_at: float = field(default_factory=lambda: time.monotonic() + LIFETIME)
    outcome: Outcome | None = None
    verifier: str | None = field(default=None, repr=False)
    cancel_timer: CALLBACK_TYPE | None = field(default=None, repr=False)


class TelldusAuthCallbackView(HomeAssistantView):
    """Receives the browser from Telldus."""

    url = f"{_PATH}/{{state}}"
    name = f"api:{DOMAIN}:callback"
    requires_auth = False

    def __init__(self) -> None:
        """Initialize the view."""
        self._pending: dict[str, PendingAuthorization] = {}

    @override
    def register(
        self, hass: HomeAssistant, app: web.Application, router: web.UrlDispatcher
    ) -> None:
        """Register without Home Assistant's wrapper, which logs the path at debug.

        The path contains the secret of the authorization.
        """
        router.add_route("GET", self.url, self.get)

    @callback
    def async_register_pending(
        self, hass: HomeAssistant, pending: PendingAuthorization
    ) -> None:
        """Wait for a browser, and advance the flow if it does not come in time."""
        self._pending[pending.state] = pending
        pending.cancel_timer = async_call_later(
            hass,
            LIFETIME,
            HassJob(
                partial(self._async_expire, hass, pending),
                f"{DOMAIN} authorization expires",
                cancel_on_shutdown=True,
            ),
        )

    @callback
    def async_cancel(self, pending: PendingAuthorization) -> None:
        """Stop waiting for a browser."""
        self._pending.pop(pending.state, None)
        if pending.cancel_timer is not None:
            pending.cancel_timer()
            pending.cancel_timer = None

    async def _async_expire(
        self, hass: HomeAssistant, pending: PendingAuthorization, _now: datetime
    ) -> None:
        """End an authorization from which no browser has come back."""
        self.async_cancel(pending)
        pending.outcome = Outcome.EXPIRED
        with suppress(UnknownFlow):
            await _async_advance(hass, pending.flow_id)

    async def get(self, request: web.Request) -> web.Response:
        """Record the outcome of an authorization, once, and advance its flow."""
        # The secret is used up in any case, so guessing the token is of no use.
        pending = self._pending.get(request.match_info["state"])
        if pending is None:
            return _response(HTTPStatus.BAD_REQUEST, _NOT_PENDING)
        self.async_cancel(pending)
        pending.outcome, pending.verifier = _outcome(pending, request)
        try:
            await _async_advance(request.app[KEY_HASS], pending.flow_id)
        except UnknownFlow:
            return _response(HTTPStatus.BAD_REQUEST, _NOT_PENDING)
        if pending.outcome in (Outcome.AUTHORIZED, Outcome.REFUSED):
            return _response(HTTPStatus.OK, _DONE)
        return _response(HTTPStatus.BAD_REQUEST, _NOT_PENDING)


def _outcome(
    pending: PendingAuthorization, request: web.Request
) -> tuple[Outcome, str | None]:
    """Return the outcome that a browser comes back with, and the verifier."""
    # The timer may be late, after the machine has slept.
    if time.monotonic() > pending.expires_at:
        return Outcome.EXPIRED, None
    # Without a verifier the user has refused. Whether the token is sent in that case is
    # not certain.
    verifier = request.query.get("oauth_verifier")
    token = request.query.get("oauth_token")
    if (verifier or token is not None) and not hmac.compare_digest(
        (token or "").encode(errors="replace"), pending.request_token.token.encode()
    ):
        return Outcome.MISMATCH, None
    if not verifier:
        return Outcome.REFUSED, None
    return Outcome.AUTHORIZED, verifier[:_LONGEST_VERIFIER]


async def _async_advance(hass: HomeAssistant, flow_id: str) -> None:
    """Advance a flow whose dialog waits for the browser. Raises UnknownFlow."""
    flows = hass.config_entries.flow
    if flows.async_get(flow_id)["step_id"] == EXTERNAL_STEP:
        await flows.async_configure(flow_id)


def _response(status: HTTPStatus, page: str) -> web.Response:
    """Return one of the pages."""
    return web.Response(
        status=status, text=page, content_type="text/html", headers=_HEADERS
    )


_VIEW: Final[HassKey[TelldusAuthCallbackView]] = HassKey(f"{DOMAIN}_callback_view")


@callback
def async_get_view(hass: HomeAssistant) -> TelldusAuthCallbackView:
    """Return the view, registered on the first call: a view cannot be unregistered."""
    if (view := hass.data.get(_VIEW)) is None:
        view = hass.data[_VIEW] = TelldusAuthCallbackView()
        hass.http.register_view(view)
    return view
