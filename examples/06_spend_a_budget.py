# %% [markdown]
# # Spend a budget
#
# After "what loss will it reach?" comes "so what should we run?". The answers here are computed
# from the draws of a fit, so each has its interval: how large a model, trained on how much data;
# what a loss costs; which of two recipes to scale; what it would be worth to know the floor.

# %%
import numpy as np
import pandas as pd

import bayes_scaling as bs

# %% [markdown]
# To divide compute between parameters and tokens one needs runs that differ in both: a grid, off
# the frontier too. No such table ships with the package, so these twelve runs are drawn from the
# law that Besiroglu et al. (2024) found in Chinchilla's runs, with noise of 0.3 %. Yours has the
# columns params, tokens and loss.

# %%
sizes = [(n, n * ratio) for n in (7e7, 2e8, 6e8) for ratio in (5.0, 15.0, 45.0, 135.0)]
grid = pd.DataFrame(sizes, columns=["params", "tokens"])
law = 1.82 + 482 * grid["params"] ** -0.348 + 2085 * grid["tokens"] ** -0.366
grid["loss"] = law * np.exp(0.003 * np.random.default_rng(1).standard_normal(len(grid)))
fit = bs.fit("loss_params_tokens", grid, random_seed=1)
print(fit.summary().loc[["E", "alpha", "beta"], ["median", "q05", "q95", "sd_ratio"]].round(3))

# %% [markdown]
# The best division of 1e22 FLOP. The last row is what the model of median size costs, in nats above
# the optimum, which nobody knows exactly: little, as the loss is flat about its minimum.

# %%
best = bs.decision.optimal_allocation(fit, 1e22)
print(best.summary().drop(columns="compute").to_string(index=False, float_format="{:.4g}".format))

# %% [markdown]
# A smaller model is cheaper to serve. What does it cost in loss?

# %%
print(best.regret(["2B", "5B", "10B", "20B"]).to_string(index=False, float_format="{:.3g}".format))

# %% [markdown]
# Along a ladder of compute: how much does it take until runs reach a loss on average? Each draw of
# the curve, law and discrepancy, is followed until it gets there. Some never do, so there are
# quantiles and no mean.

# %%
runs = bs.example("cerebras_gpt")
ladder = bs.fit("loss", runs.query("compute < 2e21"), random_seed=1)
needed = bs.decision.compute_for(ladder, loss=[1.8, 1.6, 1.4])
print(needed.summary().to_string(index=False, float_format="{:.3g}".format))

# %% [markdown]
# Two recipes on the same data: the standard parametrisation, and muP. Which has the lower loss at
# 2.3e22 FLOP, and do the curves cross?

# %%
mup = bs.fit("loss", bs.example("cerebras_gpt_mup").query("compute < 2e21"), random_seed=1)
race = bs.decision.crossing(mup, ladder, compute=[2e21, 2.3e22])
print(race.summary().to_string(index=False, float_format="{:.3g}".format))
print(f"They never cross up to {race.between[1]:.1g} FLOP with probability {race.never:.2f}.")

# %% [markdown]
# And what would it be worth to know the floor? With the floor at its 5 % and at its 95 % quantile
# the forecast differs; `explained` is the share of its variance that would go.

# %%
floor = bs.decision.value_of_floor(ladder, compute=[2.3e22, 2.3e24])
columns = ["compute", "pinned_at", "floor", "median", "q05", "q95", "explained"]
print(floor.summary()[columns].to_string(index=False, float_format="{:.3g}".format))
