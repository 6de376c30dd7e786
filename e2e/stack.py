"""A stack: the simulator and Home Assistant, two processes.

All files that they write are in one folder, so that removing it is a fresh start:

    config/           Home Assistant's configuration, the integration by a symbolic link
    telldus.json      the simulator's tokens
    hass.log          Home Assistant's output, through restarts
    simulator.log     the simulator's output
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import json
from pathlib import Path
import shutil
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
TELLDUSLIVE = "tellduslive"
# Python's arguments that run Home Assistant with tellduslive pointed at the address that
# follows. -P: this folder's modules must not shadow others.
WITH_TELLDUSLIVE = ("-P", Path(__file__).with_name("run_with_tellduslive.py"))
# Home Assistant's exit code when it asks to be restarted.
RESTART = 100

# No default_config: it needs Bluetooth, the cloud and more that a test machine lacks.
# Silenced are programs and libraries that this machine need not have.
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

automation: !include automations.yaml
scene: !include scenes.yaml
script: !include scripts.yaml

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
    # Media and cameras, of which there are none
    aiohttp_fast_zlib: error
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""


# Where Home Assistant writes what is made in its editors, and what each holds at first.
_EDITED = {"automations.yaml": "[]", "scenes.yaml": "[]", "scripts.yaml": "{}"}


def tellduslive_entry(token: str, secret: str) -> dict[str, Any]:
    """Return the config entry of Home Assistant's own integration after a sign-in."""
    session = {"token": token, "token_secret": secret}
    return {
        "domain": TELLDUSLIVE,
        "entry_id": TELLDUSLIVE,
        "title": "Cloud API",
        "unique_id": None,
        "data": {"host": "Cloud API", "scan_interval": 60, "session": session},
    }


def _storage(key: str, version: int, data: object) -> str:
    """Return a file of Home Assistant's storage."""
    return json.dumps(
        {"version": version, "minor_version": 1, "key": key, "data": data}
    )


def _link(path: Path, target: Path) -> None:
    """Make a symbolic link, also where the checkout was moved with an earlier one."""
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _http(port: int) -> str:
    """Return the HTTP server's settings.

    A port in configuration.yaml is only a trial: the frontend asks in a dialog to confirm
    it, and the old one is restored after five minutes.
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


# The steps that ask where the home is: configuration.yaml has it. They would also add a
# weather service and an internet radio, which log errors without a network. Only the
# account is left of the onboarding.
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
        """Initialize the stack; nothing is written or started yet.

        ``helpers`` are components of this folder that are loaded beside the integration.
        """
        self.folder = folder.resolve()
        self.config = self.folder / "config"
        self.port = port
        self.simulator_port = simulator_port
        self.home = home
        self._level = level
        self._helpers = helpers
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
        """Return Home Assistant's output so far."""
        return self.hass.output.read_text(errors="replace")

    def write_configuration(self) -> None:
        """Write Home Assistant's configuration; its own later changes to storage are kept."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        (self.config / "configuration.yaml").write_text(
            _CONFIGURATION.format(level=self._level)
            + "".join(f"{name}:\n" for name in self._helpers)
        )
        for name, text in _EDITED.items():
            if not (self.config / name).exists():
                (self.config / name).write_text(f"{text}\n")
        blueprints = self.config / "blueprints"
        shutil.copytree(ROOT / "blueprints", blueprints, dirs_exist_ok=True)
        (storage / "http").write_text(_http(self.port))
        if not (storage / "onboarding").exists():
            (storage / "onboarding").write_text(_ONBOARDING)
        components = self.config / "custom_components"
        components.mkdir(exist_ok=True)
        _link(components / DOMAIN, ROOT / "custom_components" / DOMAIN)
        for name in self._helpers:
            (components / name).mkdir(exist_ok=True)
            module = Path(__file__).parent / name / "__init__.py"
            _link(components / name / module.name, module)
            # In the repository, Home Assistant's checks would take it for a component
            # that is published.
            manifest = {"domain": name, "name": name, "version": "0.0.0"}
            (components / name / "manifest.json").write_text(json.dumps(manifest))

    def write_entry(self, entry: dict[str, Any]) -> None:
        """Write the only config entry that Home Assistant starts with."""
        # The format's oldest version needs the fewest keys; Home Assistant migrates it.
        stored = _storage(
            "core.config_entries",
            1,
            {"entries": [{"source": "user", "version": 1, **entry}]},
        )
        (self.config / ".storage" / "core.config_entries").write_text(stored)

    def stored_entries(self) -> list[dict[str, Any]]:
        """Return the config entries as they are on the disk."""
        path = self.config / ".storage" / "core.config_entries"
        entries: list[dict[str, Any]] = json.loads(path.read_text())["data"]["entries"]
        return entries

    async def make_ready(self) -> None:
        """Prepare the folder; raise `StartError` if a port is taken."""
        await self.stop_orphans()
        self._check_ports()
        for process in (self.hass, self.simulator):
            process.output.unlink(missing_ok=True)
        self.write_configuration()

    async def start(self) -> None:
        """Start both, and return when both respond."""
        # The simulator takes a second, Home Assistant half a minute.
        await self.start_simulator()
        await self.start_home_assistant()

    async def stop_orphans(self) -> None:
        """Stop the processes of an earlier run that was killed."""
        for process in (self.hass, self.simulator):
            await process.stop_orphan()

    def _check_ports(self) -> None:
        """Raise `StartError` if a port is taken."""
        for port, option, who in (
            (self.port, "--port", "Home Assistant"),
            (self.simulator_port, "--simulator-port", "the simulator"),
        ):
            if not port_is_free(port):
                raise StartError(
                    f"Port {port}, meant for {who}, is in use by something else on this "
                    f"machine. Stop that, or choose another port with {option}."
                )

    async def start_simulator(self) -> None:
        """Start the simulator and wait until it responds."""
        await self.simulator.start(
            sys.executable,
            *("-m", "simulator"),
            *("--host", "127.0.0.1", "--port", str(self.simulator_port)),
            *("--home", self.home),
            *("--state", self.folder / "telldus.json"),
            cwd=ROOT,
        )
        async with SimulatorClient(self.simulator_url) as telldus:
            await self._wait_until(self.simulator, telldus.answers, 30)

    def _program(self) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant."""
        return ("-m", "homeassistant")

    async def start_home_assistant(self) -> None:
        """Start Home Assistant and wait until it responds."""
        await self.hass.start(
            sys.executable,
            *self._program(),
            *("-c", self.config, "--log-no-color"),
            cwd=self.folder,
        )
        async with HomeAssistant(self.url) as home_assistant:
            await self._wait_until(self.hass, home_assistant.answers, 180)

    async def _wait_until(self, process: Process, answers: Check, limit: float) -> None:
        """Wait until `answers` is true; raise `StartError` with the end of the log if not."""
        began = last_report = time.monotonic()
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
            if now - last_report > 5:
                self._say(f"{process.name} is starting ({now - began:.0f} s)")
                last_report = now
            await asyncio.sleep(0.25)

    async def restart_home_assistant(self) -> None:
        """Shut Home Assistant down in order, and start it again."""
        await self.hass.stop()
        await self.start_home_assistant()

    async def stop(self) -> None:
        """Stop both: Home Assistant first, while the simulator still responds to it."""
        await self.hass.stop()
        await self.simulator.stop()
