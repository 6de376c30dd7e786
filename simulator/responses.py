"""Bodies: JSON, XML, the errors, and their corruption by faults.

Source: docs/dev/telldus-api.md, "Authentication errors", "Application errors", "Limits and outages".
"""

import asyncio
from http import HTTPStatus
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


def data_response(row: Row, *, xml: str | None = None) -> web.Response:
    """Return a data call's response; `xml` is the root element, if XML is requested.

    An application error has that root too: clients look for `error` beside `status`.
    """
    if xml is not None:
        # Letters beyond ASCII have been seen as numbers.
        body = to_xml(xml, row).encode("ascii", "xmlcharrefreplace").decode()
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
        return web.Response(text=text, content_type="text/xml")
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, content_type="application/json")


def to_xml(name: str, value: Any) -> str:
    """Render any JSON: rows of lists as elements with attributes, the rest as elements."""
    if not _NAME.fullmatch(name):
        opening, closing = f"<item name={quoteattr(name)}", "item"
    else:
        opening, closing = f"<{name}", name
    if isinstance(value, dict):
        inner = "".join(_children(key, child) for key, child in value.items())
    elif isinstance(value, list):
        inner = "".join(to_xml("item", part) for part in value)
    else:
        inner = _text(value)
    return f"{opening}>{inner}</{closing}>" if inner else f"{opening}/>"


def _children(name: str, value: Any) -> str:
    """Render what an object says under a name: one element, or one for each of a list."""
    if isinstance(value, list):
        return "".join(_row(name, part) for part in value)
    return to_xml(name, value)


def _row(name: str, row: Any) -> str:
    """Render one of a list: what is neither a list nor an object is an attribute."""
    if not isinstance(row, dict):
        return to_xml(name, row)
    attributes = inner = ""
    for key, child in row.items():
        if isinstance(child, (dict, list)):
            inner += _children(key, child)
        else:
            attributes += f' {key}="{_text(child, {'"': "&quot;"})}"'
    opening = f"<{name}{attributes}"
    return f"{opening}>{inner}</{name}>" if inner else f"{opening} />"


def _text(value: Any, entities: dict[str, str] | None = None) -> str:
    """Return a text or a number as it stands in XML, a truth as PHP's 1 or 0, null as nothing."""
    if isinstance(value, bool):
        value = int(value)
    return "" if value is None else escape(str(value), entities or {})


def unauthorized(text: str, *, xml: bool) -> web.Response:
    """Return a 401, as XML or as the bare text: both have been seen."""
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


def fault_response(rule: FaultRule) -> web.Response | None:
    """Return a fault's response, None if the fault delays or corrupts one."""
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
            status = args.get("status", 502)
            title = HTTPStatus(status).phrase
            body = f"<html><body>{title}</body></html>"
            return web.Response(status=status, text=body, content_type=html)
        case Fault.CLOUDFLARE:
            return web.Response(
                status=403, text=f"error code: {args.get('number', 1020)}"
            )
        case Fault.APPLICATION_ERROR:
            row: Row = {"error": args.get("text", "Unknown error")}
            if "code" in args:
                row["code"] = args["code"]
            return data_response(row)
        case Fault.GARBAGE:
            body = (
                "<!doctype html><html><body><h1>Welcome</h1><p>&nbsp;</p></body></html>"
            )
            return web.Response(text=body, content_type=html)
        case Fault.EMPTY:
            return web.Response(text="", content_type=html)
        case Fault.DATABASE:
            return web.Response(
                text="Could not select database: telldus_api@master-db-host",
                content_type=html,
            )
        case Fault.REDIRECT:
            location = args.get("location", "https://elsewhere.invalid/")
            return web.Response(status=302, headers={"Location": location})
    return None


async def hold_response(
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


def corrupt(rule: FaultRule, response: web.Response) -> web.Response:
    """Corrupt a good response; what is not JSON can only be truncated."""
    text = response.text or ""
    if rule.fault is Fault.TRUNCATED:
        return web.Response(
            text=text[: len(text) // 2], content_type=response.content_type
        )
    if response.content_type != "application/json":
        return response
    row = json.loads(text)
    if rule.fault is Fault.WRONG_TYPES:
        return data_response(_swap_types(row))
    if rule.fault is Fault.MISSING_KEYS:
        return data_response(_drop_keys(row, rule.args.get("keys")))
    return response


def _swap_types(value: Any) -> Any:
    """Swap texts and numbers, and make every third row of a list no row at all."""
    match value:
        case dict():
            return {key: _swap_types(child) for key, child in value.items()}
        case list():
            return [
                "row" if n % 3 == 2 else _swap_types(child)
                for n, child in enumerate(value)
            ]
        case bool() | None:
            return "unde"
        case int() | float():
            return str(value)
        case str() if value.isdigit():
            return int(value)
        case _:
            return [value]


def _drop_keys(row: Row, keys: list[str] | None) -> Row:
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
