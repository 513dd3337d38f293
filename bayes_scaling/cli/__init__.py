"""The command line; what it does is done by the package's functions."""

from bayes_scaling.cli.cache_commands import cache
from bayes_scaling.cli.commands import app
from bayes_scaling.cli.decide_commands import decide
from bayes_scaling.cli.evaluation_commands import backtest, compare
from bayes_scaling.cli.learning_commands import calibrate, learn_priors, sensitivity, stack
from bayes_scaling.cli.registry_commands import register, rerun, score, track, verify
from bayes_scaling.cli.report_commands import report
from bayes_scaling.cli.skill_commands import emergence, shape

app.command()(compare)
app.command()(backtest)
app.command()(calibrate)
app.command()(sensitivity)
app.command()(stack)
app.command("learn-priors")(learn_priors)
app.command()(register)
app.command()(verify)
app.command()(score)
app.command()(track)
app.command()(rerun)
app.command()(report)
app.command()(shape)
app.command()(emergence)
app.command()(cache)
app.add_typer(decide, name="decide")

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line.

    The exit code is 0, or 2 after bad input (one sentence on stderr), or 3 if the fit didn't
    converge (what was asked for is printed all the same, and says so).
    """
    app()
