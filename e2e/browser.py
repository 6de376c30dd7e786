"""A browser without JavaScript: it follows links, fills forms and presses buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self, override

import aiohttp
from yarl import URL


@dataclass(slots=True)
class Form:
    """A form: where it goes, what it holds, and the buttons that send it."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    # The name and value that each button adds when it is the one pressed
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """Collect the forms of a page."""

    def __init__(self) -> None:
        """Initialize the parser."""
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a form's fields and buttons."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "button" or (tag == "input" and given.get("type") == "submit"):
            self._open.buttons.append((given.get("name", ""), given.get("value", "")))
        elif tag == "input" and given.get("name"):
            self._open.fields[given["name"]] = given.get("value", "")

    @override
    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        if tag == "form":
            self._open = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the browser."""

    url: URL
    status: int
    text: str
    forms: list[Form]

    def form_with(self, name: str) -> Form | None:
        """Return the form that has a field of a name."""
        for form in self.forms:
            if name in form.fields:
                return form
        return None

    def form_with_button(self, value: str) -> Form | None:
        """Return the form that has a button of a value."""
        for form in self.forms:
            if any(value == button for _, button in form.buttons):
                return form
        return None


class Browser:
    """A window with cookies of its own."""

    def __init__(self) -> None:
        """Initialize the session."""
        self._session = aiohttp.ClientSession(
            # Accept cookies from IP addresses too.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=60),
        )

    async def __aenter__(self) -> Self:
        """Enter the window."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the window."""
        await self._session.close()

    async def open(self, url: str | URL) -> Page:
        """Open a URL, and follow redirects."""
        async with self._session.get(url) as response:
            return await self._page(response)

    async def submit(
        self, page: Page, form: Form, filled: dict[str, str], press: str = ""
    ) -> Page:
        """Fill a form, press one of its buttons (the first, if none is named), and go on."""
        values = {**form.fields, **filled}
        for name, value in form.buttons:
            if name and (not press or press == value):
                values[name] = value
                break
        target = page.url.join(URL(form.action)) if form.action else page.url
        if form.method.lower() == "post":
            async with self._session.post(target, data=values) as response:
                return await self._page(response)
        return await self.open(target.update_query(values))

    async def _page(self, response: aiohttp.ClientResponse) -> Page:
        """Read a page."""
        text = await response.text()
        forms = _Forms()
        forms.feed(text)
        return Page(response.url, response.status, text, forms.forms)
