"""A summary of the warnings and errors in a log."""

from collections import Counter
import re

from e2e.log import Record

_ADDRESS = re.compile(r"( for url:)? \S*https?://\S+")
_ENTITY = re.compile(r"\b(?P<domain>[a-z_]+)\.[a-z0-9_]+\b")


def reason(record: Record) -> str:
    """Return a record's message without addresses and entity ids; a traceback's last line."""
    text = record.message.strip().splitlines()[-1].strip()
    return _ENTITY.sub(r"\g<domain>.…", _ADDRESS.sub("", text))


def reasons(records: list[Record]) -> list[tuple[str, int]]:
    """Return each reason and how often it was logged, the most frequent first."""
    return Counter(map(reason, records)).most_common()
