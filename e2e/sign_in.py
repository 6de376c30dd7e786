"""Sign the integration in, by the road that a person takes.

The form with the keys, the menu, Telldus' own page in the browser, back to Home Assistant.
"""

import asyncio
from collections.abc import Callable

from .browser import Browser, Page
from .home_assistant import HomeAssistant, Json

DOMAIN = "telldus_pa"
CALLBACK = f"/api/{DOMAIN}/callback/"
# Whose home it is. Any password will do at the simulator.
USERNAME = "demo"
PASSWORD = "demo"


class SignInError(AssertionError):
    """The road did not lead where it should."""


def demand(step: Json, kind: str, step_id: str | None = None) -> Json:
    """Return a flow's step if it is of the kind that must come now."""
    if step["type"] != kind or (step_id and step.get("step_id") != step_id):
        raise SignInError(f"expected {kind} {step_id or ''}, and got {step}")
    return step


async def consent(url: str, answer: str = "agree") -> Page:
    """Log in at Telldus and answer its question; return the page that comes after."""
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

    What the browser's address bar shows on the way and nobody else may see is added to
    `seen`: the request token, the verifier, and the one-time word in the callback.
    """
    demand(step, "external", "authorize")
    flow_id = step["flow_id"]
    page = await consent(step["url"])
    if seen is not None:
        seen |= {page.url.name, *page.url.query.values()}
    # The dialog reads the flow again when it hears that it went on.
    while step["type"] in ("external", "external_done"):
        before = step["type"], step["step_id"]
        step = await home_assistant.flow(flow_id)
        if (step["type"], step.get("step_id")) == before:
            raise SignInError(f"the browser came back, and the flow stays at {step}")
    return step


async def patiently(home_assistant: HomeAssistant, step: Json) -> Json:
    """Wait where a step says that there were too many requests, and submit it again.

    With polls and commands just before, a sign-in may find the minute used up.
    """
    while step.get("errors") == {"base": "rate_limited"}:
        demand(step, "form", "failed")
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
    step = demand(await home_assistant.start_flow(DOMAIN), "form", "user")
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
    demand(step, "menu", "method")
    step = await home_assistant.continue_flow(flow_id, {"next_step_id": "authorize"})
    say("Agreeing at the simulator's page")
    step = demand(await authorize(home_assistant, step, seen), "create_entry")
    entry: Json = step["result"]
    return entry


async def sign_in_again(
    home_assistant: HomeAssistant, flow_id: str, seen: set[str] | None = None
) -> None:
    """Walk a waiting reauthentication flow to its good end."""
    demand(await home_assistant.flow(flow_id), "menu", "reauth_confirm")
    step = await home_assistant.continue_flow(flow_id, {"next_step_id": "authorize"})
    step = await patiently(home_assistant, step)
    step = await authorize(home_assistant, step, seen)
    step = demand(await patiently(home_assistant, step), "abort")
    if step["reason"] != "reauth_successful":
        raise SignInError(f"reauthentication ended with {step['reason']}")
