"""Bodies: JSON, XML, the refusals, and what the faults make of them.

Source: docs/telldus-api.md, "Authentication errors", "Application errors", "Limits and outages".
"""

import asyncio
import json
import math
import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from .faults import Fault, FaultRule
from .home import Row
from .oauth import PREFIX

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def answer(row: Row, *, xml: str | None = None) -> web.Response:
    """Return a data call's answer; `xml` names the root element that is wanted."""
    if xml is not None:
        body = to_xml("error", row["error"]) if "error" in row else to_xml(xml, row)
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
        return web.Response(text=text, content_type="text/xml")
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, content_type="application/json")


def to_xml(name: str, value: Any) -> str:
    """Render any JSON: objects and lists as elements, the rest as text."""
    if not _NAME.fullmatch(name):
        opening, closing = f"<item name={quoteattr(name)}", "item"
    else:
        opening, closing = f"<{name}", name
    if isinstance(value, dict):
        inner = "".join(
            "".join(to_xml(key, part) for part in child)
            if isinstance(child, list)
            else to_xml(key, child)
            for key, child in value.items()
        )
    elif isinstance(value, list):
        inner = "".join(to_xml("item", part) for part in value)
    else:
        inner = "" if value is None else escape(str(value))
    return f"{opening}>{inner}</{closing}>" if inner else f"{opening}/>"


def unauthorized(text: str, *, xml: bool) -> web.Response:
    """Return a 401. On data calls it has been seen as XML even for JSON callers."""
    if xml:
        body = f"<error> {escape(PREFIX + text)} </error>"
        return web.Response(status=401, text=body, content_type="text/xml")
    return web.Response(status=401, text=PREFIX + text, content_type="text/plain")


def too_many(wait: float, retry_after: bool | float) -> web.Response:
    """Return a 429: empty, with Retry-After only if the setting says so."""
    headers: dict[str, str] = {}
    if retry_after is not False:
        seconds = wait if retry_after is True else retry_after
        headers["Retry-After"] = str(math.ceil(seconds))
    return web.Response(status=429, text="", content_type="text/html", headers=headers)


def instead(rule: FaultRule) -> web.Response | None:
    """Return what a fault answers in place of the server, None if it waits or mangles."""
    html = "text/html"
    args = rule.args
    match rule.fault:
        case Fault.UNAUTHORIZED_XML | Fault.UNAUTHORIZED_TEXT:
            text = (
                'The consumer_key "SAMPLEKEY" token "SAMPLETOKEN" combination '
                "does not exist or is not enabled."
            )
            return unauthorized(text, xml=rule.fault is Fault.UNAUTHORIZED_XML)
        case Fault.RATE_LIMITED:
            return too_many(0, args.get("retry_after", False))
        case Fault.NOT_FOUND:
            return web.Response(status=404, text="", content_type=html)
        case Fault.BAD_GATEWAY:
            body = "<html><body>Bad Gateway</body></html>"
            return web.Response(status=502, text=body, content_type=html)
        case Fault.CLOUDFLARE:
            return web.Response(
                status=403, text=f"error code: {args.get('number', 1020)}"
            )
        case Fault.APPLICATION_ERROR:
            row: Row = {"error": args.get("text", "Unknown error")}
            if "code" in args:
                row["code"] = args["code"]
            return answer(row)
        case Fault.GARBAGE:
            body = (
                "<!doctype html><html><body><h1>Welcome</h1><p>&nbsp;</p></body></html>"
            )
            return web.Response(text=body, content_type=html)
        case Fault.EMPTY:
            return web.Response(text="", content_type=html)
        case Fault.DATABASE:
            return web.Response(
                text="Could not select database telldus", content_type=html
            )
        case Fault.REDIRECT:
            location = args.get("location", "https://elsewhere.invalid/")
            return web.Response(status=302, headers={"Location": location})
    return None


async def hold(
    request: web.Request, closing: asyncio.Event, seconds: float | None
) -> None:
    """Wait for some seconds, or without end; the client or the server may leave first."""
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    waiting = asyncio.ensure_future(closing.wait())
    try:
        while request.transport is not None and not request.transport.is_closing():
            rest = 0.1 if end is None else min(0.1, end - loop.time())
            if rest <= 0:
                return
            done, _ = await asyncio.wait({waiting}, timeout=rest)
            if done:
                return
    finally:
        waiting.cancel()


def mangle(rule: FaultRule, response: web.Response) -> web.Response:
    """Spoil a good answer; answers that are no JSON can only be cut short."""
    text = response.text or ""
    if rule.fault is Fault.TRUNCATED:
        return web.Response(
            text=text[: len(text) // 2], content_type=response.content_type
        )
    if response.content_type != "application/json":
        return response
    row = json.loads(text)
    if rule.fault is Fault.WRONG_TYPES:
        return answer(_wrong(row))
    if rule.fault is Fault.MISSING_KEYS:
        return answer(_missing(row, rule.args.get("keys")))
    return response


def _wrong(value: Any) -> Any:
    """Swap texts and numbers, and make every third row of a list no row at all."""
    match value:
        case dict():
            return {key: _wrong(child) for key, child in value.items()}
        case list():
            return [
                "row" if n % 3 == 2 else _wrong(child) for n, child in enumerate(value)
            ]
        case bool() | None:
            return "unde"
        case int() | float():
            return str(value)
        case str() if value.isdigit():
            return int(value)
        case _:
            return [value]


def _missing(row: Row, keys: list[str] | None) -> Row:
    """Leave `keys` out of every row; without keys each row lacks another one."""

    def cut(part: Any, number: int) -> Any:
        if not isinstance(part, dict) or not part:
            return part
        names = list(part)
        gone = keys if keys is not None else [names[number % len(names)]]
        return {key: child for key, child in part.items() if key not in gone}

    name, child = next(iter(row.items()), ("", None))
    if not isinstance(child, list):
        return cut(row, 0)  # type: ignore[no-any-return]  # a dict stays a dict
    return row | {name: [cut(part, number) for number, part in enumerate(child)]}
