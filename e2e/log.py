"""Read Home Assistant's log as records, tracebacks and other long messages included."""

from dataclasses import dataclass
import logging
import re
from typing import override

# As homeassistant.util.logging formats them: time, level, thread, logger, message
_START = re.compile(
    r"(?P<when>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d+\S*) "
    r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) "
    r"\((?P<thread>[^)]*)\) \[(?P<logger>[^]]*)\] ?(?P<message>.*)"
)
LOADER = "homeassistant.loader"


@dataclass(frozen=True, slots=True)
class Record:
    """One log record; `message` holds all of its lines."""

    when: str
    level: int
    logger: str
    message: str

    @override
    def __str__(self) -> str:
        """Return the record as it stood in the log, near enough."""
        name = logging.getLevelName(self.level)
        return f"{self.when} {name} [{self.logger}] {self.message}"


def parse(text: str) -> list[Record]:
    """Split a log into records.

    Lines before the first record (a warning of the interpreter, say) become a record of
    the logger "", at level WARNING: whatever reaches the console unasked is worth seeing.
    """
    records: list[Record] = []
    for line in text.splitlines():
        if found := _START.fullmatch(line):
            level = logging.getLevelNamesMapping()[found["level"]]
            records.append(
                Record(found["when"], level, found["logger"], found["message"])
            )
        elif records:
            last = records.pop()
            message = f"{last.message}\n{line}"
            records.append(Record(last.when, last.level, last.logger, message))
        elif line.strip():
            records.append(Record("", logging.WARNING, "", line))
    return records


def is_loader_notice(record: Record, domain: str) -> bool:
    """Tell whether a record is the notice that every custom integration gets."""
    return record.logger == LOADER and record.message.startswith(
        f"We found a custom integration {domain} "
    )


def complaints(records: list[Record], domain: str) -> list[Record]:
    """Return what a log holds against an integration, the loader's notice aside.

    That is every record of its own at WARNING or above, and every such record of
    anybody else that names it: deprecations, blocking calls, slow set-ups.
    """
    return [
        record
        for record in records
        if record.level >= logging.WARNING
        and (domain in record.logger or domain in record.message)
        and not is_loader_notice(record, domain)
    ]
