# %% [markdown]
# # Change a prior
#
# A model is a text file. To believe something else, copy it, edit the copy, and fit that. Here we
# are surer of the floor: suppose that other measurements put it at 60 % of the loss in the middle
# of the ladder, give or take one.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import bayes_scaling as bs
from bayes_scaling.specification.shelf import shelf

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# Copy the model, and replace the prior of the floor's share. On the logit, 0.4 is 60 %.

# %%
BELIEF = """[priors.floor_share]
dist = "LogitNormal"
mu = 0.4
sigma = 0.04

"""
text = (shelf() / "loss.toml").read_text(encoding="utf-8")
before, rest = text.split("[priors.floor_share]")
after = rest[rest.index("[priors.sigma]") :]
path = folder / "loss_known_floor.toml"
path.write_text(before + BELIEF + after, encoding="utf-8")

# %% [markdown]
# Fit both to the same five runs.

# %%
small = bs.example("cerebras_gpt").query("compute < 2e21")
fits = {
    "floor open": bs.fit("loss", small, random_seed=1),
    "floor known": bs.fit(path, small, random_seed=1),
}

# %% [markdown]
# Knowing the floor leaves the forecast near the data as it was, and moves it further out: the
# higher the floor, the earlier the curve flattens. The intervals still reach below it, since the
# discrepancy lets runs leave the law, floor and all. The published loss at 2.3e22 FLOP is 1.572.

# %%
rows = [
    bs.predict(fit, compute=[6.3e21, 2.3e22, 1e24]).summary().assign(model=name)
    for name, fit in fits.items()
]
table = pd.concat(rows)[["model", "compute", "distance", "median", "q05", "q95"]]
print(table.round({"distance": 2, "median": 3, "q05": 3, "q95": 3}).to_string(index=False))

# %% [markdown]
# The same in Python, without a file. A number in place of a prior pins a parameter: here the floor
# itself, in nats per token.

# %%
known = {"dist": "LogitNormal", "mu": 0.4, "sigma": 0.04}
print(bs.load_model("loss").with_priors(floor_share=known).free["floor_share"])
print(bs.load_model("loss").with_priors(c=1.3).pinned)
