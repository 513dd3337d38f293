"""How the site is built, by `make docs`. Nothing is fetched, neither to build nor to read it."""

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE.parent / "benchmarks" / "results"
TABLES = HERE / "_tables"
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

from bayes_scaling import __version__  # noqa: E402

project = "bayes_scaling"
author = "The bayes_scaling authors"
copyright = "the bayes_scaling authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "mathml"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # pages that GitHub shows too link to files of the source
exclude_patterns = ["_build", "_tables"]
templates_path: list[str] = []

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "bayes_scaling"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"

COVERAGE = {
    "model": "forecast",
    "n": "forecasts",
    "coverage_50": "coverage of 50 %",
    "coverage_90": "coverage of 90 %",
    "coverage_90_low": "from",
    "coverage_90_high": "to",
    "crps_x100": "CRPS x100",
    "error_percent": "median error, %",
}
RANKS = {
    "quantity": "quantity",
    "inside": "ranks inside their 99.9 % band",
    "mean": "mean rank",
    "coverage_90": "coverage of 90 %",
    "simulations": "simulations",
}
# page's table: file of benchmarks/results, which rows, which columns under which names
SHOWN = {
    "ladders": ("ladders_summary", {"group": "all forecasts"}, COVERAGE),
    "distances": (
        "ladders_summary",
        {"by": "distance", "model": "this package"},
        {"group": "decades beyond"} | {key: COVERAGE[key] for key in [*COVERAGE][1:]},
    ),
    "error_rates": ("error_rates_summary", {"group": "all forecasts"}, COVERAGE),
    "calibration": ("calibration_loss", {}, RANKS),
    "calibration_of_counts": ("calibration_pass_rate", {}, RANKS),
    "far": (
        "far_summary",
        {},
        {
            "metric": "losses",
            "model": "forecast",
            "decades": "decades",
            "sources": "sources",
            "forecasts": "forecasts",
            "coverage_90": "coverage of 90 %",
            "median_error_percent": "median error, %",
        },
    ),
}


def write_tables() -> None:
    """Write the rows and columns of benchmarks' results that pages show, under names of theirs."""
    TABLES.mkdir(exist_ok=True)
    for name, (source, where, columns) in SHOWN.items():
        with (RESULTS / f"{source}.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if where.items() <= row.items()]
        with (TABLES / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns.values())
            writer.writerows([_brief(row[key]) for key in columns] for row in rows)


def _brief(cell: str) -> str:
    """Write a number in three digits, and leave words as they are."""
    try:
        return f"{float(cell):.3g}" if "." in cell or "e" in cell else f"{int(cell):,}"
    except ValueError:
        return cell


write_tables()
