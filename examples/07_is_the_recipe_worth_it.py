# %% [markdown]
# # Is the recipe worth it?
#
# A new optimiser, another mix of data, a parametrisation, fine-tuning: each is sold as "worth so
# many times the compute". Where runs under the old and the new recipe lie on curves that differ by
# a shift along log compute, that factor is the shift, and it has a posterior.

# %%
import pandas as pd

import bayes_scaling as bs

# %% [markdown]
# Cerebras-GPT was trained under the standard parametrisation and, up to 2.7B parameters, under muP.
# A column `recipe` says which is which; the recipe of the first row is what others are compared
# with. The prior is centred on no gain.

# %%
standard, mup = bs.example("cerebras_gpt"), bs.example("cerebras_gpt_mup")
runs = pd.concat([standard.assign(recipe="standard"), mup.assign(recipe="muP")])
fit = bs.fit("loss_recipe", runs.drop(columns="family"), random_seed=1)
gain = bs.decision.equivalent_compute(fit)
print(gain.summary().to_string(index=False, float_format="{:.3g}".format))
print(f"P(muP is worth more than 1.2 times the compute) = {gain.probability(1.2)['muP']:.2f}")

# %% [markdown]
# A few per cent, and perhaps none: muP is for the learning rate that doesn't have to be searched
# again, which the loss of tuned runs doesn't show.
#
# One number serves where the curves have one shape. Pythia's runs all saw 300 billion tokens, those
# of Cerebras twenty for each parameter, so the former flatten as they grow and the latter don't.
# Then the question is at which compute, and each has a fit of its own.

# %%
cerebras = bs.fit("loss", standard, random_seed=1)
pythia = bs.fit("loss", bs.example("pythia"), random_seed=1)
race = bs.decision.crossing(pythia, cerebras, compute=[1e21, 1e22, 1e24])
print(race.summary().to_string(index=False, float_format="{:.3g}".format))

# %% [markdown]
# The claim that made fine-tuning famous is that people prefer the outputs of InstructGPT with 1.3
# billion parameters to those of GPT-3 with 175 billion, "more than 100 times" as many. What do the
# numbers that were printed say (Ouyang et al., 2022, table 14)? Here are the errors of three sizes
# on HellaSwag, which measures what pretraining teaches, and the share of answers to TruthfulQA that
# aren't both true and informative, which measures what the fine-tuning is for. The compute is that
# of pretraining on 300 billion tokens.

# %%
SIZES = [1.3e9, 6e9, 175e9]
ERRORS = {
    "HellaSwag": {"GPT-3": [0.451, 0.327, 0.219], "PPO-ptx": [0.448, 0.310, 0.193]},
    "TruthfulQA": {"GPT-3": [0.807, 0.814, 0.749], "PPO-ptx": [0.715, 0.536, 0.311]},
}
errors = bs.load_model("loss_recipe").with_priors(  # what loss_error_rate says of error rates
    level={"dist": "LogNormal", "mu": -1.2, "sigma": 1.0},
    elasticity={"dist": "LogNormal", "mu": -2.3, "sigma": 0.8},
    floor_share={"dist": "LogitNormal", "mu": -0.3, "sigma": 1.4},
    sigma={"dist": "LogNormal", "mu": -4.1, "sigma": 1.1},
    amplitude={"dist": "LogNormal", "mu": -2.8, "sigma": 1.3},
)
for task, by_recipe in ERRORS.items():
    tables = [
        pd.DataFrame({"recipe": recipe, "params": SIZES, "tokens": 3e11, "loss": losses})
        for recipe, losses in by_recipe.items()
    ]
    treated = bs.fit(errors, pd.concat(tables), random_seed=1)
    worth = bs.decision.equivalent_compute(treated)
    print(f"\n{task}:")
    print(worth.summary().to_string(index=False, float_format="{:.3g}".format))
    print(f"P(worth 100 times the compute) = {worth.probability(100)['PPO-ptx']:.3f}")

# %% [markdown]
# So "100 times" is a statement about one response at one size, and not about compute in general. On
# HellaSwag the treatment is worth about nothing. On TruthfulQA it is worth something, but the
# treated model improves with size much faster than the other: no one shift describes both, and the
# interval says so by its width. Had the untreated ladder not fallen for sure, there would be no
# answer at all: without a slope no compute stands for a difference.
#
# Where a recipe was run at one scale only, its gain can't be told from that run's luck, and
# `loss_recipe` refuses it. What remains is a bound on the run: how much compute the untreated
# ladder needs to reach its error. That of the 1.3B model on TruthfulQA, 0.715, lies below all three
# untreated ones.

# %%
base = pd.DataFrame({"params": SIZES, "tokens": 3e11, "loss": ERRORS["TruthfulQA"]["GPT-3"]})
untreated = bs.fit("loss_error_rate", base.assign(metric="error_rate"), random_seed=1)
needed = bs.decision.compute_for(untreated, loss=0.715).summary().iloc[0]
spent = 6 * SIZES[0] * 3e11
print(f"at least {needed['q05'] / spent:.0f} times with probability 0.95,")
print(f"and out of reach with probability {needed['unreachable']:.2f}")
