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
        """Return the record roughly as it is in the log."""
        name = logging.getLevelName(self.level)
        return f"{self.when} {name} [{self.logger}] {self.message}"


def parse(text: str) -> list[Record]:
    """Split a log into records.

    Lines before the first record (a warning of the interpreter, say) become records of
    the logger "", at level WARNING.
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
    """Return whether a record is the loader's notice about a custom integration."""
    return record.logger == LOADER and record.message.startswith(
        f"We found a custom integration {domain} "
    )


def complaints(records: list[Record], domain: str) -> list[Record]:
    """Return the records at WARNING or above of or about an integration.

    Other loggers name it for deprecations, blocking calls and slow set-ups. The loader's
    notice is left out.
    """
    return [
        record
        for record in records
        if record.level >= logging.WARNING
        and (domain in record.logger or domain in record.message)
        and not is_loader_notice(record, domain)
    ]
