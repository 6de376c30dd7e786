"""What must hold after a power cut: what the files had is there, and nothing is odd."""

from contextlib import closing
import json
from pathlib import Path
import sqlite3

from . import Json
from .stack import DOMAIN, TELLDUSLIVE

# What is said of a migration that goes on, and once of the unit that a state had before it.
_QUIET = (
    "A migration was interrupted, and is finished now",
    "aiohttp_fast_zlib",
    "cannot be converted to the unit of previously compiled statistics",
    "generation of long term statistics will be suppressed unless the unit is stable",
)

type Hours = dict[tuple[str, float], tuple[float | None, ...]]


def hours_of(config: Path) -> Hours:
    """Return all hours of long-term statistics."""
    query = (
        "select statistic_id, start_ts, mean, min, max, state, sum from statistics"
        " join statistics_meta on statistics_meta.id = metadata_id"
    )
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        rows = database.execute(query).fetchall()
    found = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    assert len(found) == len(rows), "an hour is there twice"
    return found


def stored_in(config: Path) -> Json:
    """Return what the files have of both integrations. Raises ValueError for broken ones."""
    storage = config / ".storage"
    found: Json = {}
    for path in storage.iterdir():
        if path.name.startswith("tmp"):
            continue
        found[path.name] = json.loads(path.read_text())["data"]
    entries = {
        entry["domain"]: entry
        for entry in found.get("core.config_entries", {}).get("entries", ())
    }
    return {
        "entries": entries,
        "rows": {
            row["id"]: [
                row["platform"],
                row["entity_id"],
                row["unique_id"],
                row["name"],
            ]
            for row in found.get("core.entity_registry", {}).get("entities", ())
            if row["platform"] in (DOMAIN, TELLDUSLIVE)
        },
        "sections": {
            name: data
            for key, data in found.items()
            if key.startswith(f"{DOMAIN}.") and not key.endswith(".rate_limiter")
            for name, data in data.items()
        },
    }


def lost_at_start(stored: Json, look: Json, *, moves: bool) -> list[str]:
    """Say what the files had at a cut and Home Assistant has not at the next start."""
    faults = []
    entries, stage = (
        look["entries"],
        stored["sections"].get("migration", {}).get("stage"),
    )
    for domain, entry in stored["entries"].items():
        now = entries.get(domain)
        if now is None:
            faults.append(f"the entry of {domain} is gone")
            continue
        if now["options"] != entry["options"] or now["id"] != entry["entry_id"]:
            faults.append(f"the entry of {domain} has {now}")
        # A start whose first list takes too long is tried again; the end has to be loaded.
        is_fine = now["off"] or now["state"] in ("loaded", "setup_retry")
        if not is_fine and stage in (None, "moved"):
            faults.append(f"the entry of {domain} is {now['state']}")
    if not moves:
        faults += [
            f"{row} is {look['rows'].get(one, ['gone'])[:4]}"
            for one, row in stored["rows"].items()
            if look["rows"].get(one, ())[:4] != row
        ]
    return faults


def outcome(look: Json, known: set[str], *, with_names: bool) -> Json:
    """Return what is compared: rows that were there before by their ids, others without."""
    rows = {one: list(row) for one, row in look["rows"].items()}
    if not with_names:
        for row in rows.values():
            row[3] = ""
    return {
        **{one: rows.get(one) for one in known},
        "others": sorted(
            [text for place, text in enumerate(row) if place != 6]
            for one, row in rows.items()
            if one not in known
        ),
        "entries": {
            domain: (entry["off"], entry["off"] or entry["state"] == "loaded")
            for domain, entry in look["entries"].items()
        },
        # What is disabled has nothing to finish.
        "stage": "none" if look["entries"][DOMAIN]["off"] else look["stage"],
        "issues": look["issues"],
    }


def complaints(look: Json) -> list[str]:
    """Return what was logged that should not be, and files that were given up."""
    return [
        *(
            text
            for text in look["complaints"]
            if not any(one in text for one in _QUIET)
        ),
        *(f"{name} was renamed" for name in look["unusable"]),
    ]


def compare_hours(wanted: Hours, found: Hours) -> list[str]:
    """Return which hours of an import are missing, too many, or other ones.

    The oldest ones leave the server's history meanwhile, and the newest are recorded.
    """
    last = max(start for _, start in wanted)
    first = min(start for _, start in wanted) + 3 * 3600
    return [
        f"hour {key}: {wanted.get(key)} -> {found.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if first <= key[1] <= last - 3600 and wanted.get(key) != found.get(key)
    ]


def without_unit(config: Path, units: dict[str, str | None]) -> list[str]:
    """Return whose statistics have no unit though the entity has, and so would end."""
    query = "select statistic_id, unit_of_measurement from statistics_meta"
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        rows = database.execute(query).fetchall()
    return [
        f"the statistics of {one} have no unit"
        for one, unit in rows
        if unit is None and units.get(one) is not None
    ]
