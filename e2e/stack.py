"""The two processes of the house: the simulator and Home Assistant.

Everything that they write lies in one folder, so that removing it is a fresh start:

    config/           Home Assistant's configuration, the integration by a symbolic link
    telldus.json      the simulator's tokens
    hass.log          what Home Assistant says, through restarts
    simulator.log     what the simulator says
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import json
from pathlib import Path
import sys
import time
from typing import Any

from .home_assistant import HomeAssistant
from .process import Process, StartError, port_is_free
from .simulator_client import SimulatorClient

type Check = Callable[[], Awaitable[bool]]

ROOT = Path(__file__).resolve().parent.parent
IN_DOCUMENTS = ROOT / "docs" / "pictures"
DOMAIN = "telldus_pa"
# Python's arguments that run Home Assistant with its own integration for Telldus pointed at
# the address that follows. -P: nothing of this folder is to be imported for something else.
WITH_CORE = ("-P", Path(__file__).with_name("pointed.py"))
# Home Assistant ends with this code when it wants to be started again.
RESTART = 100

# No default_config: it wants Bluetooth, the cloud and other things that a test house does
# not have. Silenced are programs and libraries that this machine need not have.
_CONFIGURATION = """\
homeassistant:
  name: Home
  country: SE
  currency: SEK
  language: en
  latitude: 55.71
  longitude: 13.19
  elevation: 60
  radius: 100
  time_zone: Europe/Stockholm
  unit_system: metric

config:
conversation:
energy:
frontend:
history:
logbook:
recorder:
  commit_interval: 1
system_health:

logger:
  default: {level}
  logs:
    custom_components.telldus_pa: debug
    # Media and cameras, of which this house has none
    aiohttp_fast_zlib: error
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""


def _storage(key: str, version: int, data: object) -> str:
    """Return a file of Home Assistant's storage."""
    return json.dumps(
        {"version": version, "minor_version": 1, "key": key, "data": data}
    )


def _http(port: int) -> str:
    """Return the HTTP server's settings.

    A port given in configuration.yaml is only a trial: the frontend asks to confirm it
    in a dialog in front of everything, and takes it back after five minutes.
    """
    stable = {
        "server_port": port,
        "server_host": ["127.0.0.1"],
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "intermediate_v6",
        "use_x_frame_options": True,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    return _storage("http", 3, data)


# The steps in which a person tells where the home is: configuration.yaml has told it. Their
# doing adds a weather service and an internet radio, which complain where there is no
# network. What is left of the onboarding is the account.
_ONBOARDING = _storage(
    "onboarding", 4, {"done": ["core_config", "analytics", "integration"]}
)


class Stack:
    """A Home Assistant and a simulated Telldus Live!, in a folder."""

    def __init__(
        self,
        folder: Path,
        port: int,
        simulator_port: int,
        home: str = "demo",
        level: str = "warning",
        helpers: tuple[str, ...] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Describe the house; nothing is written or started yet.

        ``helpers`` are components of this folder, to be loaded beside the integration.
        """
        self.folder = folder.resolve()
        self.config = self.folder / "config"
        self.port = port
        self.simulator_port = simulator_port
        self._home = home
        self._level = level
        self._components = {
            DOMAIN: ROOT / "custom_components" / DOMAIN,
            **{name: Path(__file__).parent / name for name in helpers},
        }
        self._say = say
        self.url = f"http://127.0.0.1:{port}"
        self.simulator_url = f"http://127.0.0.1:{simulator_port}"
        self.hass = Process(
            "Home Assistant", self.folder / "hass.log", f"-c {self.config}"
        )
        self.simulator = Process(
            "The simulator",
            self.folder / "simulator.log",
            f"--state {self.folder / 'telldus.json'}",
        )

    @property
    def log(self) -> str:
        """Return what Home Assistant has said so far."""
        return self.hass.output.read_text(errors="replace")

    def write_configuration(self) -> None:
        """Write what Home Assistant starts from, keeping what it made of it itself."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        (self.config / "configuration.yaml").write_text(
            _CONFIGURATION.format(level=self._level)
            + "".join(f"{name}:\n" for name in self._components if name != DOMAIN)
        )
        (storage / "http").write_text(_http(self.port))
        if not (storage / "onboarding").exists():
            (storage / "onboarding").write_text(_ONBOARDING)
        links = self.config / "custom_components"
        if links.is_symlink():
            # As an earlier version of this has left it
            links.unlink()
        links.mkdir(exist_ok=True)
        for name, component in self._components.items():
            # A checkout may have been moved, with the link in it.
            (links / name).unlink(missing_ok=True)
            (links / name).symlink_to(component, target_is_directory=True)

    def write_entry(self, entry: dict[str, Any]) -> None:
        """Write the one entry of an integration with which Home Assistant starts."""
        # The format's oldest version, which Home Assistant completes: it needs the least.
        stored = _storage(
            "core.config_entries",
            1,
            {"entries": [{"source": "user", "version": 1, **entry}]},
        )
        (self.config / ".storage" / "core.config_entries").write_text(stored)

    async def make_ready(self) -> None:
        """Prepare the folder; raise `StartError` if a port is taken."""
        await self.stop_orphans()
        self._check_ports()
        for process in (self.hass, self.simulator):
            process.output.unlink(missing_ok=True)
        self.write_configuration()

    async def start(self) -> None:
        """Start both, and return when both answer."""
        # The simulator is up while Home Assistant still reads its own modules.
        await self.start_simulator()
        await self.start_home_assistant()

    async def stop_orphans(self) -> None:
        """End what an earlier run left, if it was killed before it could do so itself."""
        for process in (self.hass, self.simulator):
            await process.stop_orphans()

    def _check_ports(self) -> None:
        """Raise `StartError` if a port is taken."""
        for port, option, who in (
            (self.port, "--port", "Home Assistant"),
            (self.simulator_port, "--simulator-port", "the simulator"),
        ):
            if not port_is_free(port):
                raise StartError(
                    f"Port {port}, meant for {who}, is taken by something else on this "
                    f"machine. Stop that, or choose another port with {option}."
                )

    async def start_simulator(self) -> None:
        """Start the simulator and wait until it answers."""
        await self.simulator.start(
            sys.executable,
            *("-m", "simulator"),
            *("--host", "127.0.0.1", "--port", str(self.simulator_port)),
            *("--home", self._home),
            *("--state", self.folder / "telldus.json"),
            cwd=ROOT,
        )
        async with SimulatorClient(self.simulator_url) as telldus:
            await self._wait_until(self.simulator, telldus.answers, 30)

    def _program(self) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant."""
        return ("-m", "homeassistant")

    async def start_home_assistant(self) -> None:
        """Start Home Assistant and wait until it answers."""
        await self.hass.start(
            sys.executable,
            *self._program(),
            *("-c", self.config, "--log-no-color"),
            cwd=self.folder,
        )
        async with HomeAssistant(self.url) as home_assistant:
            await self._wait_until(self.hass, home_assistant.answers, 180)

    async def _wait_until(self, process: Process, answers: Check, limit: float) -> None:
        """Wait until a process answers, or say why it never will."""
        began = time.monotonic()
        told = began
        while not await answers():
            now = time.monotonic()
            if not process.running:
                raise StartError(
                    f"{process.name} ended with exit code {process.exit_code}:\n"
                    f"{process.tail()}"
                )
            if now - began > limit:
                raise StartError(
                    f"{process.name} does not answer after {limit:.0f} s:\n"
                    f"{process.tail()}"
                )
            if now - told > 5:
                self._say(f"{process.name} is starting ({now - began:.0f} s)")
                told = now
            await asyncio.sleep(0.25)

    async def restart_home_assistant(self) -> None:
        """End Home Assistant as a power switch would not, and start it again."""
        await self.hass.stop()
        await self.start_home_assistant()

    async def stop(self) -> None:
        """End both: Home Assistant first, while Telldus still answers it."""
        await self.hass.stop()
        await self.simulator.stop()
