"""An append is whole or not at all, and loses nothing, whatever happens to it."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ledger_records import NOTES, append_plain, plain, read, verify

from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.heads import head_path
from bayes_scaling.ledger.repair import LedgerWarning, head_of

CRASHING = Path(__file__).with_name("crashing.py")


def crash(*arguments):
    command = [sys.executable, str(CRASHING), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_writer_may_die_at_any_step(tmp_path):
    said = crash("steps", tmp_path, "--in-memory")
    assert len(said.splitlines()) == 8
    assert all(int(line.split()[-2]) > 10 for line in said.splitlines())


def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path):
    assert "none lost" in crash("kills", tmp_path, 40, "--in-memory")


def test_eight_writers_at_once_keep_one_chain(tmp_path):
    assert crash("race", tmp_path, 8, 50, "--in-memory") == "400 records\n"


@pytest.mark.slow
def test_two_hundred_killed_writers_on_a_real_disk(tmp_path):
    assert "none lost" in crash("kills", tmp_path, 200)
    assert crash("race", tmp_path, 8, 50) == "400 records\n"


def test_a_torn_end_is_kept_aside(ledger):
    append_plain(ledger, 2)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"author":"so')
    found = verify(ledger)
    assert (found.holds, found.first_fault) == (False, 3)
    assert "next append will move it aside" in found.message
    with pytest.raises(ValueError, match="the last line has no end"):
        read(ledger)
    with pytest.warns(LedgerWarning, match="its torn end, 13 bytes, is in"):
        append_plain(ledger)
    (aside,) = ledger.parent.glob("forecasts.jsonl.torn-*")
    assert aside.read_bytes() == b'{"author":"so'
    assert ledger.read_bytes().startswith(whole)
    assert (verify(ledger).holds, verify(ledger).records) == (True, 3)


def test_zeros_that_a_power_cut_left_are_torn(ledger):
    append_plain(ledger)
    ledger.write_bytes(ledger.read_bytes() + b"\0" * 700 + b"\n")
    with pytest.warns(LedgerWarning, match="torn end"):
        append_plain(ledger)
    assert verify(ledger).holds


def test_a_whole_record_that_nobody_acknowledged_is_kept(ledger):
    append_plain(ledger)
    before = head_path(ledger).read_bytes()
    append_plain(ledger)
    head_path(ledger).write_bytes(before)
    assert verify(ledger).first_fault == 2
    with pytest.warns(LedgerWarning, match="up to record 2, is kept"):
        append_plain(ledger)
    assert [record.number for record in read(ledger)] == [1, 2, 3]


def lose_the_end(ledger):
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:1]))


def edit_the_end(ledger):
    ledger.write_bytes(ledger.read_bytes()[:-6] + b'*"}\n')


def edit_a_length(ledger):
    ledger.write_bytes(ledger.read_bytes().replace(b"a short one", b"a longer one", 1))


def repeat_the_end(ledger):
    data = ledger.read_bytes()
    ledger.write_bytes(data + data.splitlines(keepends=True)[-1])


def lose_the_head(ledger):
    head_path(ledger).unlink()


def spoil_the_head(ledger):
    head_path(ledger).write_text("two")


def be_a_table(ledger):
    head_path(ledger).unlink()
    ledger.write_text("run,compute,loss\na,1e18,3")


def be_gone(ledger):
    ledger.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lose_the_end, "2 records were acknowledged, and not all of them are there"),
        (edit_the_end, "2 records were acknowledged, and not all of them are there"),
        (edit_a_length, "2 records were acknowledged, and not all of them are there"),
        (repeat_the_end, "the line after record 2 doesn't follow it"),
        (lose_the_head, "the head file is missing"),
        (spoil_the_head, "isn't a head file as it was written"),
        (be_a_table, "isn't a ledger of bayes_scaling; choose another file"),
        (be_gone, "the ledger is gone, but its head file is there"),
    ],
)
def test_an_append_buries_no_fault(ledger, spoil, said):
    append_plain(ledger, 2)
    spoil(ledger)
    before = {path: path.read_bytes() for path in ledger.parent.iterdir()}
    with pytest.raises(ValueError, match=said):
        append_plain(ledger)
    assert {path: path.read_bytes() for path in ledger.parent.iterdir()} == before


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_what_fails_is_taken_back(ledger, monkeypatch, name, failure):
    append_plain(ledger, 2)
    before, calls, real = ledger.read_bytes(), [], getattr(os, name)

    def fail(*arguments, **options):
        calls.append(arguments)
        if name == "write" and len(calls) == 1:
            real(arguments[0], bytes(arguments[1])[:10])
        if len(calls) == 1:
            raise failure
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, fail)
    with pytest.raises((ValueError, KeyboardInterrupt)) as raised:
        append_plain(ledger)
    if isinstance(failure, OSError):
        assert "can't be written: No space left." in str(raised.value)
    assert ledger.read_bytes() == before
    assert verify(ledger).holds
    append_plain(ledger)
    assert verify(ledger).records == 3


def test_a_place_that_is_read_only(tmp_path, monkeypatch):
    ledger, real = tmp_path / "forecasts.jsonl", os.open
    append_plain(ledger)

    def read_only(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(ValueError, match=r"can't be written: Read-only file system\."):
        append_plain(ledger)
    assert verify(ledger).holds
    assert head_of(ledger).count == 1


@pytest.mark.parametrize("place", ["missing/forecasts.jsonl", "."])
def test_a_place_where_no_file_can_be(tmp_path, place):
    with pytest.raises(ValueError, match="can't be written: "):
        append_plain(tmp_path / place)
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_locks(ledger, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(ValueError, match="a ledger needs file locks"):
        append_plain(ledger)
    assert not ledger.exists()


def test_a_clock_that_runs_backwards_loses_nothing(ledger, monkeypatch):
    append_plain(ledger)
    past = datetime.now(UTC) - timedelta(days=2)
    monkeypatch.setattr("bayes_scaling.ledger.appending.utc_now", lambda: past)
    with pytest.warns(LedgerWarning, match=r"the clock is 1728\d\d.* s behind record 1"):
        append_plain(ledger)
    first, second = read(ledger)
    assert second.content["clock_behind"] == pytest.approx(2 * 86400, abs=600)
    assert "clock_behind" not in first.content
    assert second.content["time"] == past.isoformat(timespec="microseconds").replace("+00:00", "Z")
    found = verify(ledger)
    assert found.holds
    assert found.remarks == ("By its clock, record 2 is older than record 1, which it follows.",)


def test_a_ledger_that_was_replaced_while_one_waited(ledger, monkeypatch):
    append_plain(ledger)
    copy, real, waited = ledger.read_bytes(), os.path.samestat, []

    def swap_once(one, other):
        if not waited:
            waited.append(True)
            ledger.unlink()
            ledger.write_bytes(copy)
            return False
        return real(one, other)

    monkeypatch.setattr(os.path, "samestat", swap_once)
    append_plain(ledger)
    assert waited
    assert verify(ledger).records == 2


def test_a_link_to_a_ledger_is_the_ledger(ledger, tmp_path):
    link = tmp_path / "link"
    append_plain(ledger)
    link.symlink_to(ledger)
    append_plain(link)
    assert verify(ledger).records == 2
    assert not head_path(link).exists()


def test_several_records_in_one_append(ledger):
    with writing(ledger, NOTES) as writer:
        first = writer.append([plain(1), plain(2)])
        second = writer.append([plain(3)])
        assert [record.number for record in writer.read()] == [1, 2, 3]
    assert [record.number for record in (*first, *second)] == [1, 2, 3]
    assert [record.hash for record in read(ledger)] == [r.hash for r in (*first, *second)]


def test_long_lines_are_read_from_the_end(ledger):
    for size in (10, 70_000, 200_000, 10):
        with writing(ledger, NOTES) as writer:
            writer.append([plain(text="x" * size)])
    assert (verify(ledger).holds, verify(ledger).records) == (True, 4)
