# %% [markdown]
# # Hand over a forecast
#
# A forecast has to reach people who will never open Python. A report is one HTML file that says
# what was forecast, what was assumed, measured and checked; it opens from disk, prints, and reads
# on a phone.
#
# Run this script as it is, or with a folder to write the report to.

# %%
import sys
import tempfile
from pathlib import Path

import bayes_scaling as bs

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

# %% [markdown]
# The fit and its forecast, as in the first example.

# %%
runs = bs.example("cerebras_gpt")
small = runs.query("compute < 2e21")
fit = bs.fit("loss", small, random_seed=1)
forecast = bs.predict(fit, compute=[6.3e21, 2.3e22])

# %% [markdown]
# Whether such intervals hold the truth is shown by forecasts that can be checked. Here the whole
# ladder is cut short again and again, and its larger runs are forecast from the smaller ones. Seven
# runs of one ladder are few; give your own past ladders too.

# %%
backtest = bs.backtest("loss", runs, random_seed=1)
print(backtest.summary()[["n", "coverage_50", "coverage_90", "crps"]].round(3).to_string())

# %% [markdown]
# What one writes down before the big run starts can be sealed in a ledger, and the report shows the
# record.

# %%
ledger = folder / "forecasts.jsonl"
bs.register(
    forecast,
    ledger,
    question="What test loss will this model reach on the Pile?",
    resolves="The final loss in the model card, in nats per token.",
    void_if="Training is stopped early.",
    events=["loss < 1.6"],
    author="the scaling team",
)

# %% [markdown]
# The report. A comparison with other laws (`bs.compare`) goes in as `compare=`.

# %%
path = bs.report(fit, forecast, backtest=backtest, registered=ledger, path=folder / "report.html")
print(f"The report is in {path}.")
