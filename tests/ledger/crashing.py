"""Writers that die, run as a script of their own: it imports nothing that starts threads.

python crashing.py WHAT FOLDER [NUMBERS] [--in-memory]

WHAT is steps, kills (and how many) or race (writers, and appends of each). A killed process loses
nothing that the system has taken, so the tests may skip the wait for the disk.
"""

import contextlib
import os
import random
import select
import signal
import sys
import time
import warnings
from pathlib import Path

from ledger_records import NOTES, append_plain, plain, verify

from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.canonical import hash_of
from bayes_scaling.ledger.repair import head_of

warnings.simplefilter("ignore")
CALLS = ("open", "write", "fsync", "replace", "ftruncate")
STARTS = ("no ledger", "two records", "a torn line", "a whole line that nobody acknowledged")


def append_with_side_file(ledger, noise):
    with writing(ledger, NOTES) as writer:
        (record,) = writer.append([plain(text=noise.hex())], [("noise", noise)])
    return record


def die_at(step, *, halfway):
    """Let the process die at its n-th call of the system; a write may have got half way."""
    left = [step]

    def counted(name, real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                if halfway and name == "write":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os._exit(9)
            return real(*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, counted(name, getattr(os, name)))


def forked(work):
    """Run work in a process of its own; its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prepare(ledger, start):
    if start != "no ledger":
        append_plain(ledger, 2)
    if start == "a torn line":
        ledger.write_bytes(ledger.read_bytes() + b'{"author":"some')
    if start == "a whole line that nobody acknowledged":
        head = ledger.with_name(f"{ledger.name}.head")
        before = head.read_bytes()
        append_plain(ledger)
        head.write_bytes(before)


def die_at_every_step(folder):
    for start in STARTS:
        for halfway in (False, True):
            for step in range(1, 100):
                ledger = folder / f"{STARTS.index(start)}-{halfway}-{step}.jsonl"
                prepare(ledger, start)
                known = ledger.read_bytes() if ledger.exists() else b""
                known = known[: known.rfind(b"\n") + 1]

                def work(ledger=ledger, step=step, halfway=halfway):
                    die_at(step, halfway=halfway)
                    append_with_side_file(ledger, b"draws" * 1000)

                code = forked(work)
                assert code in {0, 9}, code
                record = append_with_side_file(ledger, b"after" * 1000)
                found = verify(ledger, head_of(ledger))
                assert found.holds, (start, step, found.message)
                assert ledger.read_bytes().startswith(known), (start, step)
                assert record.number - known.count(b"\n") in {1, 2}, (start, step)
                if code == 0:
                    break
            print(start, "halfway" if halfway else "", step - 1, "steps")


def append_until_killed(ledger, seed, ready):
    noise = random.Random(seed)
    os.write(ready, b"ready\n")
    while True:
        record = append_with_side_file(ledger, noise.randbytes(5000))
        os.write(ready, f"{record.number} {record.hash}\n".encode())


def kill_writers(folder, count):
    ledger, chance = folder / "killed.jsonl", random.Random(1)
    acknowledged = {}
    start = time.perf_counter()
    for number in range(5):
        append_with_side_file(ledger, f"{number}".encode())
    pace = (time.perf_counter() - start) / 5
    for number in range(count):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                append_until_killed(ledger, number, writer)
            os._exit(1)
        os.close(writer)
        os.read(reader, 6)
        if number % 2:  # on a busy machine none would get so far
            select.select([reader], [], [])
        time.sleep(chance.uniform(0, 4 * pace))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        with os.fdopen(reader) as said:
            lines = [line.split() for line in said if line.endswith("\n")]
        acknowledged |= {int(place): digest for place, digest in lines}
    append_with_side_file(ledger, b"the last, which mends")
    lines = ledger.read_bytes().splitlines(keepends=True)
    lost = [n for n, digest in acknowledged.items() if hash_of(lines[n - 1]) != digest]
    assert lost == []
    assert verify(ledger, head_of(ledger)).holds
    assert acknowledged
    print(f"{count} kills, {len(acknowledged)} records acknowledged, none lost")


def race(folder, writers, each):
    ledger = folder / "raced.jsonl"
    children = []
    for number in range(writers):
        child = os.fork()
        if child == 0:
            for turn in range(each):
                append_with_side_file(ledger, f"{number} {turn}".encode())
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found = verify(ledger, head_of(ledger))
    assert (found.holds, found.records) == (True, writers * each), found.message
    print(found.records, "records")


if __name__ == "__main__":
    what, folder, *numbers = [word for word in sys.argv[1:] if word != "--in-memory"]
    if "--in-memory" in sys.argv:
        os.fsync = os.fstat  # looks at the file, and waits for nothing
    work = {"steps": die_at_every_step, "kills": kill_writers, "race": race}[what]
    work(Path(folder), *map(int, numbers))
