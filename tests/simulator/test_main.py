"""python -m simulator, as a process and in this one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
import signal
import socket
import sys

from aiohttp import ClientSession
import pytest

from simulator.__main__ import main

from .conftest import Api

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port(socket_enabled: None) -> int:
    """Return a port that is free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


@asynccontextmanager
async def running(
    port: int, *arguments: str
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run the simulator; it has said that it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--port", str(port), *arguments),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.timeout(30):
            line = await process.stderr.readline()
        assert f"http://127.0.0.1:{port}" in line.decode()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_run(port: int, number: signal.Signals, tmp_path: Path) -> None:
    """It answers, ends cleanly, and knows its tokens when it comes back."""
    state = str(tmp_path / "state.json")
    async with ClientSession() as session:
        base = f"http://127.0.0.1:{port}"
        async with running(port, "--state", state, "--home", "7") as process:
            async with session.get(f"{base}/") as response:
                assert response.status == 200
            async with session.post(f"{base}/keys/showToken") as response:
                codes = (await response.text()).split("<code>")[3:5]
            token, secret = (code.partition("</code>")[0] for code in codes)
            process.send_signal(number)
            assert process.stderr
            assert await process.stderr.read() == b""
            assert await process.wait() == 0
        arguments = ("--state", state, "--no-limit", "--home", "7")
        async with running(port, *arguments):
            api = Api(base, session, token, secret)
            for _ in range(12):
                assert len((await api.get("devices/list"))["device"]) == 7
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_port_in_use(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear line, and exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert main(["--port", str(port)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"port {port} of 127.0.0.1 is in use by something else"]


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither demo nor a number; an address and a state file that are none."""
    with pytest.raises(SystemExit) as stop:
        main(["--home", "castle"])
    assert stop.value.code == 2
    assert "neither demo nor tests nor uncommon nor a number" in capsys.readouterr().err
    assert main(["--public-url", "telldus.invalid"]) == 2
    assert "'telldus.invalid' is no address" in capsys.readouterr().err
    damaged = tmp_path / "state.json"
    for text in ("{", "[]", '{"access_tokens": [{"token": 1}]}'):
        damaged.write_text(text)
        assert main(["--state", str(damaged)]) == 2
        assert "not a state file" in capsys.readouterr().err
