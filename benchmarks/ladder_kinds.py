"""What a ladder scales, read from parameters and tokens alone, and a floor share that it may shift.

A ladder has *fixed tokens* where nearly all of its compute goes into parameters, *fixed parameters*
where nearly all goes into tokens, and is a *frontier* where both grow. The published ladders have
lost their parameters and tokens on the way, so they are looked up in the tables they were made of.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from bayes_scaling.evaluation.ladder_fits import WIDENING, Ladders, normal_moments

FRONTIER, TOKENS, PARAMS, UNKNOWN = "frontier", "fixed tokens", "fixed parameters", "unknown"
NUMBERS = ("compute", "params", "tokens", "loss")
SHIFTED = (FRONTIER, TOKENS, PARAMS)
NEGLIGIBLE = 0.15  # of the ladder's span on the log
SAME_COMPUTE = 0.02
STEP_LAW = {"smooth_loss": "loss", "loss": "raw", "params_nonembedding": "params"}
SHRUNKEN = 0.5  # prior sd of a shift of the floor share, in logits
GRID = np.linspace(-6, 6, 241)
SPREADS = np.array([0.2, 0.3, 0.45, 0.7, 1.0, 1.5])
SOURCE_NODES = np.linspace(-3, 3, 25)


def read_sizes(data: Path) -> pd.DataFrame:
    """Every published run with its source (``origin``), compute, parameters, tokens and loss."""
    parts = [part.query("compute > 0") for part in _published(data)]
    table = pd.concat(parts, ignore_index=True)[["origin", *NUMBERS]]
    return table.astype(dict.fromkeys(NUMBERS, float))


def _published(data: Path) -> Iterator[pd.DataFrame]:
    files: Sequence[tuple[str, str, Mapping[str, str]]] = (
        ("cerebras", "cerebras_gpt_tables/loss.csv", {"pile_test_loss": "loss"}),
        ("gadre", "gadre_overtraining/loss.csv", {}),
        ("misfitting", "misfitting_ladder/final.csv", {}),
        ("chinchilla", "chinchilla_isoflop_fig3/isoflop.csv", {}),
        ("chinchilla", "chinchilla_svg/runs.csv", {}),
        ("llama3", "llama3_isoflop/isoflop.csv", {}),
        ("opt", "opt_trajectories/curves.csv", {}),
        ("datablations", "datablations/contour.csv", {}),
        ("steplaw", "steplaw_lr_bs_sweep/dense.csv", STEP_LAW),
        ("", "pythia_evals/opt_bloom_final.csv", {}),
        ("pythia", "pythia_evals/evals.csv", {}),
        ("pythia", "pythia_gsm8k_reference_nll/nll.csv", {}),
    )
    for origin, name, renamed in files:
        table = pd.read_csv(data / name).rename(columns={"flops": "compute", **renamed})
        own = origin or table["family"]
        yield table.assign(origin=own, loss=table.get("loss", np.nan)).drop_duplicates(
            ["origin", *NUMBERS]
        )
    pythia = pd.read_csv(data / "cerebras_gpt_tables/loss.csv").query("family == 'Pythia'")
    yield pythia.rename(columns={"flops": "compute", "pile_test_loss": "loss"}).assign(
        origin="pythia"
    )
    optima = pd.read_csv(data / "porian_isoflop/optima.csv")
    named = {"flops": "compute", "optimal_params": "params", "optimal_tokens": "tokens"}
    yield optima.rename(columns=named | {"loss_at_optimum": "loss"}).assign(origin="porian")
    for folder in ("ladders_more", "ladders_2026"):
        more = pd.read_csv(data / folder / "ladders.csv")
        yield more.assign(origin=more["source"])


def kind_of(params: pd.Series, tokens: pd.Series) -> str:
    """Say what a ladder scales."""
    if params.isna().any() or tokens.isna().any():
        return UNKNOWN
    spans = [float(np.ptp(np.log(one.to_numpy(float)))) for one in (params, tokens)]
    if sum(spans) == 0:
        return UNKNOWN
    if spans[1] <= NEGLIGIBLE * sum(spans):
        return TOKENS
    return PARAMS if spans[0] <= NEGLIGIBLE * sum(spans) else FRONTIER


def kinds(table: pd.DataFrame, sizes: pd.DataFrame) -> pd.Series:
    """Look up every ladder's parameters and tokens by source, compute and loss: its kind."""
    found = {}
    for ladder, runs in table.groupby("ladder"):
        published = sizes[sizes["origin"] == runs["source"].iloc[0]]
        rows = [_nearest(published, run.compute, run.loss) for run in runs.itertuples()]
        own = pd.DataFrame(rows, columns=["params", "tokens"], dtype=float)
        per_token = runs["compute"].to_numpy(float) / 6
        own["tokens"] = own["tokens"].fillna(pd.Series(per_token / own["params"]))
        own["params"] = own["params"].fillna(pd.Series(per_token / own["tokens"]))
        found[str(ladder)] = kind_of(own["params"], own["tokens"])
    return pd.Series(found, name="kind")


def _nearest(published: pd.DataFrame, compute: float, loss: float) -> tuple[float, float]:
    near = published[np.abs(np.log(published["compute"] / compute)) <= SAME_COMPUTE]
    if near.empty:
        return np.nan, np.nan
    gap = np.abs(np.log(near["loss"] / loss)).fillna(9.0)
    row = near.loc[gap.idxmin()]
    return float(row["params"]), float(row["tokens"])


class FloorShares:
    """What ladders say of the floor share's logit, on a grid of where a population stands."""

    def __init__(self, ladders: Ladders, kind: pd.Series) -> None:
        column = ladders.parameters.index("floor_share")
        log_weights = np.zeros(ladders.draws.shape[:2])
        for place, name in enumerate(ladders.parameters):
            mu, sigma = normal_moments(ladders.spec.free[name])
            log_weights -= stats.norm.logpdf(ladders.draws[..., place], mu, WIDENING * sigma)
            if name != "floor_share":
                log_weights += stats.norm.logpdf(ladders.draws[..., place], mu, sigma)
        log_weights -= special.logsumexp(log_weights, axis=1)[:, None]
        shares = ladders.draws[..., column]
        self.table = np.stack([self._likelihood(shares, log_weights, own) for own in SPREADS])
        self.sources = np.array(ladders.sources)
        self.kind = kind.reindex(ladders.names).to_numpy()

    @staticmethod
    def _likelihood(shares: np.ndarray, log_weights: np.ndarray, spread: float) -> np.ndarray:
        """Log likelihood of each ladder, shape ``(ladders, grid)``."""
        rows = []
        for share, weight in zip(shares, log_weights, strict=True):
            density = stats.norm.logpdf(share[:, None], GRID[None, :], spread)
            rows.append(special.logsumexp(weight[:, None] + density, axis=0))
        return np.stack(rows)

    def learn(self, without: str | None, *, shifted: bool) -> dict[str, tuple[float, float]]:
        """Learn mean and sd of the floor share's logit by kind, for a ladder of another source."""
        kept = np.flatnonzero(self.sources != without)
        sources = [kept[self.sources[kept] == one] for one in np.unique(self.sources[kept])]

        def loss(point: np.ndarray) -> float:
            mu, shifts, (between, within) = point[0], point[1:4], np.exp(point[4:])
            by_kind = dict(zip(SHIFTED, shifts if shifted else 0 * shifts, strict=True))
            place = np.interp(np.log(within), np.log(SPREADS), np.arange(len(SPREADS)))
            low = min(int(place), len(SPREADS) - 2)
            table = (1 - place + low) * self.table[low] + (place - low) * self.table[low + 1]
            nodes = mu + between * SOURCE_NODES
            weight = stats.norm.logpdf(SOURCE_NODES)
            weight -= special.logsumexp(weight)
            total = 0.0
            for own in sources:
                at = sum(
                    np.interp(nodes + by_kind.get(self.kind[one], 0.0), GRID, table[one])
                    for one in own
                )
                total += special.logsumexp(weight + at)
            total += stats.norm.logpdf(mu, 0.2, 1.4)
            total += stats.norm.logpdf(shifts, 0, SHRUNKEN).sum()
            total += stats.norm.logpdf(point[4:], np.log(0.5), 0.7).sum()
            return -total

        start = np.array([0.2, 0, 0, 0, np.log(0.5), np.log(0.5)])
        found = optimize.minimize(
            loss, start, method="Powell", options={"xtol": 1e-2, "ftol": 1e-6}
        )
        mu, shifts, spread = found.x[0], found.x[1:4], float(np.hypot(*np.exp(found.x[4:])))
        by_kind = dict(zip(SHIFTED, shifts if shifted else 0 * shifts, strict=True))
        return {one: (float(mu + by_kind.get(one, 0.0)), spread) for one in (*SHIFTED, UNKNOWN)}
