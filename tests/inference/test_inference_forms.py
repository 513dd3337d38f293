"""Every model has a form, and the plain one, which any model has, draws the same posterior."""

from dataclasses import replace

import pytest
from chance import z

import bayes_scaling as bs
from bayes_scaling.inference import forms


def test_the_first_form_that_suits_is_taken(fit_cerebras, fit_passes):
    assert forms.form_of(fit_cerebras.spec, fit_cerebras.design) is forms.INTEGRATED
    assert forms.form_of(fit_passes.spec, fit_passes.design) is forms.COUNTED
    assert forms.PLAIN.suits(fit_passes.spec, fit_passes.design)
    assert bs.fit("loss", fit_cerebras.table, random_seed=1).notes == fit_cerebras.notes


@pytest.mark.slow  # it compiles a model of its own
def test_the_plain_form_draws_the_posterior_of_the_integrated(fit_cerebras):
    spec = fit_cerebras.spec
    design = replace(fit_cerebras.design, roots=forms.PLAIN.roots(spec, fit_cerebras.design))
    settings = {"draws": 1000, "tune": 1000, "chains": 4, "target_accept": 0.95}
    plain = forms.PLAIN.sample(spec, design, random_seed=1, **settings).posterior
    for name in ("level", "elasticity", "floor_share", "sigma", "amplitude"):
        ours = fit_cerebras.posterior["posterior"][name]
        # Of 4,000 draws about 400 are effective in the plain form.
        margin = z(5) * float(ours.std()) * (1 / 400 + 1 / 1500) ** 0.5
        assert float(plain[name].mean()) == pytest.approx(float(ours.mean()), abs=margin)
