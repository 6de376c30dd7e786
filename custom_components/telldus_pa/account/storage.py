"""What is stored: one file for each entry, and one for the rate limiters.

A file that cannot be used never stops an account. It is renamed, so that nothing is lost,
and its store starts empty.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads_object

from ..const import DOMAIN, LOGGER

type Schema = Mapping[Any, Any] | Callable[[dict[str, Any]], dict[str, Any]]

# Files of another version are renamed and begun anew. A change of it needs a migration at
# least for the section "migration", without which nobody can go back to core's integration.
_VERSION: Final = 1

# A time in a schema; it is written in the ISO format.
UTC_DATETIME: Final = vol.All(cv.datetime, dt_util.as_utc)


class StorageKey(StrEnum):
    """The sections of an entry's file."""

    EVENTS = "events"
    HISTORY_IMPORT = "history_import"
    MIGRATION = "migration"
    PREMIUM = "premium"
    PUSH = "push"
    PROTOCOLS = "protocols"
    ROOMS = "rooms"


class TelldusStore(Store[dict[str, Any]]):
    """A file of this integration, which holds a dict."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        """Initialize the store; ``name`` is an entry's id, or what the entries share."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{name}", atomic_writes=True)

    async def async_load_dict(self, schema: vol.Schema) -> dict[str, Any]:
        """Load the file; one that is not as ``schema`` says is renamed and counts as empty."""
        try:
            loaded: dict[str, Any] = schema(await self.async_load() or {})
        except (
            HomeAssistantError,  # Of a newer version, or it cannot be read
            NotImplementedError,  # Of an older version
            LookupError,  # No version, no data
            TypeError,  # No dict
            vol.Invalid,
        ) as err:
            LOGGER.warning(
                "The file %s cannot be used and is renamed: %s",
                Path(self.path).name,
                type(err).__name__,
            )
            await self.hass.async_add_executor_job(self._rename)
            return {}
        return loaded

    async def async_remove_all(self) -> None:
        """Remove the file and its renamed predecessors, and write nothing any more."""
        self.make_read_only()
        await self.async_remove()
        await self.hass.async_add_executor_job(self._remove_renamed)

    def _rename(self) -> None:
        """Rename the file in the way of Home Assistant's own ``.corrupt`` files."""
        with suppress(OSError):
            Path(self.path).rename(
                f"{self.path}.unusable.{dt_util.utcnow().isoformat()}"
            )

    def _remove_renamed(self) -> None:
        """Remove the files that this class or Home Assistant has renamed."""
        for path in Path(self.path).parent.glob(f"{self.key}.*"):
            path.unlink(missing_ok=True)


class EntryStore:
    """The file of an entry, loaded once, with a section for each component."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store."""
        self._hass = hass
        self._entry_id = entry_id
        self._store = TelldusStore(hass, entry_id)
        self._load_lock = asyncio.Lock()
        # As read from JSON; None until it is loaded.
        self._sections: dict[str, Any] | None = None
        # What the next write asks for the data of a section.
        self._unsaved: dict[str, Callable[[], Mapping[str, Any]]] = {}
        # When the next write is due, by the loop's clock.
        self._save_at: float | None = None

    async def async_load(self) -> dict[str, Any]:
        """Load all sections, with what is not written yet."""
        async with self._load_lock:
            if self._sections is None:
                self._sections = await self._store.async_load_dict(vol.Schema(dict))
        return self._collect(self._sections)

    async def async_save(
        self, key: str, data: Mapping[str, Any], *, read_back: bool = False
    ) -> None:
        """Write the file now, with the data of a section.

        Home Assistant logs most failures, and goes on. With ``read_back``, what is on disk is
        read, and OSError is raised unless it is that.
        """
        sections = await self.async_load()
        before = sections.get(key)
        self._unsaved[key] = lambda: data
        self._save_at = None
        try:
            await self._store.async_save(self._collect(sections))
            if read_back:
                await self._async_read_back(key, sections)
        except BaseException:
            # What could not be written is not restored by anybody either.
            sections[key] = before
            raise

    async def _async_read_back(self, key: str, sections: dict[str, Any]) -> None:
        """Raise OSError unless a section is on disk as it is in memory."""
        on_disk = await TelldusStore(self._hass, self._entry_id).async_load() or {}
        if on_disk.get(key) != sections.get(key):
            raise OSError(f"{self._store.key} was not written")

    @callback
    def async_delay_save(
        self, key: str, data_func: Callable[[], Mapping[str, Any]], delay: float
    ) -> None:
        """Write the file within ``delay`` seconds, with what ``data_func`` returns then."""
        if self._sections is None:
            raise RuntimeError(f"{self._store.key} is saved before it was loaded")
        sections, save_at = self._sections, self._hass.loop.time() + delay
        self._unsaved[key] = data_func
        if self._save_at is not None and self._save_at <= save_at:
            return
        self._save_at = save_at

        def to_store() -> dict[str, Any]:
            """Collect what is written."""
            self._save_at = None
            return self._collect(sections)

        self._store.async_delay_save(to_store, delay)

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._store.async_remove_all()

    def _collect(self, sections: dict[str, Any]) -> dict[str, Any]:
        """Update the sections as if they were written and read again."""
        while self._unsaved:
            key, data_func = self._unsaved.popitem()
            if data := json_loads_object(json_bytes(data_func())):
                sections[key] = data
            else:
                sections.pop(key, None)
        return sections


class StoreSection:
    """A user's section of an entry's file."""

    def __init__(self, store: EntryStore, key: StorageKey, schema: Schema) -> None:
        """Initialize the section; keys that the schema does not name are kept."""
        self._store = store
        self._section = key
        self._schema = vol.Schema(schema, extra=vol.ALLOW_EXTRA)

    async def async_load(self) -> dict[str, Any]:
        """Load the data, empty if there are none.

        What the schema rejects is kept in the file under another name.
        """
        sections = await self._store.async_load()
        if not (section := sections.get(self._section)):
            return {}
        try:
            loaded: dict[str, Any] = self._schema(section)
        except vol.Invalid as err:
            LOGGER.warning("The stored %s cannot be used: %s", self._section, err)
            sections[f"{self._section}_unusable"] = sections.pop(self._section)
            return {}
        return loaded

    async def async_save(
        self, data: Mapping[str, Any], *, read_back: bool = False
    ) -> None:
        """Save the data now; ``read_back`` is as for the file."""
        await self._store.async_save(self._section, data, read_back=read_back)

    @callback
    def async_delay_save(
        self, data_func: Callable[[], Mapping[str, Any]], delay: float = 0
    ) -> None:
        """Save what ``data_func`` returns within ``delay`` seconds."""
        self._store.async_delay_save(self._section, data_func, delay)

    async def async_remove(self) -> None:
        """Remove the data."""
        await self.async_save({})


_STORES: Final[HassKey[dict[str, EntryStore]]] = HassKey(f"{DOMAIN}_stores")


@singleton(_STORES)
@callback
def _stores(hass: HomeAssistant) -> dict[str, EntryStore]:
    """Get the stores by entry: one for each, so that no user overwrites another."""
    return {}


def entry_store(
    hass: HomeAssistant,
    key: StorageKey,
    entry_id: str,
    schema: Schema | None = None,
) -> StoreSection:
    """Get a section of an entry's file; ``schema`` is for voluptuous.

    It may be a function, which raises ValueError for unusable data.
    """
    stores = _stores(hass)
    if entry_id not in stores:
        stores[entry_id] = EntryStore(hass, entry_id)
    return StoreSection(stores[entry_id], key, schema or {})


async def async_remove_entry_store(hass: HomeAssistant, entry_id: str) -> None:
    """Remove an entry's file."""
    await (
        _stores(hass).pop(entry_id, None) or EntryStore(hass, entry_id)
    ).async_remove()
