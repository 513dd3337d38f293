"""The command line; what it does is done by the package's functions."""

from bayes_scaling.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line.

    The exit code is 0, or 2 after bad input (one sentence on stderr), or 3 if the fit didn't
    converge (what was asked for is printed all the same, and says so).
    """
    app()
