"""Check an installed bayes_scaling from outside its source: python check_installed.py SOURCE."""

import sys
from importlib.resources import files
from pathlib import Path

import bayes_scaling as bs

source = Path(sys.argv[1]).resolve()
package = Path(bs.__file__).resolve().parent
assert source not in package.parents, f"{package} is the source, not the wheel"

shelf = files("bayes_scaling") / "models"
shipped = {path.stem for path in (source / "models").glob("*.toml")}
assert (shelf / "loss.toml").is_file(), f"no loss.toml in {shelf}"
assert (package / "py.typed").is_file(), "py.typed is missing"

templates = "bayes_scaling/reporting/templates"
wanted = {path.name for path in (source / templates).glob("*.j2")}
there = {path.name for path in (package / "reporting" / "templates").glob("*.j2")}
assert there == wanted, f"the report's templates lack {sorted(wanted - there)}"

assert (package / "forecasting" / "record.csv").is_file(), "the record of distances is missing"

listed = set(bs.list_models()["model"])
assert listed == shipped, f"the shelf lists {sorted(listed)}, the source has {sorted(shipped)}"
assert bs.load_model("loss").text == (source / "models" / "loss.toml").read_text()

runs = bs.example("cerebras_gpt")
assert len(runs) == 7, f"cerebras_gpt has {len(runs)} rows"

print(f"bayes_scaling {bs.__version__} in {package}: {len(listed)} models, {len(runs)} runs")
