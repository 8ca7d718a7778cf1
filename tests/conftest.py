"""What every test has: a key and a cache of its own, and a tiny folder of valid tables."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tiny import Rows, tiny, write_tables

from thiqa.engine import Engine, EngineConfig, open_engine
from thiqa.models.text import find

# The same examples on every machine; no limit of time, since the machines that run this are shared.
settings.register_profile(
    "thiqa", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("thiqa")


@pytest.fixture(autouse=True)
def nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the user's key, configuration or cache."""
    monkeypatch.setenv("THIQA_ID_KEY", "test")
    monkeypatch.setenv("THIQA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(find, "_places", shipped_unless_named)  # not what a pipeline left in artifacts/


def shipped_unless_named(named: Path | None, places=find._places) -> Iterator[Path]:
    yield from places(named) if named else (find.SHIPPED,)


@pytest.fixture
def rows() -> Rows:
    return tiny()


@pytest.fixture
def tables(tmp_path: Path, rows: Rows) -> Path:
    return write_tables(tmp_path / "tables", rows)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(EngineConfig(threads=1, memory="1GB"), tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


@pytest.fixture
def thiqa(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process; returns its exit code, stdout and stderr."""
    from thiqa.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["thiqa", *map(str, arguments)])
        with pytest.raises(SystemExit, match=r"^\d*$") as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run
