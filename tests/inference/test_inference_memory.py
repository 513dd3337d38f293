"""What doesn't fit into memory is refused before it is drawn."""

import math

import pytest
from refusals import forbid_sampling

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference import memory

LADDER = bs.example("cerebras_gpt").query("compute < 2e21")


@pytest.fixture
def megabyte(monkeypatch):
    """A machine of one megabyte."""
    monkeypatch.setattr(memory, "memory_of_machine", lambda: 2.0**20)


def test_the_machine_has_some():
    assert 2**20 < memory.memory_of_machine() <= math.inf


def test_a_container_has_less_than_its_machine(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("4096\n")
    monkeypatch.setattr(memory, "CONTROL_GROUPS", [tmp_path / "memory.max"])
    assert memory.memory_of_machine() == 4096
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.memory_of_machine() > 2**20


@pytest.mark.parametrize("more", [{"draws": 10**12}, {"tune": 10**12}, {"chains": 10**12}])
def test_draws_that_do_not_fit_are_refused_before_sampling(monkeypatch, more):
    forbid_sampling(monkeypatch)
    with pytest.raises(BayesScalingError, match=r"need about .* GiB of memory, and there are"):
        bs.fit("loss", LADDER, random_seed=1, **more)


def test_draws_of_counts_that_do_not_fit_are_refused(pass_counts, monkeypatch):
    forbid_sampling(monkeypatch)
    with pytest.raises(BayesScalingError, match=r"draws: 4 chains of 1000000000000 draws"):
        bs.fit("pass_rate", pass_counts, random_seed=1, draws=10**12)


def test_usual_draws_fit(megabyte):
    with pytest.raises(BayesScalingError, match=r"draws: 4 chains of 1000 draws after 1000 of tun"):
        memory.demand_memory_for_draws(10, draws=1000, tune=1000, chains=4)
    memory.demand_memory_for_draws(1, draws=100, tune=100, chains=1)


def test_targets_that_do_not_fit_are_refused(fit_cerebras, monkeypatch):
    drawn = fit_cerebras.posterior["posterior"].sizes
    count = drawn["chain"] * drawn["draw"]
    monkeypatch.setattr(memory, "memory_of_machine", lambda: 8.0 * 12 * (3 * count + 8**2))
    bs.predict(fit_cerebras, compute=[1e22, 2e22, 3e22])
    message = f"targets: forecasts of 4 quantities in {count} draws need about .* GiB"
    with pytest.raises(BayesScalingError, match=message):
        bs.predict(fit_cerebras, compute=[1e22, 2e22, 3e22, 4e22])


def test_targets_of_counts_that_do_not_fit_are_refused(fit_passes, megabyte):
    with pytest.raises(BayesScalingError, match="targets: forecasts of 24 quantities"):
        bs.predict(fit_passes, compute=1e24)
