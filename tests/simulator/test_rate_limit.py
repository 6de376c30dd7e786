"""Ten requests a minute, and what else the limit may be.

Source: docs/dev/telldus-api.md, "Limits and outages".
"""

import pytest

from simulator import Simulator

from .conftest import Api, Clock


@pytest.fixture(autouse=True)
def limited(sim: Simulator) -> None:
    """Switch the limit on, as it is by default."""
    sim.settings.limit = True


async def statuses(api: Api, count: int, path: str = "json/clients/list") -> list[int]:
    """Make some calls."""
    return [(await api.call(path)).status for _ in range(count)]


def test_on_by_default() -> None:
    """Who says nothing gets the limit."""
    assert Simulator().settings.limit
    assert not Simulator(limit=False).settings.limit


async def test_window(api: Api, clock: Clock, sim: Simulator) -> None:
    """Ten in any sixty seconds; the window slides."""
    assert await statuses(api, 5) == [200] * 5
    clock.now += 30
    assert await statuses(api, 6) == [200] * 5 + [429]
    answer = await api.call("json/clients/list")
    assert (answer.status, answer.text) == (429, "")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Retry-After" not in answer.headers
    clock.now += 29.9
    assert await statuses(api, 1) == [429]
    clock.now += 0.1
    # The first five are a minute old; refused calls have not counted.
    assert await statuses(api, 6) == [200] * 5 + [429]
    assert [row.status for row in sim.log].count(429) == 4


async def test_what_counts(api: Api) -> None:
    """Token endpoints count, refused signatures too; pages and control do not."""
    for _ in range(20):
        await api.open("")
        await api.open("oauth/authorize?oauth_token=x")
        await api.control("state", method="GET")
    assert (
        await statuses(Api(api.base, api.session), 4, "oauth/requestToken") == [200] * 4
    )
    assert await statuses(Api(api.base, api.session), 4) == [401] * 4
    assert await statuses(api, 3, "xml/clients/list") == [200] * 2 + [429]
    assert (await api.call("oauth/accessToken")).status == 429
    assert (await api.call("devices/list", format="json")).status == 429


async def test_scope_account(api: Api, sim: Simulator) -> None:
    """Each account has its own ten."""
    sim.settings.change({"limit_scope": "account"})
    other = api.to("ann", sim)
    assert await statuses(api, 11) == [200] * 10 + [429]
    assert await statuses(other, 11) == [200] * 10 + [429]
    # Two tokens of one account share them.
    assert await statuses(api.to("ann", sim), 1) == [429]


async def test_scope_function(api: Api, sim: Simulator) -> None:
    """Each function has its own ten."""
    sim.settings.change({"limit_scope": "function"})
    assert await statuses(api, 11) == [200] * 10 + [429]
    assert await statuses(api, 11, "json/events/list") == [200] * 10 + [429]


async def test_strict_burst(api: Api, clock: Clock, sim: Simulator) -> None:
    """The second call within ten seconds is refused."""
    sim.settings.change({"strict_burst": True, "retry_after": True})
    assert await statuses(api, 2) == [200, 429]
    clock.now += 4
    answer = await api.call("json/clients/list")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "6")
    clock.now += 6
    assert await statuses(api, 1) == [200]


async def test_retry_after(api: Api, clock: Clock, sim: Simulator) -> None:
    """The true wait, or a number of one's own."""
    sim.settings.change({"retry_after": True, "limit_per_minute": 2})
    await statuses(api, 2)
    clock.now += 12.5
    assert (await api.call("json/clients/list")).headers["Retry-After"] == "48"
    sim.settings.change({"retry_after": 7})
    assert (await api.call("json/clients/list")).headers["Retry-After"] == "7"


async def test_refused_calls_count(api: Api, clock: Clock, sim: Simulator) -> None:
    """Who does not wait ten seconds after a 429 waits ever longer."""
    sim.settings.change({"refused_calls_count": True, "limit_per_minute": 1})
    assert await statuses(api, 2) == [200, 429]
    clock.now += 55
    assert await statuses(api, 1) == [429]
    clock.now += 9  # the window is over, the pause is not
    assert await statuses(api, 1) == [429]
    clock.now += 9
    assert await statuses(api, 1) == [429]
    clock.now += 10
    assert await statuses(api, 1) == [200]


async def test_zero(api: Api, sim: Simulator) -> None:
    """A limit of nothing refuses everything; clearing forgets what was asked."""
    sim.settings.change({"limit_per_minute": 0})
    assert await statuses(api, 1) == [429]
    sim.settings.change({"limit_per_minute": 1})
    assert await statuses(api, 2) == [200, 429]
    await api.control("limit")
    assert await statuses(api, 1) == [200]
