"""Where the models are: the folder ``models/``, beside the package or inside its wheel."""

from importlib.resources import files
from pathlib import Path

import pandas as pd

from bayes_scaling.errors import SpecError, suggest
from bayes_scaling.specification.spec import Spec, read_spec

RECOMMENDED = {"cross_entropy": "loss", "error_rate": "loss_error_rate"}  # by what losses are
KNOWING_CHANCE = {"error_rate": "loss_above_chance"}


def shelf() -> Path:
    """Return the folder that holds one TOML file a model."""
    inside = Path(str(files("bayes_scaling"))) / "models"
    return inside if inside.is_dir() else inside.parents[1] / "models"


def recommend_model(metric: str, *, knows_chance: bool = False) -> str | None:
    """Name the model on the shelf that is made for a metric; None where there is none.

    Parameters
    ----------
    metric : str
    knows_chance : bool
        Whether the runs say what a guess gets right.

    Examples
    --------
    >>> recommend_model("cross_entropy"), recommend_model("other")
    ('loss', None)
    >>> recommend_model("error_rate"), recommend_model("error_rate", knows_chance=True)
    ('loss_error_rate', 'loss_above_chance')
    """
    return (RECOMMENDED | (KNOWING_CHANCE if knows_chance else {})).get(metric)


def load_model(model: str | Path | Spec) -> Spec:
    """Read a model specification.

    Parameters
    ----------
    model : str, Path or Spec
        A name on the shelf (``"loss"``), the path of a TOML file, or a spec, returned as it is.

    Returns
    -------
    Spec

    Raises
    ------
    SpecError
        If there is no such model, or the file says something that isn't allowed.

    Examples
    --------
    >>> load_model("loss").law.name
    'power_floor'
    """
    if isinstance(model, Spec):
        return model
    if not isinstance(model, str | Path):
        raise SpecError(
            "model: expected a name on the shelf, the path of a TOML file or a Spec, "
            f"got {model!r}."
        )
    path = Path(model)
    if path.suffix == ".toml":
        return read_spec(path)
    names = {file.stem for file in shelf().glob("*.toml")}
    if str(model) not in names:
        raise SpecError(
            f"no model {str(model)!r} on the shelf; {suggest(str(model), names)} "
            "A model of your own is named by its path, ending in .toml."
        )
    return read_spec(shelf() / f"{model}.toml")


def list_models() -> pd.DataFrame:
    """List the models on the shelf.

    Returns
    -------
    DataFrame
        Columns ``model, response, law, title``, one row a model.

    Examples
    --------
    >>> "loss" in set(list_models()["model"])
    True
    """
    specs = [read_spec(path) for path in sorted(shelf().glob("*.toml"))]
    return pd.DataFrame(
        [(spec.name, spec.response, spec.law.name, spec.title) for spec in specs],
        columns=["model", "response", "law", "title"],
    )
