"""A limit for each test; for those in a browser a new stack, and a user."""

import asyncio
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from functools import wraps
import shutil
from typing import Any

import pytest
import pytest_asyncio

from .chromium import SIZES, chromium
from .frontend import User, user
from .home_assistant import HomeAssistant
from .process import free_port
from .scenario import Scenario
from .simulator_client import SimulatorClient
from .stack import IN_DOCUMENTS, ROOT, Stack
from .test_support import DOMAIN as TEST_SUPPORT

_PICTURES = ROOT / ".e2e" / "browser"
# Twice what the longest test may take, in seconds
_LONGEST = 600
_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the browser tests."""
    parser.addoption("--size", choices=SIZES, help="of the screen")
    parser.addoption("--language", help="of the user, for instance en")
    parser.addoption(
        "--documents",
        action="store_true",
        help="renew the pictures of dialogs that documents show",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have a test that hangs, as a browser may, fail where it waits."""
    assert isinstance(item, pytest.Function)
    steps = item.obj

    @wraps(steps)
    async def limited(**fixtures: Any) -> None:
        async with asyncio.timeout(_LONGEST):
            await steps(**fixtures)

    item.obj = limited


@dataclass
class BrowserSession:
    """A scenario with a user in a browser."""

    scenario: Scenario
    user: User

    def assert_no_complaints(self) -> None:
        """Assert that neither the browser nor Home Assistant logged a warning."""
        assert self.user.complaints == []
        self.scenario.assert_log_is_clean()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(request: pytest.FixtureRequest) -> AsyncIterator[BrowserSession]:
    """Start a stack with an account, by the module's `SIZE`, `LANGUAGE` and class `STACK`."""
    chosen = request.config.getoption
    size = chosen("--size") or request.module.SIZE
    language = chosen("--language") or request.module.LANGUAGE
    documents = IN_DOCUMENTS if chosen("--documents") else None
    name = f"{size}-{language}"
    if (size, language) != (request.module.SIZE, request.module.LANGUAGE):
        # Another module may have the same size and language.
        name += f"-{request.module.__name__.rpartition('_')[2]}"
    folder = ROOT / ".e2e" / name
    stack_class: type[Stack] = getattr(request.module, "STACK", Stack)
    stack = stack_class(
        folder, free_port(), free_port(), home="tests", helpers=(TEST_SUPPORT,)
    )
    # Before their pid files are removed
    await stack.stop_orphans()
    shutil.rmtree(folder, ignore_errors=True)
    await stack.make_ready()
    try:
        await stack.start()
        async with (
            HomeAssistant(stack.url) as home_assistant,
            SimulatorClient(stack.simulator_url) as telldus,
            chromium() as browser,
            user(
                *(browser, stack.url, size, language, _PICTURES / name, documents)
            ) as user_,
        ):
            # Nothing changes but by the tests.
            await telldus.settings(life=False)
            scenario = Scenario(stack, home_assistant, telldus)
            await scenario.onboard()
            yield BrowserSession(scenario, user_)
    finally:
        await stack.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test has failed."""
    report = yield
    item.stash[_FAILED] = report.failed
    return report


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def picture_of_failure(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Take pictures of all pages when a test failed."""
    yield
    if request.node.stash.get(_FAILED, False) and "session" in request.fixturenames:
        seen: Any = request.getfixturevalue("session")
        await seen.user.take_all_pictures("failed")
