"""Faults of Telldus that can be switched on.

Source: docs/dev/telldus-api.md, "Authentication errors", "Application errors", "Limits and outages".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Fault(StrEnum):
    """The kinds of faults, with their arguments."""

    UNAUTHORIZED_XML = "unauthorized_xml"
    UNAUTHORIZED_TEXT = "unauthorized_text"
    RATE_LIMITED = "rate_limited"  # retry_after: seconds
    NOT_FOUND = "not_found"
    BAD_GATEWAY = "bad_gateway"  # status: 502 or 503
    CLOUDFLARE = "cloudflare"  # number: 1020
    TIMEOUT = "timeout"
    SLOW = "slow"  # seconds: 5
    TRUNCATED = "truncated"
    WRONG_TYPES = "wrong_types"
    MISSING_KEYS = "missing_keys"  # keys: those to leave out
    APPLICATION_ERROR = "application_error"  # text, code
    GARBAGE = "garbage"
    EMPTY = "empty"
    DATABASE = "database"
    REDIRECT = "redirect"  # location
    COMMAND_LOST = "command_lost"


_ARGUMENTS: dict[Fault, dict[str, tuple[type, ...]]] = {
    Fault.RATE_LIMITED: {"retry_after": (int, float)},
    Fault.BAD_GATEWAY: {"status": (int,)},
    Fault.CLOUDFLARE: {"number": (int,)},
    Fault.SLOW: {"seconds": (int, float)},
    Fault.MISSING_KEYS: {"keys": (list,)},
    Fault.APPLICATION_ERROR: {"text": (str,), "code": (int,)},
    Fault.REDIRECT: {"location": (str,)},
}


@dataclass(slots=True)
class FaultRule:
    """One fault that is on: for which paths, how often still, with what arguments."""

    fault: Fault
    match: str = "*"
    times: int | None = None
    args: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as the control API shows it."""
        return {
            "fault": self.fault.value,
            "match": self.match,
            "times": self.times,
            **self.args,
        }


class Faults:
    """The faults that are on, oldest first."""

    def __init__(self) -> None:
        """Start without any."""
        self._rules: list[FaultRule] = []

    def __iter__(self) -> Iterator[FaultRule]:
        """Go through the rules that are on."""
        return iter(tuple(self._rules))

    def __len__(self) -> int:
        """Count the rules that are on."""
        return len(self._rules)

    def add(
        self,
        fault: Fault | str,
        match: str = "*",
        times: int | None = None,
        **args: Any,
    ) -> FaultRule:
        """Switch a fault on.

        `match` is a shell pattern on the path ("json/devices/list", "oauth/*"; the
        leading json/ may be left out), `times` how many calls it hits (None: all).
        Raises ValueError for an unknown fault or argument, TypeError for a
        value of another type.
        """
        fault = Fault(fault)
        known = _ARGUMENTS.get(fault, {})
        for name, value in args.items():
            if name not in known:
                raise ValueError(f"{fault} takes no {name!r}")
            if not isinstance(value, known[name]) or isinstance(value, bool):
                raise TypeError(f"{name!r} of {fault} is of another type")
        if fault is Fault.BAD_GATEWAY and args.get("status", 502) not in (502, 503):
            raise ValueError("'status' is 502 or 503")
        if times is not None and (isinstance(times, bool) or times < 1):
            raise ValueError("'times' is a number of 1 or more")
        rule = FaultRule(fault, match, times, args)
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Switch all faults off."""
        self._rules.clear()

    def take(self, path: str, *, command_lost: bool = False) -> FaultRule | None:
        """Return the fault that hits this call, and count it.

        COMMAND_LOST does not change the answer; it is asked for by itself.
        """
        for rule in self._rules:
            if (rule.fault is Fault.COMMAND_LOST) is command_lost and _hits(rule, path):
                if rule.times is not None:
                    rule.times -= 1
                    if not rule.times:
                        self._rules.remove(rule)
                return rule
        return None


def _hits(rule: FaultRule, path: str) -> bool:
    bare = path.removeprefix("json/").removeprefix("xml/")
    return fnmatchcase(path, rule.match) or fnmatchcase(bare, rule.match)
