"""Check that a release's versions match its tag, and make its files.

Usage: scripts/release.py [--freeze] TAG. Writes to dist/ the integration as a zip file, which
HACS and the Marketplace unpack into the integration's folder, and the changes as release
notes. With --freeze, keeps what this version writes to disk instead, for the tests of later
ones; nothing is released without that.
"""

import argparse
import json
from pathlib import Path
import re
import subprocess
import sys
import tomllib
import zipfile

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = Path("custom_components", "telldus_pa")
FROZEN = Path("tests", "fixtures", "storage")
# A fixed time: the same files make the same zip file.
MADE = (1980, 1, 1, 0, 0, 0)
VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?")


def mistakes(root: Path, tag: str) -> list[str]:
    """Return the versions that differ from the tag, as texts."""
    manifest = json.loads((root / INTEGRATION / "manifest.json").read_text())
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    newest = next(iter(changes(root)), "none")
    found = {
        "manifest.json": manifest["version"],
        "pyproject.toml": project["version"],
        "CHANGELOG.md": newest,
    }
    wrong = [f"{name} says {one}" for name, one in found.items() if one != tag]
    if not VERSION.fullmatch(tag):
        wrong.append("no version is written like this")
    return wrong


def changes(root: Path) -> dict[str, str]:
    """Return the changes of each version, the newest first."""
    text = (root / "CHANGELOG.md").read_text()
    parts = re.split(r"^## (\S+).*$", text, flags=re.MULTILINE)[1:]
    return {
        version: text.strip()
        for version, text in zip(parts[::2], parts[1::2], strict=True)
    }


def pack(root: Path, target: Path) -> None:
    """Write the integration's files into a zip file, with the manifest at its top."""
    folder = root / INTEGRATION
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), MADE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())


def freeze(root: Path, tag: str) -> int:
    """Keep what this version writes to disk, once it has loaded that again."""
    target = root / FROZEN / tag
    test = "tests/test_upgrade.py::test_freezing"
    command = [".venv/bin/python", "-m", "pytest", "-q", "--no-cov", test]
    return subprocess.run(
        [*command, f"--freeze={target}"], cwd=root, check=False
    ).returncode


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Check the versions, and write the files or freeze."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tag", help="the version, as in manifest.json")
    parser.add_argument("--freeze", action="store_true", help="keep what is stored")
    given = parser.parse_args(arguments)
    tag, wrong = given.tag, mistakes(root, given.tag)
    if not given.freeze and not (root / FROZEN / tag / "seen.json").is_file():
        wrong.append(f"nothing is in {FROZEN / tag}")
    if wrong:
        print(f"{tag} cannot be released: {'; '.join(wrong)}", file=sys.stderr)
        return 1
    if given.freeze:
        return freeze(root, tag)
    dist = root / "dist"
    dist.mkdir(exist_ok=True)
    pack(root, dist / "telldus_pa.zip")
    (dist / "notes.md").write_text(f"{changes(root)[tag]}\n")
    print(f"dist/ holds {tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
