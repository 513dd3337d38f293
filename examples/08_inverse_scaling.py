"""Does a score that falls go on falling? Larger Pythia models prefer stereotypes more often.

Of the 1,677 pairs of sentences of CrowS-Pairs the score is the share in which a model finds the
less stereotyped one more likely, zero-shot, from the evaluations that EleutherAI published with
Pythia (Biderman et al. 2023, Apache License 2.0). A model without any preference has a half.
"""

import pandas as pd

import bayes_scaling as bs

PAIRS = 1677
SIZES = ("70M", "160M", "410M", "1B", "1.4B", "2.8B", "6.9B", "12B")
COMPUTE = (1.27e20, 2.92e20, 7.29e20, 1.82e21, 2.55e21, 4.99e21, 1.23e22, 2.13e22)
STEREOTYPED = (0.5194, 0.5617, 0.5897, 0.6011, 0.6070, 0.6357, 0.6524, 0.6482)


def read() -> pd.DataFrame:
    """Retype the published shares as counts."""
    right = [round((1 - share) * PAIRS) for share in STEREOTYPED]
    table = {"run": SIZES, "compute": COMPUTE, "n_correct": right, "n_items": PAIRS}
    return bs.read_scores(pd.DataFrame(table).assign(task="CrowS-Pairs", chance=0.5))


def main() -> None:
    """Fit the sizes up to 1.4B, foretell 12B, and say whether the fall is expected to turn."""
    scores = read()
    small, large = scores[scores["compute"] < 3e21], scores[scores["run"] == "12B"]
    fit = bs.fit("score_u_shape", small, random_seed=1)
    row = bs.predict(fit, compute=2.13e22).summary().iloc[0]
    seen = float((large["n_correct"] / large["n_items"]).iloc[0])
    print(f"12B: {row['median']:.3f} [{row['q05']:.3f}, {row['q95']:.3f}], measured {seen:.3f}")
    for reach in (2.13e22, 1e25):
        found = bs.shape(fit, up_to=reach).summary()
        print(f"\nUp to {reach:.3g} FLOP, of the curve, and what it was before the data:")
        print(found[["posterior", "prior"]].round(2).to_string())


if __name__ == "__main__":
    main()
