"""A commit of the head file, and of nothing else."""

import subprocess

import pytest
from conftest import WORDS

import bayes_scaling as bs
from bayes_scaling.registry import anchor_head, head_of, verify, void


def git(folder, *arguments):
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Someone")
        monkeypatch.setenv(f"{name}_EMAIL", "someone@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "repository" / "forecasts"
    folder.mkdir(parents=True)
    git(folder.parent, "init", "--quiet")
    return folder


def test_the_head_is_committed_and_nothing_else(repository, forecast, no_baselines):
    (repository / "staged").write_text("not ours")
    git(repository, "add", "staged")
    ledger = repository / "ledger.jsonl"
    bs.register(forecast, ledger, anchor="git", **WORDS)
    assert git(repository, "show", "--name-only", "--format=%s").split("\n")[:3] == [
        f"Anchor ledger.jsonl at {head_of(ledger)}",
        "",
        "forecasts/ledger.jsonl.head",
    ]
    assert "A  forecasts/staged" in git(repository, "status", "--porcelain")
    published = git(repository, "show", "HEAD:forecasts/ledger.jsonl.head")
    assert verify(ledger, published).holds
    commit = anchor_head(ledger)
    assert commit == git(repository, "rev-parse", "HEAD").strip()
    void(ledger, 1, reason="cancelled")
    assert anchor_head(ledger) != commit
    assert verify(ledger, published).holds


def test_without_a_repository_nothing_is_registered(forecast, ledger, no_baselines, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(ledger.parent.parent))
    with pytest.raises(ValueError, match=r"is in no git repository\. Make one with git init"):
        bs.register(forecast, ledger, anchor="git", **WORDS)
    assert list(ledger.parent.iterdir()) == []


def test_what_git_can_not_do_is_said_before(repository, forecast, no_baselines, monkeypatch):
    ledger = repository / "ledger.jsonl"
    (repository / ".gitignore").write_text("*.head\n")
    with pytest.raises(ValueError, match=r"git ignores .*ledger.jsonl.head. Take it out"):
        bs.register(forecast, ledger, anchor="git", **WORDS)
    (repository / ".gitignore").unlink()
    with pytest.raises(ValueError, match="anchor: there is no folder"):
        bs.register(forecast, repository / "no" / "x.jsonl", anchor="git", **WORDS)
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "")
    with pytest.raises(ValueError, match="anchor: git var failed: "):
        bs.register(forecast, ledger, anchor="git", **WORDS)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="anchor: git can't be run"):
        bs.register(forecast, ledger, anchor="git", **WORDS)
    assert not ledger.exists()


def test_a_commit_that_fails_leaves_the_record(repository, forecast, no_baselines):
    ledger = repository / "ledger.jsonl"
    hook = repository.parent / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no commits today >&2\nexit 1\n")
    hook.chmod(0o755)
    said = r"git commit failed: no commits today\. What is registered stays registered; mend it"
    with pytest.raises(ValueError, match=said):
        bs.register(forecast, ledger, anchor="git", **WORDS)
    assert (verify(ledger).holds, verify(ledger).records) == (True, 2)
    hook.unlink()
    assert len(anchor_head(ledger)) == 40
