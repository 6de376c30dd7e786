"""Run the simulator: python -m simulator."""

import argparse
import asyncio
import errno
from pathlib import Path
import signal
import sys

from aiohttp import web

from .backend import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY
from .demo import demo_home, household
from .generated import generated_home
from .home import Home
from .server import Simulator
from .uncommon import uncommon_home

PROBLEM = 2
_HOMES = {"demo": household, "tests": demo_home, "uncommon": uncommon_home}


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        sim = Simulator(
            options.home,
            public_key=options.public_key,
            private_key=options.private_key,
            limit=not options.no_limit,
            state=options.state,
            public_url=options.public_url,
        )
        sim.settings.push = options.push
        asyncio.run(_serve(sim, options.host, options.port))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            _say(f"port {options.port} of {options.host} is in use by something else")
        else:
            _say(str(error))
        return PROBLEM
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(sim: Simulator, host: str, port: int) -> None:
    """Serve until a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C comes as KeyboardInterrupt
            break
    runner = web.AppRunner(sim.app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        _say(f"Telldus simulator at http://{host}:{port} (Ctrl-C ends it)")
        await stop.wait()
    finally:
        await runner.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8124)
    parser.add_argument(
        "--home",
        type=_home,
        default="demo",
        help="demo, tests (the same, and what only tests need), uncommon (what few homes have), "
        "or a number of devices to make up",
    )
    parser.add_argument("--public-key", default=DEMO_PUBLIC_KEY)
    parser.add_argument("--private-key", default=DEMO_PRIVATE_KEY)
    parser.add_argument(
        "--no-limit", action="store_true", help="as many requests as one likes"
    )
    parser.add_argument(
        "--push", action="store_true", help="tell what happens over websockets"
    )
    parser.add_argument(
        "--state", type=Path, help="a file in which tokens outlive a restart"
    )
    parser.add_argument(
        "--public-url",
        default="",
        help="scheme and host that clients use, where a TLS proxy stands in between",
    )
    return parser


def _home(text: str) -> Home:
    if text in _HOMES:
        return _HOMES[text]()
    try:
        return generated_home(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither {' nor '.join(_HOMES)} nor a number"
        ) from None


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
