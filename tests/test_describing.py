"""Records say what they are in five lines, show it in notebooks, and can be pickled."""

import pickle
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import bayes_scaling as bs


@pytest.fixture(scope="module")
def forecast(fit_cerebras):
    return bs.predict(fit_cerebras, compute=[2.3e22, 6.3e21])


@pytest.fixture(scope="module")
def of_counts(fit_passes):
    return bs.predict(fit_passes, compute=1e24)


@pytest.fixture(params=["fit_cerebras", "forecast", "fit_passes", "of_counts"])
def record(request):
    return request.getfixturevalue(request.param)


def unconverged(record):
    fit = getattr(record, "fit", record)
    failed = replace(fit, diagnosis=replace(fit.diagnosis, rhat=1.3))
    return replace(record, fit=failed) if hasattr(record, "fit") else failed


def test_five_lines_none_of_them_long(record):
    lines = repr(record).splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) < 200


def test_a_fit_says_what_it_was_fitted_to(fit_cerebras, fit_passes):
    assert "5 runs of Cerebras-GPT, 2.6e18 to 1.1e21 FLOP" in repr(fit_cerebras)
    assert "4 runs of 24 problems, 1e20 to 4e22 FLOP" in repr(fit_passes)


def test_a_forecast_says_the_interval_of_its_farthest_target(forecast):
    row = forecast.summary().iloc[0]
    said = f"loss {row['median']:.4g}, {row['q05']:.4g} to {row['q95']:.4g}"
    assert f"At 2.3e22 FLOP (the farthest of 2 targets): {said}" in repr(forecast)
    assert "not beyond the fitted runs" in repr(bs.predict(forecast.fit, compute=1e20))


def test_what_did_not_converge_says_so_before_any_number(record):
    lines = repr(unconverged(record)).splitlines()
    numbers = [i for i, line in enumerate(lines) if line.startswith(("Draws", "At "))]
    assert next(i for i, line in enumerate(lines) if "NOT CONVERGED" in line) < numbers[0]
    page = unconverged(record)._repr_html_()
    assert page.index("NOT CONVERGED") < page.index("<table")


class Tags(HTMLParser):
    """Refuse what isn't closed, and list what is there."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), ""

    def handle_starttag(self, tag, _):
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_notebook_shows_a_whole_table_and_no_script(record):
    page = Tags()
    page.feed(record._repr_html_())
    assert page.open == []
    assert "table" in page.seen
    assert not {"script", "style", "img", "link"} & page.seen


def test_names_from_others_are_text(fit_cerebras):
    named = replace(fit_cerebras, notes=("<img src=x> & more",))
    page = Tags()
    page.feed(named._repr_html_())
    assert "img" not in page.seen
    assert "<img src=x> & more" in page.text


def test_records_are_pickled(record):
    again = pickle.loads(pickle.dumps(record))
    assert repr(again) == repr(record)
    assert again.summary().equals(record.summary())


def test_a_pickled_fit_forecasts_the_same(forecast):
    again = pickle.loads(pickle.dumps(forecast.fit))
    draws = bs.predict(again, compute=[2.3e22, 6.3e21]).draws
    assert np.array_equal(draws["run"], forecast.draws["run"])
    assert again.data_hash == forecast.fit.data_hash


def test_specs_backtests_and_seals_are_pickled(forecast, ledger):
    spec = pickle.loads(pickle.dumps(bs.load_model("pass_rate_loss")))
    assert spec == bs.load_model("pass_rate_loss")
    judged = bs.backtest(None, bs.example("cerebras_gpt"), baseline="power_law", random_seed=1)
    assert pickle.loads(pickle.dumps(judged)).forecasts.equals(judged.forecasts)
    (*_, sealed) = bs.register(forecast, ledger, question="How low?", resolves="The log.")
    again = pickle.loads(pickle.dumps(sealed))
    assert (again.hash, str(again)) == (sealed.hash, str(sealed))
    assert again.quantiles.equals(sealed.quantiles)
