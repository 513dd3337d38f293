# %% [markdown]
# # Register a forecast, and score it when the run is done
#
# The authors of GPT-4 registered predictions before training ended, and hoped that it becomes a
# common goal. A forecast that is written down afterwards proves nothing. Here it is sealed in a
# ledger before the outcome is known, and scored after.
#
# Run this script as it is, or with a folder to write the ledger and the figure to.

# %%
import sys
import tempfile
from pathlib import Path

import pandas as pd

import bayes_scaling as bs
from bayes_scaling import registry

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
ledger = folder / "forecasts.jsonl"

# %% [markdown]
# Suppose that only the five smaller Cerebras-GPT models exist, and the two larger ones are about to
# be trained.

# %%
runs = bs.example("cerebras_gpt")
fit = bs.fit("loss", runs.query("compute < 2e21"), random_seed=1)
forecast = bs.predict(fit, compute=[6.3e21, 2.3e22])

# %% [markdown]
# A record says what is asked, what will decide it and what would make it void, so that nobody has
# to argue afterwards. Events are sealed with their probabilities, and three baselines with their
# forecasts, so that the scores can say whether the model was worth it.

# %%
records = bs.register(
    forecast,
    ledger,
    question=[f"What loss will Cerebras-GPT {size} reach on the Pile?" for size in ("6.7B", "13B")],
    resolves="The test loss in the model card, nats per token.",
    void_if="The training is stopped before 20 tokens a parameter.",
    assumptions=["Same data, tokenizer and schedule as the smaller models."],
    events=["loss < 1.6", "loss < 1.7"],
    author="the forecaster",
)
for record in records:
    for event in record.content["events"]:
        print(f"Record {record.number}: P({event['text']}) = {event['probability']:.2f}")

# %% [markdown]
# The head stands for the whole ledger. Publish it where you can't take it back: push a commit
# (`anchor="git"`), stamp it, post it.

# %%
head = registry.head_of(ledger)
print(f"head {head}")

# %% [markdown]
# The 6.7B model is done, the 13B model still trains. Is the larger run on its forecast curve?
# Only finished runs, or checkpoints annealed to the end, can be compared with a law of final
# losses. What was seen is neither surprising nor without use: the update is narrower. The seal
# stays as it is.

# %%
finished = runs.query("compute == 6.3e21").assign(finished=True)
tracking = registry.track(records[1], finished)
print(f"P(at least as far out) = {tracking.probability:.2f}")
print(tracking.change.round(3).to_string())

# %% [markdown]
# Then both are known. Outcomes are appended as records too; a correction would be a new record.

# %%
outcomes = {1: 1.704, 2: 1.572}
scores = bs.score(ledger, outcomes, author="the forecaster", note="Dey et al. (2023)")
columns = ["value", "median", "q05", "q95", "covered_90", "crps", "brier", "skill_huber_bootstrap"]
print(scores[columns].round(4).to_string())
print(registry.summarise_scores(scores).round(4).T.to_string())

# %% [markdown]
# Anyone can check that nothing was touched since the head was published, and run the forecast
# again from what the record holds.

# %%
print(registry.verify(ledger, head))
print(registry.rerun(records[1]))

# %% [markdown]
# And nobody can touch it unseen. Somebody changes one letter:

# %%
sealed = ledger.read_bytes()
ledger.write_bytes(sealed.replace(b'"author":"the forecaster"', b'"author":"The forecaster"', 1))
print(registry.verify(ledger, head))
ledger.write_bytes(sealed)

# %% [markdown]
# The ledger as a figure. Two outcomes say little about calibration; the band shows how little.

# %%
axes = bs.plot_ledger(ledger)
path = folder / "ledger.png"
axes[0].figure.savefig(path, dpi=200)
print(f"The figure is in {path}.")

# %% [markdown]
# # Pass rates, bucket by bucket
#
# The report registered HumanEval too: the mean of -log p in each bucket of difficulty. A record a
# bucket, in a ledger of its own. The counts are simulated, as in `03_forecast_a_pass_rate.py`.

# %%
ladder = pd.DataFrame({"compute": [1e20, 8e20, 5e21, 4e22, 1e24]})
of_problem = {"dist": "Normal", "over": "problem"}
world = bs.load_model("pass_rate").with_priors(
    log_alpha=of_problem | {"mu": 0.5, "sigma": 1.5}, k=of_problem | {"mu": 0.2, "sigma": 0.05}
)
simulated = bs.simulate(world, ladder, random_seed=22, problems=24, n_samples=60)
counts = simulated[["run", "compute", "problem", "n_samples", "n_correct"]]
small = bs.form_buckets(counts.query("compute < 1e24"))
pass_fit = bs.fit("pass_rate", small, random_seed=1)
sealed_passes = bs.register(
    bs.predict(pass_fit, compute=1e24),
    folder / "pass_rates.jsonl",
    of="neg_log_pass",
    by="bucket",
    question="How hard will each bucket be for the run at 1e24 FLOP?",
    resolves="Its evaluation, 60 samples a problem: the mean of -log p over the bucket.",
    author="the forecaster",
)

# %% [markdown]
# The run is done. Here its pass rates are known, so no outcome needs to be estimated from counts.

# %%
bucket_of = small.drop_duplicates("problem").set_index("problem")["bucket"]
largest = simulated.query("compute == 1e24")
came = largest.groupby(largest["problem"].map(bucket_of))["true_neg_log_pass"].mean()
outcomes = {record.number: came[record.content["target"]["group"]] for record in sealed_passes}
scores = bs.score(folder / "pass_rates.jsonl", outcomes, author="the forecaster")
print(scores[["value", "median", "q05", "q95", "covered_90", "crps"]].round(3).to_string())
print(registry.rerun(sealed_passes[0]))
