"""What isn't read, though people have it beside what is: a sentence that says what it is.

Each says what to give instead. The content tells, never the name of the file alone.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

LM_EVAL = (
    "the counts by problem are in samples_*.jsonl beside it, which lm-evaluation-harness writes "
    "with --log_samples"
)
NO_AVERAGE = (
    "a model of pass rates needs the samples of each problem: give a table with a row for every "
    "run and problem (problem, n_samples, n_correct)"
)
SUFFIX_ADVICE = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as CSV, and give that"),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth", ".joblib"), "it can run code, so it is "
                    "never opened: save the table as CSV or parquet"),
    **dict.fromkeys((".npz", ".npy", ".mat"), "it has no names of columns: save a table as CSV"),
    **dict.fromkeys((".yaml", ".yml", ".toml"), "it holds settings: write a table of runs"),
    **dict.fromkeys((".png", ".pdf", ".svg", ".jpg"), "it is a picture: give the numbers behind "
                    "it, as CSV"),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "export the table as CSV"),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".7z"), "unpack it, and give "
                    "what is inside; of packed files .gz is read"),
    **dict.fromkeys((".feather", ".arrow", ".ipc", ".h5", ".hdf5"), "save it as parquet or CSV"),
    ".wandb": "it is the raw log of Weights & Biases: export the chart or the runs table as CSV",
    ".log": "it is prose for people: give the losses as CSV, a row a run",
    ".html": "it is a page: save the table that it shows as CSV",
}  # fmt: skip
TFEVENTS = "it is TensorBoard's own log: export the scalar chart as CSV (run-<run>-tag-<tag>.csv)"


def advise_on_name(name: str, suffix: str) -> str | None:
    """Say what to give in the place of a file that its name tells isn't read."""
    if "tfevents" in name:
        return TFEVENTS
    return SUFFIX_ADVICE.get(suffix)


def describe_json(content: object) -> str | None:
    """Say what the content of a JSON file is, and what to give instead; None if it isn't known."""
    if isinstance(content, dict):
        for fits, sentence in OBJECTS:
            if fits(content):
                return sentence(content)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return next((said for fits, said in LISTS if fits(content[0])), None)
    return None


def describe_record(record: Mapping[str, Any]) -> str | None:
    """Say what a line of a JSON lines file is of, and what to give instead, if it is known."""
    return next((said for fits, said in RECORDS if fits(record)), None)


def _evaluation(content: Mapping[str, Any]) -> str:
    losses = [
        f" ({key} {content[key]:g})"
        for key in ("eval_loss", "train_loss", "test_loss")
        if isinstance(content.get(key), int | float)
    ]
    shown = losses[0] if losses else ""
    return (
        f"one evaluation of one run of the Hugging Face Trainer{shown}, without its compute; the "
        "trainer_state.json beside it has the losses and total_flos"
    )


def _is_evaluation(content: Mapping[str, Any]) -> bool:
    flat = not any(isinstance(value, dict | list) for value in content.values())
    return flat and any(mark in content for mark in EVALUATED)


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    wanted = set(keys)
    return lambda content: wanted <= content.keys()


def _is_average(content: Mapping[str, Any]) -> bool:
    """Whether all numbers of an object are few averages, such as pass@1 or accuracy."""
    numbers = [key for key, value in content.items() if isinstance(value, int | float)]
    named = [key for key in numbers if AVERAGE.match(key)]
    return bool(named) and not any(isinstance(value, list) for value in content.values())


def _has_nested_averages(content: Mapping[str, Any]) -> bool:
    inner = [value for value in content.values() if isinstance(value, dict)]
    return any(_is_average(value) for value in inner)


EVALUATED = (
    *("eval_loss", "eval_runtime", "eval_samples", "train_loss", "train_runtime"),
    *("test_loss", "test_runtime"),
)
AVERAGE = re.compile(
    r"(?i)(?:pass(?:@|_at_)\d+|acc|accuracy|exact_match|em|score|mean|f1)(?![a-z])"
)
AVERAGES = f"averages over problems; {NO_AVERAGE}"
OBJECTS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], str]], ...
] = (
    (_has("results", "config_general"), lambda _: "averages over problems, of lighteval; its "
     "details (parquet, a row a problem) have what was right"),
    (_has("results", "configs"), lambda _: f"averages over problems; {LM_EVAL}"),
    (_has("results", "versions"), lambda _: f"averages over problems; {LM_EVAL}"),
    (_has("results", "config"), lambda _: f"averages over problems; {LM_EVAL}"),
    (_is_evaluation, _evaluation),
    (_has("resolved_ids", "submitted_ids"), lambda _: "a report of SWE-bench, one attempt a "
     "problem in lists of ids; give a table with problem, n_samples (1) and n_correct (1 for "
     "those in resolved_ids, else 0)"),
    (_has("best_model_checkpoint"), lambda _: "a state of the Hugging Face Trainer without its "
     "log (log_history); give the trainer_state.json that the run left at its end"),
    (_has("architectures", "model_type"), lambda _: "the configuration of a model, which has no "
     "loss; give a table of runs"),
    (_has("name", "groups", "stats"), lambda _: f"averages of HELM; {NO_AVERAGE}"),
    (_has("_wandb"), lambda _: "the summary of one run of Weights & Biases; export the runs table "
     "as CSV, and map its columns"),
    (_has("_step", "_runtime"), lambda _: "the summary of one run of Weights & Biases; export the "
     "runs table as CSV, and map its columns"),
    (_is_average, lambda _: AVERAGES),
    (_has_nested_averages, lambda _: AVERAGES),
)  # fmt: skip
LISTS = (
    (_has("instance_id", "train_trial_index"), "the statistics of HELM by instance; give a table "
     "with problem, n_samples and n_correct, from the stats named exact_match"),
    (lambda record: "detail" in record and any(map(AVERAGE.match, record)), "averages over "
     "problems, of LiveCodeBench; *_eval_all.json beside it has graded_list, the counts"),
    (_has("name", "count", "sum"), f"averages of HELM; {NO_AVERAGE}"),
)  # fmt: skip
RECORDS = (
    (_has("doc_id", "metrics", "model_output"), "the predictions of OLMES; give a table with "
     "problem (doc_id), n_samples and n_correct, from its metrics of 0 and 1"),
    (_has("doc_id", "native_id", "request"), "the requests of OLMES, without results; its "
     "predictions have metrics by doc_id"),
    (_has("spec", "run_id"), "the log of OpenAI evals; give a table with problem (sample_id), "
     "n_samples and n_correct, from its events of type match"),
    (_has("type", "sample_id", "event_id"), "the log of OpenAI evals; give a table with problem "
     "(sample_id), n_samples and n_correct, from its events of type match"),
)  # fmt: skip
