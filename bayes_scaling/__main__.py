"""The command line, as `python -m bayes_scaling`."""

from bayes_scaling.cli import main

if __name__ == "__main__":
    main()
