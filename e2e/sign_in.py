"""Sign in as a user does: the keys, the menu, Telldus' page in a browser, the callback."""

import asyncio
from collections.abc import Callable

from . import Json
from .browser import Browser, Page
from .home_assistant import HomeAssistant
from .stack import DOMAIN

CALLBACK = f"/api/{DOMAIN}/callback/"
# The account at Telldus; the simulator takes any password.
USERNAME = "demo"
PASSWORD = "demo"


class SignInError(AssertionError):
    """The sign-in went another way than expected."""


def expect_step(step: Json, kind: str, step_id: str | None = None) -> Json:
    """Return a flow's step; raise `SignInError` if it is another one than expected."""
    if step["type"] != kind or (step_id and step.get("step_id") != step_id):
        raise SignInError(f"expected {kind} {step_id or ''}, and got {step}")
    return step


async def consent(url: str, answer: str = "agree") -> Page:
    """Log in at Telldus and agree or refuse; return the page after the callback."""
    async with Browser() as browser:
        page = await browser.open(url)
        if form := page.form_with("password"):
            filled = {"username": USERNAME, "password": PASSWORD}
            page = await browser.submit(page, form, filled)
        form = page.form_with_button(answer)
        if form is None:
            raise SignInError(f"no button {answer} on {page.url}: {page.text[:500]}")
        page = await browser.submit(page, form, {}, press=answer)
    if page.status != 200 or not page.url.path.startswith(CALLBACK):
        raise SignInError(f"{page.status} at {page.url.path}: {page.text[:500]}")
    return page


async def authorize(
    home_assistant: HomeAssistant, step: Json, seen: set[str] | None = None
) -> Json:
    """Take a flow from its external step over Telldus' page to its end.

    The secrets in the browser's URLs are added to `seen`: the request token, the verifier,
    and the callback's one-time id.
    """
    expect_step(step, "external", "authorize")
    flow_id = step["flow_id"]
    page = await consent(step["url"])
    if seen is not None:
        seen |= {page.url.name, *page.url.query.values()}
    # The dialog fetches the flow again when it is told of progress.
    while step["type"] in ("external", "external_done"):
        before = step["type"], step["step_id"]
        step = await home_assistant.flow(flow_id)
        if (step["type"], step.get("step_id")) == before:
            raise SignInError(f"the browser came back, and the flow stays at {step}")
    return step


async def retry_when_rate_limited(home_assistant: HomeAssistant, step: Json) -> Json:
    """Wait as long as a rate-limited step says, and submit it again.

    Polls and commands before a sign-in may have used the rate limit up.
    """
    while step.get("errors") == {"base": "rate_limited"}:
        expect_step(step, "form", "failed")
        await asyncio.sleep(float(step["description_placeholders"]["wait"]))
        step = await home_assistant.continue_flow(step["flow_id"], {})
    return step


async def sign_in(
    home_assistant: HomeAssistant,
    simulator_url: str,
    keys: tuple[str, str],
    say: Callable[[str], None] = lambda _: None,
    seen: set[str] | None = None,
) -> Json:
    """Add the integration; return its config entry."""
    public_key, private_key = keys
    step = expect_step(await home_assistant.start_flow(DOMAIN), "form", "user")
    flow_id = step["flow_id"]
    say("Giving the keys of the developer page")
    step = await home_assistant.continue_flow(
        flow_id,
        {
            "public_key": public_key,
            "private_key": private_key,
            "advanced": {"server_url": simulator_url},
        },
    )
    expect_step(step, "menu", "method")
    step = await home_assistant.continue_flow(flow_id, {"next_step_id": "authorize"})
    say("Agreeing at the simulator's page")
    step = expect_step(await authorize(home_assistant, step, seen), "create_entry")
    entry: Json = step["result"]
    return entry


async def sign_in_again(
    home_assistant: HomeAssistant, flow_id: str, seen: set[str] | None = None
) -> None:
    """Complete a pending reauthentication flow."""
    expect_step(await home_assistant.flow(flow_id), "menu", "reauth_confirm")
    step = await home_assistant.continue_flow(flow_id, {"next_step_id": "authorize"})
    step = await retry_when_rate_limited(home_assistant, step)
    step = await authorize(home_assistant, step, seen)
    step = expect_step(await retry_when_rate_limited(home_assistant, step), "abort")
    if step["reason"] != "reauth_successful":
        raise SignInError(f"reauthentication ended with {step['reason']}")
