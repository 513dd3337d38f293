import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.data import check_runs, example, is_table_of, response_hash, table_hash
from bayes_scaling.errors import DataError

GOLDEN = "dc7e496c0a60979ef63be79fce71581325ec79f2c6eb0a069ba3610d8085e209"

TABLE = pd.DataFrame(
    {
        "run": ["a", "b", "c"],
        "compute": [1e18, 1e19, 2.3e22],
        "loss": [3.0, 2.5, 2.25],
        "width": [256, 512, 1024],
        "loss_se": [0.01, None, 0.02],
        "finished": [True, True, False],
    }
)


def test_the_hash_stays_what_it_is():
    # Sealed forecasts hold these digits: a change here breaks every seal.
    assert table_hash(example("cerebras_gpt").drop(columns="loss_unit")) == GOLDEN
    assert len(GOLDEN) == 64


def test_a_seal_of_before_units_were_stated_is_still_of_its_table():
    assert is_table_of(GOLDEN, example("cerebras_gpt"))
    assert is_table_of(table_hash(example("cerebras_gpt")), example("cerebras_gpt"))
    assert is_table_of(GOLDEN, example("cerebras_gpt").assign(metric="cross_entropy"))
    assert not is_table_of(GOLDEN, example("cerebras_gpt_mup"))


@given(st.permutations(range(3)), st.permutations(list(TABLE.columns)))
def test_order_does_not_matter(rows, columns):
    shuffled = TABLE.iloc[rows][columns]
    assert table_hash(shuffled) == table_hash(TABLE)
    assert response_hash(shuffled, "loss", ["run"]) == response_hash(TABLE, "loss", ["run"])


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", TABLE.columns)
def test_any_changed_cell_changes_the_hash(row, column):
    old = TABLE[column].iloc[row]
    if isinstance(old, str):
        new = old + "'"
    elif column == "finished":
        new = not old
    elif column == "width":
        new = old + 1
    else:
        new = 0.0 if math.isnan(old) else math.nextafter(old, math.inf)
    changed = TABLE.copy()
    changed.loc[row, column] = new
    assert table_hash(changed) != table_hash(TABLE)
    same = response_hash(changed, "loss", ["run"]) == response_hash(TABLE, "loss", ["run"])
    assert same == (column not in ("run", "loss"))


def test_a_renamed_column_or_a_moved_value_changes_the_hash():
    assert table_hash(TABLE.rename(columns={"width": "depth"})) != table_hash(TABLE)
    swapped = TABLE.assign(loss=TABLE["loss"].to_numpy()[[1, 0, 2]])
    assert table_hash(swapped) != table_hash(TABLE)
    assert table_hash(TABLE.iloc[:2]) != table_hash(TABLE)
    assert table_hash(pd.concat([TABLE, TABLE.iloc[:1]])) != table_hash(TABLE)


def test_missing_is_not_text_and_integers_are_their_floats():
    missing, text = pd.DataFrame({"x": [None]}), pd.DataFrame({"x": ["null"]})
    assert table_hash(missing) == table_hash(pd.DataFrame({"x": [math.nan]}))
    assert table_hash(missing) != table_hash(text)
    ints = pd.DataFrame({"x": [1, 2]})
    assert table_hash(ints) == table_hash(ints.astype(float))
    big = pd.DataFrame({"x": [2**60, 2**60 + 1]})
    assert table_hash(big) != table_hash(big.iloc[[0, 0]])
    assert table_hash(pd.DataFrame({"x": [10**400]})) != table_hash(
        pd.DataFrame({"x": [10**400 + 1]})
    )


def test_text_and_number_of_the_same_compute_hash_alike():
    numbers = pd.DataFrame({"compute": [2.3e22, 3e21], "loss": [2.0, 2.1]})
    text = pd.DataFrame({"compute": ["23 ZFLOP", "3e21"], "loss": ["2.0", 2.1]})
    assert table_hash(check_runs(numbers)) == table_hash(check_runs(text))


def test_other_kinds_of_cells():
    days = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    assert table_hash(days) == table_hash(days.iloc[::-1])
    assert table_hash(days) != table_hash(days.iloc[[0, 0]])


def test_unknown_column():
    with pytest.raises(DataError, match=r"column 'los' isn't in the table; .*mean 'loss'\?"):
        response_hash(TABLE, "los", ["run"])


def test_the_table_is_not_changed():
    before = TABLE.copy(deep=True)
    table_hash(TABLE)
    response_hash(TABLE, "loss", ["run"])
    pd.testing.assert_frame_equal(TABLE, before)
