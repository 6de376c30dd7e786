"""The texts of the user interface, from the translation files of Home Assistant.

A text that a language lacks is in English, as in Home Assistant.
"""

import json
from pathlib import Path
import re
from typing import Any

import hass_frontend

import homeassistant.components

from .stack import DOMAIN, ROOT

_FRONTEND = Path(hass_frontend.where()) / "static" / "translations"
_COMPONENTS = Path(homeassistant.components.__path__[0])
# Parts of the frontend with translation files of their own
_PARTS = (".", "config", "energy", "page-authorize")


class Texts:
    """All texts in one language."""

    def __init__(self, language: str) -> None:
        """Read the frontend's texts; components' are read when they are needed."""
        self.language = language
        self._frontend: dict[str, str] = {}
        self._components: dict[str, dict[str, str]] = {}
        for one in dict.fromkeys(("en", language)):
            name = re.compile(rf"{one}-[0-9a-f]{{32}}\.json")
            for part in _PARTS:
                for path in (_FRONTEND / part).iterdir():
                    if name.fullmatch(path.name):
                        self._frontend |= json.loads(path.read_text("utf-8"))

    def frontend(self, key: str, **placeholders: str) -> str:
        """Return one of the frontend's own texts, such as ``ui.common.menu``."""
        return _filled(self._frontend[key], placeholders)

    def ours(self, key: str, **placeholders: str) -> str:
        """Return one of the integration's texts, such as ``config.step.user.title``."""
        return self.of(DOMAIN, key, **placeholders)

    def of(self, domain: str, key: str, **placeholders: str) -> str:
        """Return a text of any component."""
        if domain not in self._components:
            self._components[domain] = self._read(domain)
        return _filled(self._components[domain][key], placeholders)

    def _read(self, domain: str) -> dict[str, str]:
        """Read a component's texts."""
        own = domain == DOMAIN
        folder = (ROOT / "custom_components" if own else _COMPONENTS) / domain
        texts: dict[str, str] = {}
        for one in dict.fromkeys(("en", self.language)):
            path = folder / "translations" / f"{one}.json"
            if path.exists():
                texts |= _flat(json.loads(path.read_text("utf-8")))
        return texts


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the leaves of a tree by their paths, with dots."""
    leaves: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves


def _filled(text: str, placeholders: dict[str, str]) -> str:
    """Return a text with the given placeholders filled."""
    for name, value in placeholders.items():
        text = text.replace(f"{{{name}}}", value)
    return text
