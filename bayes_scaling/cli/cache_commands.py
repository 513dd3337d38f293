"""The command that says where compiled code is kept, and empties the folder."""

from typing import Annotated

import typer

from bayes_scaling.cli.options import Json


def cache(
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Delete what is kept.")] = False,
    json: Json = False,
) -> None:
    """Say where compiled models are kept and how large they are.

    The folder is that of the variable BAYES_SCALING_CACHE, where it is set. What is deleted is
    compiled again when it is needed.
    """
    from bayes_scaling.cli.writing import print_json
    from bayes_scaling.inference.compiled.folders import cache_folder, clear_cache, kept_files

    folder = cache_folder()
    gone = clear_cache() if clear else None
    files = kept_files()
    size = sum(path.stat().st_size for path in files)
    if json:
        print_json({"folder": folder, "models": len(files), "bytes": size, "deleted": gone})
        return
    if gone is not None:
        typer.echo(f"Deleted {gone} compiled models from {folder}.")
        return
    typer.echo(f"{len(files)} compiled models, {size / 1e6:.1f} MB, in {folder}.")
