"""Anchor a ledger in git: commit its head file, so that a push publishes it."""

import subprocess
from pathlib import Path

from bayes_scaling.errors import LedgerError, suggest
from bayes_scaling.ledger.heads import head_path
from bayes_scaling.ledger.reading import existing
from bayes_scaling.ledger.repair import head_of

ANCHORS = ("git",)


def anchor_head(ledger: str | Path) -> str:
    """Commit the head file of a ledger in the git repository that holds it.

    Only the head file is committed, whatever else is staged: a hash may be published where the
    forecasts themselves may not. A commit is a witness once it is pushed to where others see it.

    Parameters
    ----------
    ledger : str or Path

    Returns
    -------
    str
        The commit that holds the head, 40 hex digits.

    Raises
    ------
    LedgerError
        If there is no such ledger, no git repository around it, or git refuses.

    Examples
    --------
    >>> anchor_head("nowhere.jsonl")
    Traceback (most recent call last):
    bayes_scaling.errors.LedgerError: nowhere.jsonl: there is no such ledger; register begins one.
    """
    path = existing(ledger)
    demand_anchor("git", path)
    head, name = head_of(path), head_path(path).name
    try:
        _git(path, "add", "--", name)
        if _git(path, "status", "--porcelain", "--", name):
            message = f"Anchor {path.name} at {head}"
            _git(path, "commit", "--quiet", "--only", "-m", message, "--", name)
        return _git(path, "log", "-1", "--format=%H", "--", name)
    except LedgerError as error:
        raise LedgerError(
            f"{error} What is registered stays registered; mend it and call anchor_head."
        ) from None


def demand_anchor(anchor: str | None, ledger: str | Path) -> None:
    """Refuse an anchor that will not hold, before anything is appended."""
    if anchor is None:
        return
    if anchor not in ANCHORS:
        raise LedgerError(f"anchor: {anchor!r} is not known; {suggest(str(anchor), ANCHORS)}")
    path = Path(ledger).expanduser().resolve()
    if not path.parent.is_dir():
        raise LedgerError(f"anchor: there is no folder {path.parent}.")
    if _run(path, "rev-parse", "--is-inside-work-tree").stdout.strip() != "true":
        raise LedgerError(
            f"anchor: {path.parent} is in no git repository. Make one with git init, or leave the "
            "anchor out."
        )
    _git(path, "var", "GIT_COMMITTER_IDENT")
    if _run(path, "check-ignore", "--quiet", "--", head_path(path).name).returncode == 0:
        raise LedgerError(
            f"anchor: git ignores {head_path(path)}. Take it out of .gitignore, or leave the "
            "anchor out."
        )


def _git(ledger: Path, *arguments: str) -> str:
    """Run git in the folder of a ledger and return what it says."""
    done = _run(ledger, *arguments)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise LedgerError(f"anchor: git {arguments[0]} failed: {said[-1].rstrip('.')}.")
    return done.stdout.strip()


def _run(ledger: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ledger.parent), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise LedgerError(f"anchor: git can't be run: {error.strerror}.") from None
