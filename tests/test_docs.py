"""The pages: their code runs, they show every public name, their links lead somewhere."""

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling import decision, registry

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WRITTEN = sorted(DOCS.glob("*.md"))
PAGES = [ROOT / "README.md", *WRITTEN]
BLOCK = re.compile(r"(?ms)^```python\n(.*?)^```")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
UNKEPT: set[str] = {  # takes minutes, so it is run by the slow tests, and not shown
    "10_mup_transfer",
}
LONG = ("optimum_drift",)  # models that take minutes: slow tests fit them
RECIPES = (("old", 1.0), ("new", 0.5))  # and what the same loss costs under each
OF_PROBLEM = {"dist": "Normal", "over": "problem"}


@pytest.fixture(scope="session")
def counts():
    """Those of examples/03_forecast_a_pass_rate.py, so that nothing is sampled twice."""
    world = bs.load_model("pass_rate").with_priors(
        log_alpha=OF_PROBLEM | {"mu": 0.5, "sigma": 1.5}, k=OF_PROBLEM | {"mu": 0.2, "sigma": 0.05}
    )
    ladder = pd.DataFrame({"compute": [1e20, 8e20, 5e21, 4e22, 1e24]})
    drawn = bs.simulate(world, ladder, random_seed=22, problems=24, n_samples=60)
    return drawn.query("compute < 1e24")


@pytest.fixture(scope="session")
def own_files(counts, grid_runs, falling_scores, tmp_path_factory):
    """The files that pages speak of."""
    folder = tmp_path_factory.mktemp("pages")
    runs = counts.drop_duplicates("run")[["run", "compute"]].reset_index(drop=True)
    runs["loss"] = 1.6 + 1.2 * (runs["compute"] / 1e20) ** -0.15
    runs.assign(loss_unit="nats per token").to_csv(folder / "ladder.csv", index=False)
    runs[["run", "compute"]].to_csv(folder / "compute_of_runs.csv", index=False)
    grid_runs.to_csv(folder / "grid.csv", index=False)
    skill = falling_scores.assign(task="arithmetic", n_correct=[80, 95, 160], chance=0.25)
    pd.concat([falling_scores, skill]).to_csv(folder / "scores.csv", index=False)
    twice = [runs.assign(recipe=name, compute=runs["compute"] * gain) for name, gain in RECIPES]
    pd.concat(twice).assign(run=lambda own: own["recipe"] + " " + own["run"]).to_csv(
        folder / "runs.csv", index=False
    )
    (folder / "runs").mkdir()
    for run, own in counts.groupby("run", sort=False):
        rows = [
            {"task_id": row.problem, "passed": sample < row.n_correct}
            for row in own.itertuples()
            for sample in range(row.n_samples)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "runs" / f"{run}_results.jsonl").write_text(lines)
    return folder


def blocks_of(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=name_of)
def test_the_code_of_a_page_runs(page, own_files, tmp_path, monkeypatch):
    for path in own_files.iterdir():
        (tmp_path / path.name).symlink_to(path, target_is_directory=path.is_dir())
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks_of(page):
        code = compile(block, str(page), "exec")
        if not any(word in block for word in LONG):
            exec(code, names)
    plt.close("all")


def test_the_api_lists_every_public_name():
    page = (DOCS / "api.md").read_text()
    shown = set(re.findall(r"auto(?:function|class):: (\w+)", page))
    assert set(bs.__all__) | set(registry.__all__) | set(decision.__all__) <= shown


@pytest.mark.parametrize("page", [*PAGES, *sorted((DOCS / "gallery").glob("*.md"))], ids=name_of)
def test_links_lead_somewhere(page):
    links = [one for one in LINK.findall(page.read_text()) if "://" not in one]
    assert [one for one in links if not (page.parent / one).exists()] == []


def test_every_page_is_in_a_table_of_contents():
    told = "\n".join(page.read_text() for page in WRITTEN)
    contents = "\n".join(re.findall(r"(?s){toctree}(.*?)```", told))
    listed = set(re.findall(r"(?m)^([\w/]+)$", contents))
    assert {page.stem for page in WRITTEN} - {"index"} <= listed


def test_every_page_of_the_gallery_is_of_an_example():
    examples = {path.stem for path in (ROOT / "examples").glob("[0-9]*.py")}
    assert {page.stem for page in (DOCS / "gallery").glob("*.md")} == examples - UNKEPT


def test_nothing_is_fetched():
    for path in [DOCS / "conf.py", *DOCS.rglob("*.css")]:
        assert "http" not in path.read_text()
