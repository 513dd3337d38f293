"""Options and arguments of the commands, with their help."""

from pathlib import Path
from typing import Annotated

import typer

Ladder = Annotated[
    list[str],
    typer.Argument(
        help="Tables or logs of runs: CSV (or semicolons, tabs), parquet, JSON lines, "
        "trainer_state.json, or CSV exports of Weights & Biases or TensorBoard; .gz too. For a "
        "model of passes, counts: a table, or results of human-eval, EvalPlus, BigCodeBench, "
        "LiveCodeBench, lm-evaluation-harness or inspect-ai. One path or several, globs, or - for "
        "standard input; {run} in a path, in quotes, stands for any text and names the runs.",
        show_default=False,
    ),
]
LadderOrFit = Annotated[
    list[str],
    typer.Argument(
        help="Runs or counts, as for fit; or a fit that was saved, a file ending in .nc.",
        show_default=False,
    ),
]
Steps = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RUN=N",
        help="Losses: steps that a run was to take, for logs; a run that ends before didn't "
        "finish. Repeatable.",
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        metavar="all|best",
        help="Losses: best keeps, of the finished runs at one compute, the one with the lowest "
        "loss; by default all.",
    ),
]
Along = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Column that runs are ordered along instead of compute, such as examples; targets "
        "are then in its units.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(help="Name on the shelf, or path of a TOML file; by default loss."),
]
Draws = Annotated[
    int | None, typer.Option(help="Draws kept of each of four chains; by default 1000.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
AnySeed = Annotated[
    int | None,
    typer.Option(help="The same seed gives the same numbers; by default 1, or the fit's."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="THEIRS=OURS", help="Name of a column and ours for it. Repeatable."),
]
Compute = Annotated[
    list[str] | None,
    typer.Option(metavar="RUN=FLOP", help="Compute of a run, for logs without it. Repeatable."),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TOPIC",
        help="Fit what would be refused for this: logarithm, rising, constant, uncertain, units or "
        "metrics. Repeatable.",
    ),
]
Far = Annotated[
    bool,
    typer.Option(
        "--far",
        help="A target more than 8 decades beyond the largest run, or 6 below the smallest, is "
        "meant.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
Above = Annotated[float | None, typer.Option(help="Print the probability of more than this.")]
Below = Annotated[float | None, typer.Option(help="Print the probability of less than this.")]

RunCompute = Annotated[
    Path | None,
    typer.Option(
        help="Passes: table of each run's compute: run and compute, or run, params and tokens.",
    ),
]
Read = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="How results are read. Losses: loss_unit=TEXT, such as 'nats per token'; "
        "metric=cross_entropy, error_rate or other, what they are (of logs, metric=NAME of the one "
        "that is the loss). Passes: tests=base or plus (EvalPlus), filter=NAME "
        "(lm-evaluation-harness), metric=NAME. Repeatable.",
    ),
]
Buckets = Annotated[
    str | None,
    typer.Option(
        metavar="N|split",
        help="Passes: buckets of like problems; split: six, formed on half of the samples, the "
        "other half is fitted. By default the table's own, or 6, or split where samples are few.",
    ),
]
Hardest = Annotated[
    int | None,
    typer.Option(help="Passes: so many of the hardest problems get a bucket of their own."),
]
By = Annotated[
    str | None,
    typer.Option(
        help="Passes: all, bucket or problem; by default all, and the figure by bucket.",
    ),
]
Ks = Annotated[
    list[int] | None,
    typer.Option(help="Passes: the k of pass@k; by default 10. Repeatable."),
]
Samples = Annotated[
    int | None,
    typer.Option(
        help="Passes: samples of a problem, for the number solved; by default as many as fitted.",
    ),
]
Restrict = Annotated[
    str | None,
    typer.Option(
        help="Passes: solved_by_all: only what every fitted run solved, as in the GPT-4 report.",
    ),
]
Of = Annotated[
    str | None,
    typer.Option(
        help="Passes: what --above and --below speak of: pass_rate (the default), "
        "neg_log_pass, pass@K, solved.",
    ),
]
Figure = Annotated[Path | None, typer.Option(help="Where to draw it: .png, .pdf, .svg.")]
