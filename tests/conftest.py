import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from remembering import remember_draws
from shifting import shift_seeds

os.environ["MPLBACKEND"] = "Agg"

IMPATIENT = [HealthCheck.too_slow]  # a busy machine is no failure
settings.register_profile("unhurried", deadline=None, suppress_health_check=IMPATIENT)
settings.load_profile("unhurried")

ROOT = Path(__file__).parents[1]
AFRESH = pytest.StashKey[bool]()


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run tests that take minutes")
    said = "add N to every seed: tests that rest on draws have to pass with others"
    parser.addoption("--seed-shift", type=int, default=0, metavar="N", help=said)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Fix every seed, the one of hypothesis too, which has others each time unless told."""
    shift = config.getoption("--seed-shift")
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = shift
    if shift and config.getoption("--run-slow"):
        raise pytest.UsageError("--seed-shift: slow tests start processes, which it doesn't reach")
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    if shift:
        shift_seeds(patch, shift)


@pytest.fixture(scope="session", autouse=True)
def remembered_draws(request, tmp_path_factory):
    """One folder of draws for all processes of a run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if hasattr(request.config, "workerinput") else own) / "draws"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        remember_draws(patch, folder, lambda: not request.config.stash[AFRESH])
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.config.stash[AFRESH] = "afresh" in item.keywords


FITTING = {"acceptance", "evaluation", "inference"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give most fits of losses to one process, and those of counts and of scores to another.

    Each compiles its own model; other files go to whichever process is free.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByModel(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = Path(nodeid.partition("::")[0])
            folder = path.relative_to("tests").parts[0]
            if folder in {"data", "specification"}:
                return str(path)
            if "pass" in nodeid or "skills" in nodeid:
                return "counts"
            return "losses" if folder in FITTING else str(path)

    return ByModel(config, log)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: ask for it with --run-slow"))


@pytest.fixture(scope="session")
def data_dir():
    """The public ladders, which don't ship with the package."""
    path = Path(os.environ.get("BAYES_SCALING_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no ladders in {path}: set BAYES_SCALING_DATA to their folder")
    return path


@pytest.fixture
def ledger(tmp_path):
    """Where a ledger may be begun."""
    return tmp_path / "forecasts.jsonl"


@pytest.fixture(scope="session")
def fit_cerebras():
    """The five Cerebras-GPT models up to 2.7B, fitted."""
    import bayes_scaling as bs

    return bs.fit("loss", bs.example("cerebras_gpt").query("compute < 2e21"), random_seed=1)


@pytest.fixture(scope="session")
def falling_scores():
    """Three models of one family that get worse on a task of two choices."""
    import pandas as pd

    return pd.DataFrame(
        {
            "run": ["small", "middle", "large"],
            "compute": [6.4e20, 2.4e21, 1.2e22],
            "n_correct": [142, 126, 102],
            "n_items": 315,
            "chance": 0.5,
            "task": "hindsight",
        }
    )


@pytest.fixture(scope="session")
def fit_falling(falling_scores):
    """The scores that fall, with the model of a U-shape."""
    import bayes_scaling as bs

    return bs.fit("score_u_shape", falling_scores, random_seed=1)


@pytest.fixture(scope="session")
def pass_counts():
    """Simulated counts with their truth: 24 problems in six buckets, five runs.

    What problems share is given: under the prior, a benchmark may be one that nobody solves.
    """
    import pandas as pd

    import bayes_scaling as bs

    of_problem = {"dist": "Normal", "over": "problem"}
    world = bs.load_model("pass_rate").with_priors(
        log_alpha=of_problem | {"mu": 0.5, "sigma": 1.5},
        k=of_problem | {"mu": 0.2, "sigma": 0.05},
        sigma_run=0.05,
        amplitude=0.05,
        amplitude_2=0.2,
    )
    ladder = pd.DataFrame({"compute": [1e20, 8e20, 5e21, 4e22, 1e24]})
    settings = {"problems": 24, "n_samples": 60, "reference": 2e21}
    return bs.simulate(world, ladder, random_seed=22, **settings).drop(columns="simulation")


@pytest.fixture(scope="session")
def fit_passes(pass_counts):
    """The four smaller runs, fitted; other tests refit this shape, which is compiled once."""
    import bayes_scaling as bs

    small = pass_counts.query("compute < 1e24")
    return bs.fit("pass_rate", small, random_seed=1, draws=600, tune=400, reference=2e21)


@pytest.fixture(scope="session")
def grid_runs():
    """Runs of a known law of parameters and tokens, off its frontier too, with their noise."""
    import numpy as np
    import pandas as pd

    sizes = [(n, n * ratio) for n in (3e7, 1e8, 3e8, 1e9) for ratio in (4.0, 12.0, 36.0, 108.0)]
    runs = pd.DataFrame(sizes, columns=["params", "tokens"])
    law = 1.7 + 410 * runs["params"] ** -0.34 + 1100 * runs["tokens"] ** -0.34
    noise = 0.003 * np.random.default_rng(6).standard_normal(len(runs))
    return runs.assign(loss=law * np.exp(noise))


@pytest.fixture(scope="session")
def fit_grid(grid_runs):
    """The grid, fitted."""
    import bayes_scaling as bs

    return bs.fit("loss_params_tokens", grid_runs, random_seed=1)
