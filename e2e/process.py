"""A child process that is stopped with its parent, or by the next one if it was killed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
import signal
import socket
import subprocess


class StartError(Exception):
    """Something did not start; the text says what to do about it."""


def port_is_free(port: int) -> bool:
    """Tell whether a server can listen on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a connection in TIME_WAIT does not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command_line(pid: int) -> str:
    """Return the command line of a process, "" if there is no such process."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    with suppress(OSError):
        return subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)],
            check=False,
            capture_output=True,
            text=True,
        ).stdout
    return ""


class Process:
    """A program in a process group of its own, with its output in a file.

    Ctrl-C in a terminal so reaches only the parent, which then stops its children in
    order. The group's id is in a file beside the output: if the parent is killed, the next
    one stops the orphan.
    """

    def __init__(self, name: str, output: Path, mark: str) -> None:
        """Initialize the process; `mark` is a unique part of its command line."""
        self.name = name
        self.output = output
        self._mark = mark
        self._pid_file = output.with_suffix(".pid")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, None while the program runs or before it started."""
        return self._process.returncode if self._process else None

    @property
    def running(self) -> bool:
        """Tell whether the program runs."""
        return self._process is not None and self._process.returncode is None

    async def start(
        self, *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start the program; its output is appended to the file."""
        await self.stop_orphan()
        self.output.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))

    async def wait(self) -> int:
        """Wait for the program's end, and return its exit code."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    async def stop(self, timeout: float = 60) -> None:
        """Terminate the program; kill it and its children after `timeout` seconds."""
        if self._process is None:
            return
        group = self._process.pid
        if self.running:
            # To the program alone: it stops its own children.
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), timeout)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        await self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    async def stop_orphan(self) -> None:
        """Stop the process that a killed parent has left running."""
        try:
            pid = int(self._pid_file.read_text())
        except OSError, ValueError:
            return
        # The id may belong to another process by now.
        if self._mark in _command_line(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            for _ in range(100):
                if self._mark not in _command_line(pid):
                    break
                await asyncio.sleep(0.1)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the output, for an error message."""
        try:
            text = self.output.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
