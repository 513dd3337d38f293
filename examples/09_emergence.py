"""Does a skill come faster than its metric explains? A simulated task that looks sudden.

Eight models over four decades answer 500 questions with four choices. Underneath, -log of what is
above chance is a power of compute whose exponent doesn't grow: nothing emerges. A column nll, the
mean negative log-likelihood of the right answers, sees the fall before the score does.
"""

import numpy as np
import pandas as pd

import bayes_scaling as bs

SMOOTH = {"log_alpha": 0.7, "k": 0.35, "extra_k": 0.0, "place": 0.0, "width": 1.0, "lapse": 0.0}


def simulate() -> pd.DataFrame:
    """Draw the scores of a smooth law: the numbers of the model are pinned, the luck is drawn."""
    model = bs.load_model("score_emergence_nll").with_priors(
        **{**SMOOTH, "extra_k": 0.0}, sigma=0.05, offset=0.0, nll_sd=0.03, amplitude=0.0
    )
    design = pd.DataFrame({"compute": np.geomspace(1e19, 1e23, 8), "chance": 0.25, "n_items": 500})
    table = bs.simulate(model, design.assign(task="arithmetic"), random_seed=2)
    return table[[name for name in table if not name.startswith("true_")]]


def main() -> None:
    """Fit the counts alone, then counts and likelihoods, on all models and on the five smaller."""
    whole = simulate().drop(columns="simulation")
    for title, table in (("five smaller models", whole.iloc[:5]), ("all eight", whole)):
        print(f"\n{title}, scores {(table['n_correct'] / 500).round(2).tolist()}")
        for model in ("score_emergence", "score_emergence_nll"):
            fit = bs.fit(model, table, random_seed=1)
            row = bs.emergence(fit).summary().iloc[0]
            ahead = bs.predict(fit, compute=1e23).summary(kind="expected").iloc[0]
            print(
                f"  {model}: P(accelerates) {row['accelerated']:.2f} "
                f"(prior {row['accelerated_before']:.2f}); above chance at "
                f"{row['above_chance_at']:.2g}; at 1e23 [{ahead['q05']:.2f}, {ahead['q95']:.2f}]"
            )


if __name__ == "__main__":
    main()
