"""What a log complains of, in few words."""

from collections import Counter
import re

from e2e.log import Record

_ADDRESS = re.compile(r"( for url:)? \S*https?://\S+")
_ENTITY = re.compile(r"\b(?P<domain>[a-z_]+)\.[a-z0-9_]+\b")


def reason(record: Record) -> str:
    """Return what a record says, without what is different each time.

    Of a traceback that is its last line: what went wrong, and not where.
    """
    text = record.message.strip().splitlines()[-1].strip()
    return _ENTITY.sub(r"\g<domain>.…", _ADDRESS.sub("", text))


def reasons(records: list[Record]) -> list[tuple[str, int]]:
    """Return each reason and how often it was logged, the most frequent first."""
    return Counter(map(reason, records)).most_common()
