"""Side files: bytes beside a ledger, each named by its hash and by nothing else."""

from pathlib import Path

from bayes_scaling.ledger.canonical import hash_of
from bayes_scaling.ledger.disk import speaking, write_durably


def side_path(ledger: Path, digest: str, suffix: str) -> Path:
    """Name the side file of a hash; its folder stands beside the ledger."""
    return ledger.with_name(f"{ledger.name}.files") / f"{digest}{suffix}"


def keep_side_file(ledger: Path, data: bytes, suffix: str) -> None:
    """Write a side file, if it isn't there whole; call it with the ledger locked."""
    path = side_path(ledger, hash_of(data), suffix)
    with speaking(path):
        if path.is_file() and hash_of(path.read_bytes()) == path.stem:
            return
        path.parent.mkdir(exist_ok=True)
        write_durably(path, data)


def side_file_fault(path: Path, role: str) -> str | None:
    """Say why a side file doesn't hold what its name says, if it doesn't."""
    name = f"the side file with its {role}, {path.parent.name}/{path.name},"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return f"{name} is missing. Take it from a copy"
    except OSError as error:
        return f"{name} can't be read: {error.strerror}"
    return None if hash_of(data) == path.stem else f"{name} was changed. Take it from a copy"
