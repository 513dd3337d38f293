# %% [markdown]
# # Forecast a pass rate
#
# Five models sampled each problem of a benchmark 60 times; a test said which samples were right.
# Suppose that only the four smaller models existed. What share of samples will the largest get
# right, and how surely? The counts here are simulated, so that the truth is known.
#
# Run this script as it is, or with a folder to write the figures to.

# %%
import sys
import tempfile
from pathlib import Path

import pandas as pd

import bayes_scaling as bs

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

# %% [markdown]
# The data: one row a run and problem. Counts of your own are read by `bs.read_passes`, from a table
# or from the results that human-eval, EvalPlus, lm-evaluation-harness and inspect-ai write.

# %%
ladder = pd.DataFrame({"compute": [1e20, 8e20, 5e21, 4e22, 1e24]})
of_problem = {"dist": "Normal", "over": "problem"}
world = bs.load_model("pass_rate").with_priors(  # what problems share is given, the rest is drawn
    log_alpha=of_problem | {"mu": 0.5, "sigma": 1.5}, k=of_problem | {"mu": 0.2, "sigma": 0.05}
)
simulated = bs.simulate(world, ladder, random_seed=22, problems=24, n_samples=60)
counts = simulated[["run", "compute", "problem", "n_samples", "n_correct"]]
small = counts.query("compute < 1e24")
print(small.groupby("compute")[["n_samples", "n_correct"]].sum())

# %% [markdown]
# Before fitting: is there anything that a careful colleague would remark on? Problems that nobody
# solved stay in. That a model failed 60 times is evidence too.

# %%
for remark in bs.check(small):
    print(f"- {remark}")

# %% [markdown]
# The model `pass_rate` gives each problem a power law of its own, -log p = alpha (C/C0)^-k. Its
# exponent is pooled within a bucket of problems that are about as hard, and the buckets' exponents
# among each other. Buckets are formed before the fit, by the fitted runs alone.

# %%
small = bs.form_buckets(small)
fit = bs.fit("pass_rate", small, random_seed=1)
print(fit.diagnosis)
print(fit.summary()[["median", "q05", "q95", "sd_ratio"]].dropna().round(3).to_string())

# %% [markdown]
# The forecast is a distribution over what one new run will show: the mean of -log p, the mean pass
# rate, pass@k for any k, and how many problems it will solve at least once.

# %%
forecast = bs.predict(fit, compute=1e24)
print(forecast.summary(k=[1, 10]).round(3).to_string(index=False))
for note in forecast.notes:
    print(f"- {note}")

# %% [markdown]
# Any question about the large run is a question to the draws. Will half of its samples be right?

# %%
print(forecast.probability(above=0.5, of="pass_rate").round(2))

# %% [markdown]
# The same by bucket: the easiest come first.

# %%
table = forecast.summary(by="bucket")
print(table[table["quantity"] == "pass_rate"].round(3).to_string(index=False))

# %% [markdown]
# The GPT-4 report kept only the problems that every model solved at least once. That is there to
# compare, and says what it drops.

# %%
restricted = bs.predict(fit, compute=1e24, restrict="solved_by_all")
print(restricted.summary().query("quantity == 'pass_rate'").round(3).to_string(index=False))
print(f"- {restricted.notes[-1]}")

# %% [markdown]
# What the large run reached, beside what was forecast.

# %%
large = counts.query("compute == 1e24")
print(f"seen: {large['n_correct'].sum() / large['n_samples'].sum():.3f} of the samples are right")
print(f"seen: {(large['n_correct'] > 0).sum()} problems are solved at least once")

# %% [markdown]
# Where all models saw the same tokens, a ladder slows down, and pass rates with it; its loss knows.
# The model `pass_rate_loss` goes along the loss of each run. Where the large run's loss is known,
# since it is nearly done, `bs.predict(along, loss=...)` takes it; here it is forecast from the same
# four runs, and `bs.chain` carries the doubt of both. The losses are simulated, as the counts are.

# %%
runs = counts.drop_duplicates("run")[["run", "compute"]].reset_index(drop=True)
runs["loss"] = 1.6 + 1.2 * (runs["compute"] / 1e20) ** -0.15
runs["loss_unit"] = "nats per token"
losses = bs.predict(bs.fit("loss", runs.query("compute < 1e24"), random_seed=1), compute=1e24)
along = bs.fit("pass_rate_loss", small, runs=runs, random_seed=1)
chained = bs.chain(losses, along)
print(chained.summary().round(3).to_string(index=False))
print(f"- {chained.notes[0]}")

# %% [markdown]
# The forecast bucket by bucket, and the problems of one bucket one by one.

# %%
axes = bs.plot_pass_rate(forecast, truth=counts)
path = folder / "pass_rate.png"
axes[0].figure.savefig(path, dpi=240)
print(f"The figure is in {path}.")

# %%
ax = bs.plot_problems(forecast, bucket="2")
ax.figure.savefig(folder / "problems.png", dpi=240)
