"""A release: what its tag says, in one file that is the same whoever makes it."""

import importlib.util
from pathlib import Path
import shutil
from types import ModuleType, SimpleNamespace
import zipfile

import pytest

from .integration_files import INTEGRATION, ROOT, manifest

VERSION = str(manifest()["version"])


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """Return the program, which is no part of any package."""
    spec = importlib.util.spec_from_file_location(
        "release", ROOT / "scripts" / "release.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what a release is made of."""
    shutil.copytree(INTEGRATION, tmp_path / "custom_components" / "telldus_pa")
    for name in ("CHANGELOG.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    frozen = tmp_path / "tests" / "fixtures" / "storage" / VERSION
    frozen.mkdir(parents=True)
    (frozen / "seen.json").write_text("{}")
    return tmp_path


def test_this_version_can_be_released(release: ModuleType) -> None:
    """Manifest, project and changelog say the same."""
    assert release.mistakes(ROOT, VERSION) == []


def test_release(release: ModuleType, checkout: Path) -> None:
    """The file has the integration's content at its top, and what has changed is told."""
    assert release.main([VERSION], checkout) == 0
    packed = checkout / "dist" / "telldus_pa.zip"
    first = packed.read_bytes()
    with zipfile.ZipFile(packed) as opened:
        names = opened.namelist()
        assert (
            opened.read("manifest.json") == (INTEGRATION / "manifest.json").read_bytes()
        )
    for name in (
        "__init__.py",
        "brand/icon.png",
        "pa_api/client.py",
        "translations/en.json",
    ):
        assert name in names
    assert not [name for name in names if "__pycache__" in name or ".." in name]
    notes = (checkout / "dist" / "notes.md").read_text()
    assert notes.startswith("The first version.")
    assert "## " not in notes
    assert release.main([VERSION], checkout) == 0
    assert packed.read_bytes() == first


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("9.9.9", f"manifest.json says {VERSION}; pyproject.toml says {VERSION}"),
        (f"v{VERSION}", "no version is written like this"),
    ],
)
def test_another_tag(
    release: ModuleType,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    tag: str,
    said: str,
) -> None:
    """Nothing is made of a tag that says something else."""
    assert release.main([tag], checkout) == 1
    assert said in capsys.readouterr().err
    assert not (checkout / "dist").exists()


def test_not_frozen(
    release: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a version writes to disk is kept before it is released."""
    shutil.rmtree(checkout / "tests")
    assert release.main([VERSION], checkout) == 1
    assert f"nothing is in tests/fixtures/storage/{VERSION}" in capsys.readouterr().err
    assert not (checkout / "dist").exists()


def test_freezing(
    release: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test that makes it and loads it again keeps it; of a wrong tag nothing is kept."""
    commands: list[list[str]] = []

    def run(command: list[str], *, cwd: Path, check: bool) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(release.subprocess, "run", run)
    assert release.main(["--freeze", "9.9.9"], checkout) == 1
    assert commands == []
    assert release.main(["--freeze", VERSION], checkout) == 0
    folder = checkout / "tests" / "fixtures" / "storage" / VERSION
    assert commands[0][-2:] == [
        "tests/test_upgrade.py::test_freezing",
        f"--freeze={folder}",
    ]


def test_changelog_forgotten(
    release: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody has written down is not released."""
    (checkout / "CHANGELOG.md").write_text("# Changelog\n")
    assert release.main([VERSION], checkout) == 1
    assert "CHANGELOG.md says none" in capsys.readouterr().err
