"""Files of pass counts for the tests."""

import json


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def lines(records):
    return "\n".join(json.dumps(record) for record in records) + "\n"


def counted(passes):
    """The counts as a mapping of (run, problem) to (n, c)."""
    keys = zip(passes["run"], passes["problem"], strict=True)
    counts = zip(passes["n_samples"], passes["n_correct"], strict=True)
    return dict(zip(keys, counts, strict=True))
