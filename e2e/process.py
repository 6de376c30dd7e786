"""A child process that does not outlive its parent's interest in it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
import signal
import socket
import subprocess


class StartError(Exception):
    """Something did not start; the text says to a person what to do."""


def port_is_free(port: int) -> bool:
    """Tell whether a server can listen on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers themselves do: a connection that is only being forgotten
        # does not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command_line(pid: int) -> str:
    """Return the command line of a process, or nothing if there is no such process."""
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

    Of its own, so that Ctrl-C in a terminal reaches only the parent, which then ends
    its children in order. The group's number is kept in a file beside the output: a
    parent that was killed cannot clean up, and the next one does it instead.
    """

    def __init__(self, name: str, output: Path, mark: str) -> None:
        """Describe a process; `mark` is a part of its command line that is its alone."""
        self.name = name
        self.output = output
        self._mark = mark
        self._pid_file = output.with_suffix(".pid")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def exit_code(self) -> int | None:
        """Return how the program ended, or None while it runs or before it started."""
        return self._process.returncode if self._process else None

    @property
    def running(self) -> bool:
        """Tell whether the program runs."""
        return self._process is not None and self._process.returncode is None

    async def start(
        self, *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start the program; what it says is added to the output file."""
        await self.stop_orphans()
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
        """Wait until the program ends by itself, and return its exit code."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    async def stop(self, timeout: float = 60) -> None:
        """Ask the program to end, and end it and its children if it does not."""
        if self._process is None:
            return
        group = self._process.pid
        if self.running:
            # To the program alone: it knows how to end its own children.
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), timeout)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        await self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    async def stop_orphans(self) -> None:
        """End what a parent that was killed has left running."""
        try:
            pid = int(self._pid_file.read_text())
        except OSError, ValueError:
            return
        # The number may belong to somebody else by now.
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
        """Return the end of the output, for a message that says why."""
        try:
            text = self.output.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
