"""After a kill: remove lock files of DVC that no process holds and nothing can read any more."""

import json
from pathlib import Path

import yaml

RWLOCK, PIPELINE_LOCK = Path(".dvc/tmp/rwlock"), Path("dvc.lock")


def recover() -> list[str]:
    """Remove unreadable lock files where no DVC process lives; a truncated one would block every later run.

    :return: What was removed.
    """
    if _dvc_lives():
        return []
    removed = []
    for path, readable in ((RWLOCK, _is_json), (PIPELINE_LOCK, _is_yaml_mapping)):
        if path.exists() and not readable(path):
            path.unlink()  # dvc.lock: DVC finds what it ran in its run cache
            removed.append(str(path))
    return removed


def _dvc_lives() -> bool:
    """Tell whether a process named in the lock file, or running dvc in this folder, is alive (Linux: by /proc)."""
    here = Path.cwd().resolve()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            is_dvc = any(word.rsplit(b"/", 1)[-1] == b"dvc" for word in words[:2])
            if is_dvc and (process / "cwd").readlink().resolve() == here:
                return True
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return False


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def _is_yaml_mapping(path: Path) -> bool:
    try:
        return isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)
    except (ValueError, yaml.YAMLError):
        return False


if __name__ == "__main__":  # what `make run` calls first
    for name in recover():
        print(f"removed {name}: a killed run had left it unreadable")
