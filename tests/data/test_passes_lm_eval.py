import pytest
from pass_files import counted, lines, write

from bayes_scaling.data import PassesWarning, pass_at_k, read_passes
from bayes_scaling.errors import DataError

COMPUTE = {"70M": 1e20}


def harness(doc, n, c, sizes=(1,), filter="create_test", **metrics):
    scores = {f"pass@{k}": float(pass_at_k(n, c, k)) for k in sizes} | metrics
    return {
        "doc_id": doc,
        "doc": {},
        "target": "t",
        "resps": [["r"] * n],
        "filtered_resps": [["r"] * n],
        "filter": filter,
        "metrics": list(scores),
    } | scores


SAMPLES_FILE = "samples_humaneval_64_2025-06-01T12-00-00.123456.jsonl"


def test_harness_counts_come_back_from_pass_at_k(tmp_path):
    records = [harness(i, 64, c, sizes=(1, 2, 8)) for i, c in enumerate((0, 1, 37, 63, 64))]
    path = write(tmp_path / "70M" / SAMPLES_FILE, lines(records))
    passes = read_passes(path, compute=COMPUTE)
    assert passes["n_correct"].tolist() == [0, 1, 37, 63, 64]
    assert set(passes["n_samples"]) == {64}
    assert set(passes["benchmark"]) == {"humaneval_64"}
    assert passes["problem"].tolist() == ["0", "1", "2", "3", "4"]
    assert set(passes["run"]) == {"70M"}


@pytest.mark.parametrize(("k", "n"), [(1, 200), (2, 64), (3, 200), (5, 5)])
def test_every_count_is_found_where_pass_at_k_tells(tmp_path, k, n):
    told = n - k + 1  # from here on pass@k is one
    records = [harness(c, n, c, sizes=(k,)) for c in range(told)]
    path = write(tmp_path / "70M" / "s.jsonl", lines(records))
    passes = read_passes(path, compute=COMPUTE)
    assert passes["n_correct"].tolist() == list(range(told))
    assert "benchmark" not in passes


def test_a_count_that_pass_at_k_leaves_open_is_said(tmp_path):
    records = [harness(c, 64, c, sizes=(2, 8)) for c in (5, 63, 64)]
    path = write(tmp_path / "70M" / SAMPLES_FILE, lines(records))
    with pytest.warns(PassesWarning, match="pass@2 leaves open how many .* of 2 problems") as seen:
        passes = read_passes(path, compute=COMPUTE)
    assert passes["n_correct"].tolist() == [5, 64, 64]
    assert seen[0].filename == __file__


def test_harness_zero_or_one(tmp_path):
    records = [harness(i, 1, 0, (), exact_match=v) for i, v in enumerate((1.0, 0.0, True))]
    path = write(tmp_path / "70M" / "s.jsonl", lines(records))
    assert counted(read_passes(path, compute=COMPUTE)) == {
        ("70M", "0"): (1, 1), ("70M", "1"): (1, 0), ("70M", "2"): (1, 1),
    }  # fmt: skip


def test_harness_filters(tmp_path):
    records = [
        harness(i, 1, 0, (), filter=name, exact_match=right)
        for i in range(2)
        for name, right in (("strict-match", 0.0), ("flexible-extract", 1.0))
    ]
    path = write(tmp_path / "70M" / "s.jsonl", lines(records))
    with pytest.raises(
        DataError, match="several filters: flexible-extract, strict-match; choose one with filter="
    ):
        read_passes(path, compute=COMPUTE)
    with pytest.raises(DataError, match=r"no filter 'strict'; .* Did you mean 'strict-match'"):
        read_passes(path, filter="strict", compute=COMPUTE)
    for name, right in (("strict-match", 0), ("flexible-extract", 1)):
        passes = read_passes(path, filter=name, compute=COMPUTE)
        assert passes["n_correct"].tolist() == [right, right]


def test_harness_metrics(tmp_path):
    records = [harness(0, 1, 0, (), acc=1.0, acc_norm=0.0), harness(1, 1, 0, (), acc=0, acc_norm=1)]
    path = write(tmp_path / "70M" / "s.jsonl", lines(records))
    with pytest.raises(DataError, match="has the metrics acc, acc_norm; choose one that is pass@k"):
        read_passes(path, compute=COMPUTE)
    with pytest.raises(DataError, match=r"no metric 'ac'; .*Did you mean 'acc'"):
        read_passes(path, metric="ac", compute=COMPUTE)
    assert read_passes(path, metric="acc", compute=COMPUTE)["n_correct"].tolist() == [1, 0]
    assert read_passes(path, metric="acc_norm", compute=COMPUTE)["n_correct"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (harness(1, 10, 0) | {"pass@1": 0.25}, "pass@1 is 0.25; no number of right samples of 10"),
        (harness(1, 10, 0) | {"pass@1": 1.5}, "pass@1 is 1.5; no number"),
        (harness(1, 10, 0) | {"pass@1": None}, "pass@1 must be a number, got None"),
        (harness(1, 10, 0) | {"resps": []}, "'resps' must be a list with the list of responses"),
        (harness(1, 10, 0) | {"resps": [[]]}, "there are no responses"),
        (harness(1, 1, 0) | {"pass@1": 0.5}, "pass@1 is 0.5; it must be 0 or 1"),
    ],
)
def test_broken_harness(tmp_path, record, message):
    path = write(tmp_path / "70M" / "s.jsonl", lines([harness(0, 10, 3), record]))
    with pytest.raises(DataError, match=rf"s\.jsonl, line 2 \(problem 1\): {message}"):
        read_passes(path, compute=COMPUTE)


def test_broken_harness_lines(tmp_path):
    path = write(tmp_path / "70M" / "s.jsonl", lines([harness(0, 10, 3)]) + '{"doc_id"')
    with pytest.raises(DataError, match=r"s\.jsonl, line 2 isn't JSON"):
        read_passes(path, compute=COMPUTE)
    path = write(
        tmp_path / "70M" / "t.jsonl", lines([harness(0, 10, 3), {"filter": "create_test"}])
    )
    with pytest.raises(DataError, match=r"t\.jsonl, line 2: the sample has no 'doc_id'"):
        read_passes(path, compute=COMPUTE)
    path = write(tmp_path / "70M" / "u.jsonl", lines([harness(0, 10, 3), harness(0, 10, 3)]))
    with pytest.raises(DataError, match=r"u\.jsonl: run '70M', problem '0' is there twice"):
        read_passes(path, compute=COMPUTE)
    path = write(
        tmp_path / "70M" / "v.jsonl", lines([harness(0, 2, 1, sizes=(2,))]).replace("2", "3")
    )
    with pytest.raises(DataError, match="pass@3 needs 3 responses, but there are 2"):
        read_passes(path, compute=COMPUTE)


def test_averages_are_not_counts(tmp_path):
    path = write(tmp_path / "70M" / "results_2025.json", {"results": {}, "configs": {}})
    with pytest.raises(DataError, match=r"averages over problems; .* in samples_\*\.jsonl beside"):
        read_passes(path, compute=COMPUTE)


def test_a_metric_that_leaves_the_count_open_is_refused(tmp_path):
    path = write(tmp_path / "70M" / "s.jsonl", lines([harness(0, 64, 1, sizes=(64,))]))
    with pytest.raises(DataError, match=r"pass@64 of 64 responses is 1\.0 for any number of right"):
        read_passes(path, compute=COMPUTE)
