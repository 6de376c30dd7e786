"""A simulator behind a real local server, a clock that is moved by hand, a signing client."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
import json
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from oauthlib.oauth1 import Client
import pytest
from yarl import URL

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

type Method = Literal["GET", "POST"]

FORM = "application/x-www-form-urlencoded"
NOW = 1764000000.0


@dataclass
class Clock:
    """A clock that stands still."""

    now: float = NOW

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.now


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.text)


@dataclass
class Api:
    """Signs calls with oauthlib and sends them with aiohttp."""

    base: str
    session: ClientSession
    token: str | None = None
    secret: str | None = None
    key: str = DEMO_PUBLIC_KEY
    private: str = DEMO_PRIVATE_KEY
    options: dict[str, Any] = field(default_factory=dict)

    def signed(
        self, path: str, params: dict[str, Any] | None = None, method: Method = "GET"
    ) -> tuple[str, dict[str, str], str | None]:
        """Return URL, headers and body of a signed call."""
        client = Client(self.key, self.private, self.token, self.secret, **self.options)
        query = urlencode(params or {})
        url = f"{self.base}/{path}"
        if method == "GET":
            uri, headers, body = client.sign(f"{url}?{query}" if query else url)
        else:
            uri, headers, body = client.sign(url, method, query, {"Content-Type": FORM})
        return uri, headers, body

    async def send(
        self, url: str, headers: dict[str, str], body: str | None, method: str = "GET"
    ) -> Answer:
        """Send a call as it is."""
        async with self.session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
        ) as response:
            return Answer(
                response.status, await response.text(), dict(response.headers)
            )

    async def call(self, path: str, method: Method = "GET", /, **params: Any) -> Answer:
        """Sign and send a call; a parameter from_ is sent as from."""
        params = {name.rstrip("_"): value for name, value in params.items()}
        return await self.send(*self.signed(path, params, method), method)

    async def get(self, path: str, /, **params: Any) -> Any:
        """Return the JSON of a data call that must succeed."""
        answer = await self.call(f"json/{path}", **params)
        assert answer.status == 200, answer
        assert answer.headers["Content-Type"].startswith("application/json")
        return answer.json

    async def open(
        self,
        path: str,
        form: dict[str, str] | None = None,
        *,
        raw: bool = False,
        **headers: str,
    ) -> Answer:
        """Open a page as a browser does, or post a form; `raw` leaves the URL alone."""
        method = "GET" if form is None else "POST"
        async with self.session.request(
            method,
            URL(f"{self.base}/{path}", encoded=raw),
            data=form,
            headers=headers,
            allow_redirects=False,
        ) as response:
            return Answer(
                response.status, await response.text(), dict(response.headers)
            )

    async def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Use the control API; the call must succeed."""
        async with self.session.request(
            method, f"{self.base}/control/{path}", json=body
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    def to(self, user: str, sim: Simulator) -> Api:
        """Return a client of another account."""
        token, secret = sim.issue_token(user)
        return Api(self.base, self.session, token, secret)


@pytest.fixture
def clock() -> Clock:
    """Return the clock."""
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Simulator:
    """Return a simulator without limit; the tests of the limit switch it on."""
    return Simulator(clock=clock, limit=False)


@pytest.fixture
async def base(socket_enabled: None, sim: Simulator) -> AsyncGenerator[str]:
    """Serve the simulator; returns its address."""
    async with TestServer(sim.app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def stranger(base: str) -> AsyncGenerator[Api]:
    """Return a client that has keys, but no token."""
    async with ClientSession() as session:
        yield Api(base, session)


@pytest.fixture
def api(stranger: Api, sim: Simulator) -> Api:
    """Return a client that is signed in as demo."""
    return stranger.to("demo", sim)
