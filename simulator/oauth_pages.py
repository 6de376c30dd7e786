"""OAuth's endpoints: request and access tokens, the consent pages, and the key pages.

Source: docs/dev/telldus-api.md, "Endpoints" and "OAuth 1.0a flow".
"""

import secrets
from urllib.parse import quote

from aiohttp import web

from .backend import Backend
from .html import button, esc, hidden, page
from .oauth import SignedRequest, Unauthorized, answer_request_token
from .tokens import RequestToken

_OUT_OF_BAND = ("", "oob")


def request_token(sim: Backend, signed: SignedRequest) -> str:
    """Answer oauth/requestToken; without a callback the user returns by hand."""
    key = sim.verifier.consumer(signed)
    callback = signed.get("oauth_callback")
    if callback in _OUT_OF_BAND:
        callback = ""
    elif sim.settings.refuse_callback:
        raise Unauthorized("The callback is not allowed for this consumer_key.")
    token = sim.tokens.new_request_token(key, callback or None)
    answer = f"oauth_token={token.token}&oauth_token_secret={token.secret}"
    if sim.settings.callback_confirmed != "missing":
        answer += f"&oauth_callback_confirmed={sim.settings.callback_confirmed}"
    return answer


def access_token(sim: Backend, signed: SignedRequest) -> str:
    """Answer oauth/accessToken; the verifier may be missing, but not wrong."""
    token = sim.tokens.exchange(sim.verifier.exchange(signed))
    return f"oauth_token={token.token}&oauth_token_secret={token.secret}"


class OAuthPages:
    """The pages at /oauth/authorize and /keys."""

    def __init__(self, sim: Backend) -> None:
        """Initialize the pages of a simulator."""
        self._sim = sim

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register all pages."""
        router.add_get("/oauth/authorize", self.show)
        # As one client has it
        router.add_get("/oauth/authorize/", self.show)
        router.add_post("/oauth/authorize", self.answer)
        for path in ("/keys/index", "/keys/showToken"):
            router.add_get(path, self.keys)
        router.add_post("/keys/showToken", self.keys)
        router.add_get("/keys/tokens", self.applications)
        router.add_post("/keys/tokens", self.revoke)

    async def show(self, request: web.Request) -> web.Response:
        """Step 1: sign in."""
        token = self._open_token(request.query.get("oauth_token", ""))
        return self._gone() if token is None else self._sign_in(token)

    async def answer(self, request: web.Request) -> web.Response:
        """Take a name and password, or agree and refuse."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        token = self._open_token(form.get("oauth_token", ""))
        if token is None:
            return self._gone()
        if "answer" not in form:
            user = form.get("username", "").strip().lower()
            if not user or not form.get("password"):
                return self._sign_in(
                    token, "A name and a password, please. Any will do."
                )
            session = secrets.token_hex(16)
            token.sessions[session] = user
            return self._ask(token, session, user)
        signed_in = token.sessions.get(form.get("session", ""))
        if signed_in is None or form["answer"] not in ("agree", "refuse"):
            return self._sign_in(token, "Please sign in first.")
        agreed = form["answer"] == "agree"
        target = answer_request_token(token, signed_in if agreed else None)
        if target is None:
            return self._done(agreed=agreed)
        # Not web.HTTPFound: its URL class would rewrite the callback.
        location = quote(target, safe="!#$%&'()*+,/:;=?@[]~-._{}|^")
        return web.Response(status=302, headers={"Location": location})

    async def keys(self, request: web.Request) -> web.Response:
        """Show the key pairs; POST makes a token for applications without a flow."""
        sim = self._sim
        rows = "".join(
            f"<tr><th>Public key</th><td><code>{esc(public)}</code></td></tr>"
            f"<tr><th>Private key</th><td><code>{esc(private)}</code></td></tr>"
            for public, private in sim.tokens.consumers.items()
        )
        if request.method == "POST":
            token, secret = sim.issue_token()
            rows += (
                f"<tr><th>Token</th><td><code>{esc(token)}</code></td></tr>"
                f"<tr><th>Token secret</th><td><code>{esc(secret)}</code></td></tr>"
            )
        body = (
            "<h1>Your keys</h1><section>"
            "<p>An application that asks for a public and a private key gets these.</p>"
            f"<table>{rows}</table>"
            '<form method="post" action="/keys/showToken"><p class="soft">Some applications '
            "want a token as well, instead of sending you here to agree.</p>"
            f"{button('Generate a private token for my user only')}</form></section>"
        )
        return page("Keys", body)

    async def applications(self, request: web.Request) -> web.Response:
        """List the applications with access."""
        sim = self._sim
        rows = "".join(
            f"<tr><td>{esc(sim.settings.application)}</td><td>{esc(token.user)}</td>"
            f"<td><code>{esc(token.token[:8])}…</code></td>"
            '<td><form class="row" method="post" action="/keys/tokens">'
            f"{hidden(token=token.token)}{button('Revoke')}</form></td></tr>"
            for token in sim.tokens.access_tokens.values()
        )
        table = (
            "<table><tr><th>Application</th><th>Account</th><th>Token</th><th></th></tr>"
            f"{rows}</table>"
            if rows
            else "<p>None yet.</p>"
        )
        body = f"<h1>Applications with access</h1><section>{table}</section>"
        return page("Applications", body)

    async def revoke(self, request: web.Request) -> web.Response:
        """Revoke an application's access."""
        form = await request.post()
        self._sim.revoke(str(form.get("token", "")))
        return web.Response(status=303, headers={"Location": "/keys/tokens"})

    def _open_token(self, name: str) -> RequestToken | None:
        """Return a request token that is not answered yet."""
        token = self._sim.tokens.request_token(name)
        return (
            None if token is None or token.user is not None or token.refused else token
        )

    def _sign_in(self, token: RequestToken, complaint: str = "") -> web.Response:
        wrong = f'<p class="bad">{esc(complaint)}</p>' if complaint else ""
        body = (
            "<h1>Sign in</h1><section>"
            f"<p><b>{esc(self._sim.settings.application)}</b> sent you here.</p>{wrong}"
            '<form method="post" action="/oauth/authorize">'
            f"{hidden(oauth_token=token.token)}"
            '<label for="username">Name</label>'
            '<input id="username" name="username" autocomplete="off" autofocus required>'
            '<label for="password">Password</label>'
            '<input id="password" name="password" type="password" autocomplete="off" required>'
            f'<div class="buttons">{button("Sign in", main=True)}</div></form>'
            '<p class="soft">This is a simulator: any name and any password will do. '
            "<b>demo</b> owns the home, <b>guest</b> has it shared.</p></section>"
        )
        return page("Sign in", body, narrow=True)

    def _ask(self, token: RequestToken, session: str, user: str) -> web.Response:
        body = (
            f"<h1>{esc(self._sim.settings.application)} wants access</h1><section>"
            f"<p>May <b>{esc(self._sim.settings.application)}</b> see and control everything "
            f"in the home of <b>{esc(user)}</b>?</p>"
            '<form method="post" action="/oauth/authorize">'
            f"{hidden(oauth_token=token.token, session=session)}"
            f'<div class="buttons">{button("Yes, agree", name="answer", value="agree", main=True)}'
            f"{button('No, refuse', name='answer', value='refuse')}</div></form></section>"
        )
        return page("Access", body, narrow=True)

    def _done(self, *, agreed: bool) -> web.Response:
        text = (
            "<h1>Done</h1><section><p>The application has access now. "
            if agreed
            else "<h1>Refused</h1><section><p>The application has no access. "
        )
        text += "You can close this page and go back to the application.</p></section>"
        return page("Go back", text, narrow=True)

    def _gone(self) -> web.Response:
        body = (
            "<h1>This link is not valid</h1><section><p>It has been used, or is older than "
            "an hour. Go back to the application and start again.</p></section>"
        )
        return page("Not valid", body, narrow=True, status=400)
