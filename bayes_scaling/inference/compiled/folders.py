"""The folder where compiled code lies: a file a model, the ones unused for longest go first."""

import hashlib
import json
import logging
import os
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import platformdirs

VARIABLE = "BAYES_SCALING_CACHE"
SUFFIX = ".code"
DRAFT = ".draft"
LIMIT = 256 * 2**20
A_DAY = 86400.0
LOG = logging.getLogger("bayes_scaling")


def cache_folder() -> Path:
    """Return the folder: that of ``BAYES_SCALING_CACHE``, or the user's own for such things."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("bayes_scaling"))


def kept_files() -> list[Path]:
    """Return the files of kept code, those unused for longest first."""
    try:
        return sorted(filter(_is_name, cache_folder().iterdir()), key=_used)
    except OSError:
        return []


def clear_cache() -> int:
    """Delete all kept code; return how many files that were. Nothing else is touched."""
    return sum(_delete(path) for path in kept_files())


def read_parts(key: str) -> dict[str, bytes] | None:
    """Return what was kept under a key; None where there is nothing that can be trusted.

    It is machine code, so it is read only from a folder and a file that are this user's and that no
    one else may write.
    """
    path = cache_folder() / f"{key}{SUFFIX}"
    try:
        if not (_is_own(path.parent) and _is_own(path)):
            LOG.info("kept code: %s may be written by others and isn't used", path)
            return None
        content = path.read_bytes()
        os.utime(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        LOG.info("kept code: %s can't be read: %s", path, error.strerror)
        return None
    parts = _unpack(key, content)
    if parts is None:
        LOG.info("kept code: %s is damaged and is made anew", path)
        _delete(path)
    return parts


def write_parts(key: str, parts: Mapping[str, bytes]) -> None:
    """Keep something under a key; where that can't be done, a line in the log says so."""
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_own(folder):
            LOG.info("kept code: %s may be written by others and isn't used", folder)
            return
        handle, draft = tempfile.mkstemp(prefix=".", suffix=DRAFT, dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_pack(key, parts))
            Path(draft).replace(folder / f"{key}{SUFFIX}")
        except OSError:
            _delete(Path(draft))
            raise
    except OSError as error:
        LOG.info("kept code: nothing can be kept in %s: %s", folder, error.strerror)
        return
    _make_room()


def _make_room() -> None:
    """Delete what was unused for longest until the rest is below the limit."""
    for draft in cache_folder().glob(f".*{DRAFT}"):  # of a process that was killed
        if time.time() - _used(draft) > A_DAY:
            _delete(draft)
    sizes = {path: _size(path) for path in kept_files()}
    excess = sum(sizes.values()) - LIMIT
    for path, size in sizes.items():
        if excess <= 0:
            return
        excess -= size if _delete(path) else 0


def _pack(key: str, parts: Mapping[str, bytes]) -> bytes:
    content = b"".join(parts.values())
    header = {
        "key": key,
        "sizes": {name: len(part) for name, part in parts.items()},
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return json.dumps(header).encode() + b"\n" + content


def _unpack(key: str, whole: bytes) -> dict[str, bytes] | None:
    first, _, content = whole.partition(b"\n")
    try:
        header = json.loads(first)
        sizes, said, of_key = header["sizes"], header["sha256"], header["key"]
    except (ValueError, TypeError, KeyError):
        return None
    if of_key != key or said != hashlib.sha256(content).hexdigest():
        return None
    parts, start = {}, 0
    for name, size in sizes.items():
        parts[name] = content[start : start + size]
        start += size
    return parts


def _is_own(path: Path) -> bool:
    """Whether a file or folder is this user's and no one else may write it."""
    if not hasattr(os, "getuid"):
        return True
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & stat.S_IWOTH


def _is_name(path: Path) -> bool:
    return path.suffix == SUFFIX and len(path.stem) == hashlib.sha256().digest_size * 2


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has deleted it
        return 0.0


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
