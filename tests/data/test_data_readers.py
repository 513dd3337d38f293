import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bayes_scaling.data import read_runs
from bayes_scaling.errors import DataError

TABLE = pd.DataFrame(
    {
        "run": ["007", "b"],
        "compute": ["3 ZFLOP", "2.3e22"],
        "loss": [2.0912345678901234, 1.7],
        "width": [256, 512],
        "note": ["first", None],
    }
)
CHECKED = pd.DataFrame(
    {
        "run": ["007", "b"],
        "compute": [3e21, 2.3e22],
        "compute_from": ["given", "given"],
        "loss": [2.0912345678901234, 1.7],
        "width": [256, 512],
        "note": ["first", None],
    }
)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_csv(tmp_path):
    path = tmp_path / "ladder.csv"
    TABLE.to_csv(path, index=False)
    assert_frame_equal(read_runs(path), CHECKED)
    assert_frame_equal(read_runs(str(path)), CHECKED)


def test_csv_with_a_byte_order_mark_blank_lines_and_spaces(tmp_path):
    path = write(tmp_path / "l.csv", '\ufeff\n"run", compute , Loss\n\n a, 3e21, 2.1\n')
    assert read_runs(path).to_dict("list") == {
        "run": ["a"],
        "compute": [3e21],
        "compute_from": ["given"],
        "loss": [2.1],
    }


def test_parquet(tmp_path):
    TABLE.to_parquet(tmp_path / "ladder.parquet")
    assert_frame_equal(read_runs(tmp_path / "ladder.parquet"), CHECKED)


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_json_lines(tmp_path, suffix):
    path = tmp_path / f"ladder{suffix}"
    TABLE.to_json(path, orient="records", lines=True, double_precision=15)
    path.write_text(path.read_text() + "\n\n")
    assert_frame_equal(read_runs(path), CHECKED, rtol=1e-15)


def test_json_records(tmp_path):
    path = write(tmp_path / "ladder.json", json.dumps(TABLE.to_dict("records")))
    assert_frame_equal(read_runs(path), CHECKED)


def test_a_glob_joins_files_in_the_order_of_their_names(tmp_path, monkeypatch):
    write(tmp_path / "b" / "x.csv", "run,compute,loss\nb,1e19,2.5\n")
    write(tmp_path / "a" / "x.csv", "run,compute,loss\na,1e18,3.0\n")
    assert read_runs(tmp_path / "*" / "x.csv")["run"].tolist() == ["a", "b"]
    monkeypatch.chdir(tmp_path)
    assert read_runs("**/*.csv")["loss"].tolist() == [3.0, 2.5]


def test_a_path_with_brackets_is_a_path(tmp_path):
    path = write(tmp_path / "ladder[1].csv", "run,compute,loss\na,1e18,3.0\n")
    assert len(read_runs(path)) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b" \n\n", "is empty"),
        ("empty.jsonl", b"", "is empty"),
        ("empty.parquet", b"", "is empty"),
        ("header.csv", b"run,compute,loss\n", "the table has no rows"),
        ("records.json", b"[]", "the table has no rows"),
        ("binary.csv", b"\x89PNG\r\n\x1a\n\x00\x00\xff", "isn't a table: it is a binary file"),
        ("zeros.jsonl", b"ab\x00cd", "isn't a table: it is a binary file"),
        ("prose.csv", b"Once upon a time\nthere was a run\n", "isn't a table: its first line, 'On"),
        ("prose2.csv", b"Well, so\na, b, c, d\ne\n", "more cells in its rows|isn't a table"),
        ("ragged.csv", b"run,compute,loss\na,1,2\na,1,2,3\n", "isn't a table: .*line 3"),
        ("longer.csv", b"compute,loss\n1e18,3,\n1e19,2,\n", "more cells in its rows than names"),
        ("names.csv", b"1;2;3\n4;5;6\n", "has numbers in its first line, 1, 2, 3; give the names"),
        ("twice.csv", b"run,compute,loss,loss\na,1,2,3\n", "column 'loss' is there twice"),
        ("prose.jsonl", b"Once upon a time", "line 1 isn't JSON"),
        ("broken.jsonl", b'{"compute": 1, "loss": 2}\n{"comp', "line 2 isn't JSON"),
        ("numbers.jsonl", b"1\n2\n", "line 1 isn't a record"),
        ("dict.json", b'{"a": 1}', "must be an array of records"),
        ("mixed.json", b'[{"a": 1}, 2]', "must be an array of records"),
        ("broken.json", b"[{]", "isn't JSON: .* in line 1"),
        ("text.parquet", b"run,compute,loss", "isn't a parquet file that can be read"),
        ("ladder.xlsx", b"PK", "suffix '.xlsx', which isn't known; save the sheet as CSV"),
        ("ladder", b"a,b", "suffix '', which isn't known; known: .csv, .tsv, .txt, "),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read_runs(tmp_path / name)
    assert name in str(error.value)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.csv matches no file"):
        read_runs(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match=r"\*\.csv matches no file"):
        read_runs(tmp_path / "*.csv")
    with pytest.raises(DataError, match=r"is a folder; give a file, or a glob such as .*\*\.csv"):
        read_runs(tmp_path)


def test_bad_cells_name_the_file_the_row_and_the_run(tmp_path):
    path = write(tmp_path / "l.csv", "run,compute,loss\na,1e18,3.0\nb,1e19,NaN\n")
    with pytest.raises(
        DataError, match=r"l\.csv: row 2 \(run 'b'\), column 'loss': missing or NaN"
    ):
        read_runs(path)
    path = write(tmp_path / "m.csv", "run,compute,loss\na,1e18,3.0\nb,1e19,inf\n")
    with pytest.raises(DataError, match=r"row 2 \(run 'b'\), column 'loss': got inf"):
        read_runs(path)
    path = write(tmp_path / "n.csv", "run,compute,loss\na,1e18,3.0\nb,big,2.0\n")
    with pytest.raises(DataError, match=r"row 2 \(run 'b'\), column 'compute': 'big' isn't"):
        read_runs(path)


def test_tables_and_logs_do_not_mix(tmp_path):
    write(tmp_path / "a.csv", "run,compute,loss\na,1e18,3.0\n")
    write(tmp_path / "b.csv", "Wall time,Step,Value\n1.7e9,10,2.0\n")
    with pytest.raises(DataError, match=r"both tables and logs of training \(csv, tensorboard\)"):
        read_runs(tmp_path / "*.csv")
