"""The registry (E13): how fast a long ledger verifies, and what killed and rival writers do to it.

python benchmarks/registry.py --records 10000 --kills 200
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.canonical import hash_of
from bayes_scaling.ledger.repair import LedgerWarning, head_of
from bayes_scaling.registry.ledgers import FORECASTS, verify

HERE = Path(__file__).parent
LIFE = 3.0  # appends that a writer has time for at most, before it is killed
RIVALS, EACH = 8, 50
SIDE = 80_000  # bytes of a side file, as of 4,000 draws


def append_forever(ledger: Path, seed: str, limit: int) -> None:
    """Append records with side files, and say on stdout which are acknowledged."""
    noise = random.Random(seed)
    print("ready", flush=True)
    warnings.simplefilter("ignore", LedgerWarning)
    for _ in range(limit):
        content = {
            "type": "void",
            "author": seed,
            "corrects": None,
            "forecast": 1,
            "forecast_hash": "0" * 64,
            "note": "x" * noise.randrange(6000),
            "reason": "a record as long as that of a forecast",
        }
        with writing(ledger, FORECASTS) as writer:
            (record,) = writer.append([content], [("draws", noise.randbytes(SIDE))])
        print(record.number, record.hash, flush=True)


def child(ledger: Path, seed: str, limit: int) -> "subprocess.Popen[str]":
    """Start a process that appends."""
    command = [sys.executable, __file__, "--child", str(ledger), seed, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(process: "subprocess.Popen[str]") -> dict[int, str]:
    """Read the whole lines that a process managed to say."""
    assert process.stdout is not None
    said = process.stdout.read()
    whole = said[: said.rfind("\n") + 1].splitlines()
    pairs = [line.split() for line in whole if line != "ready"]
    return {int(number): digest for number, digest in pairs}


def kill_writers(folder: Path, kills: int, seed: int, pace: float) -> dict[str, float]:
    """Kill writers at random moments; whatever one acknowledged has to be there in the end."""
    ledger, chance = folder / "killed.jsonl", random.Random(seed)
    known: dict[int, str] = {}
    faulty = 0
    for number in range(kills):
        process = child(ledger, f"{seed} {number}", 10**9)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, LIFE * pace))
        process.kill()
        process.wait()
        known |= acknowledged(process)
        faulty += ledger.exists() and not verify(ledger).holds
    child(ledger, "the last, who mends", 1).wait()
    found = verify(ledger)
    lines = ledger.read_bytes().splitlines(keepends=True)
    lost = sum(hash_of(lines[count - 1]) != digest for count, digest in known.items())
    return {
        "kills": kills,
        "acknowledged records": len(known),
        "acknowledged records lost": lost,
        "kills that left something to repair": faulty,
        "torn ends moved aside": len(list(folder.glob("killed.jsonl.torn-*"))),
        "records in the end": found.records,
        "holds after repair": float(found.holds),
    }


def race_writers(folder: Path) -> dict[str, float]:
    """Let eight processes append fifty records each."""
    ledger = folder / "raced.jsonl"
    start = time.perf_counter()
    processes = [child(ledger, str(number), EACH) for number in range(RIVALS)]
    known = [acknowledged(process) for process in processes]
    for process in processes:
        process.wait()
    numbers = sorted(number for one in known for number in one)
    found = verify(ledger, head_of(ledger))
    return {
        "rival processes": RIVALS,
        "records of rivals": found.records,
        "numbered without gap": float(numbers == list(range(1, RIVALS * EACH + 1))),
        "holds after the race": float(found.holds),
        "seconds of the race": time.perf_counter() - start,
    }


def time_long_ledger(folder: Path, records: int) -> dict[str, float]:
    """Time a ledger of many forecasts, each with its own draws, as `register` writes them."""
    ledger = folder / "long.jsonl"
    start = time.perf_counter()
    write_long_ledger(ledger, records)
    written, busy = time.perf_counter(), time.process_time()
    found = verify(ledger)
    assert found.holds, found.message
    verified, busy = time.perf_counter(), time.process_time() - busy
    size = sum(path.stat().st_size for path in ledger.with_name("long.jsonl.files").iterdir())
    return {
        "forecasts": records,
        "megabytes of records": ledger.stat().st_size / 1e6,
        "megabytes of side files": size / 1e6,
        "seconds to write": written - start,
        "seconds to verify": verified - written,
        "of these on the processor": busy,
        **time_scores(ledger, records),
    }


def time_scores(ledger: Path, records: int) -> dict[str, float]:
    """Resolve every forecast, score twice, and compare bit for bit."""
    from bayes_scaling import registry

    outcomes = {number: 1.5 + number / records / 5 for number in range(1, records + 1)}
    start = time.perf_counter()
    first = registry.score(ledger, outcomes)
    scored = time.perf_counter()
    again = registry.score(ledger)
    return {
        "seconds to resolve and score": scored - start,
        "rescored bit for bit": float(first.equals(again)),
    }


def write_long_ledger(ledger: Path, records: int) -> None:
    """Append copies of one real forecast, each with draws and quantiles of its own."""
    import numpy as np

    import bayes_scaling as bs
    from bayes_scaling.ledger.side_files import side_path
    from bayes_scaling.registry.draws_and_data import pack_arrays, read_side_file, unpack_arrays

    small = bs.example("cerebras_gpt").query("compute < 2e21")
    forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    (record,) = bs.register(forecast, ledger, question="13B?", resolves="the model card")
    arrays = unpack_arrays(read_side_file(record, "draws"))
    stamped = {"bayes_scaling_ledger", "number", "previous", "time"}
    content = {key: value for key, value in record.content.items() if key not in stamped}
    for batch in np.array_split(np.arange(1, records), max(1, records // 100)):
        contents = []
        for number in batch:
            factor = np.float32(1 + number / records / 10)
            data = pack_arrays(arrays | {"draws.run": arrays["draws.run"] * factor})
            run = [float(factor) * quantile for quantile in content["quantiles"]["run"]]
            own = {"draws": hash_of(data)} | {"data": content["files"]["data"]}
            quantiles = content["quantiles"] | {"run": run}
            contents.append(content | {"files": own, "quantiles": quantiles})
            side_path(ledger, own["draws"], ".npz").write_bytes(data)
        with writing(ledger, FORECASTS) as writer:
            writer.append(contents)


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        ledger, seed, limit = asked.child
        append_forever(Path(ledger), seed, int(limit))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = race_writers(folder)
        print(found, flush=True)
        pace = found["seconds of the race"] / (RIVALS * EACH)
        found |= kill_writers(folder, asked.kills, asked.seed, pace)
        print(found, flush=True)
        found |= time_long_ledger(folder, asked.records)
    lines = [f"{name},{value:.4g}" for name, value in found.items()]
    text = "\n".join(["what,found", *lines]) + "\n"
    (HERE / "results" / "registry.csv").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
