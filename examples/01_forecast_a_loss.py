# %% [markdown]
# # Forecast a loss
#
# Seven Cerebras-GPT models were trained on the Pile, each 20 tokens a parameter. Suppose that only
# the five smaller ones existed. What would one have said of the two larger ones, and how surely?
#
# Run this script as it is, or with a folder to write the figure to.

# %%
import sys
import tempfile
from pathlib import Path

import bayes_scaling as bs

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

# %% [markdown]
# The data: one row a run, with its compute in FLOP and its loss in nats per token. A table of your
# own is read by `bs.read_runs("ladder.csv")`.

# %%
runs = bs.example("cerebras_gpt")
small = runs.query("compute < 2e21")
print(small[["run", "compute", "loss"]].to_string(index=False))

# %% [markdown]
# Before fitting: is there anything that a careful colleague would remark on?

# %%
for remark in bs.check(small):
    print(f"- {remark}")

# %% [markdown]
# The model `loss` is a power law with a floor, L(C) = a (C/C0)^-b + c, plus a discrepancy term that
# lets the runs leave the law, since real ones do. Its priors are in `models/loss.toml`.
#
# The summary compares the posterior with the prior. Where `sd_ratio` is near 1, the data said
# nothing: of the floor (`floor_share`) they say little, of the level and slope a lot.

# %%
fit = bs.fit("loss", small, random_seed=1)
print(fit.diagnosis)
print(fit.summary().round(3).to_string())

# %% [markdown]
# The forecast is a distribution. `distance` is in decades of compute beyond the last fitted run;
# the intervals are for one new run.

# %%
forecast = bs.predict(fit, compute=[6.3e21, 2.3e22])
print(forecast.summary().round(3).to_string(index=False))
for note in forecast.notes:
    print(f"- {note}")

# %% [markdown]
# Any question about the large run is a question to the draws. Will 13B come in below 1.60?

# %%
print(forecast.probability(below=1.60).round(2))

# %% [markdown]
# What the two models reached, beside what was forecast.

# %%
ax = bs.plot_forecast(forecast, truth=runs)
path = folder / "forecast.png"
ax.figure.savefig(path, dpi=400)
print(f"The figure is in {path}.")
