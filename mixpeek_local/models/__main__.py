"""`python -m mixpeek_local.models`: get the models that are not there yet."""

import sys

import click

from mixpeek_local.models.catalogue import MODELS, root
from mixpeek_local.models.install import install


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(MODELS)), help="This model; repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 1 when one could not be had.")
def main(names: tuple[str, ...], strict: bool) -> None:
    """Download the models that the local API's senses need, where they are not there yet.

    What cannot be had is named, and stops nothing: the local API does without it, and says so.
    """
    wanted = [MODELS[name] for name in names or MODELS if MODELS[name].folder() is None]
    if not wanted:
        return
    click.echo(f"Getting {sum(model.megabytes for model in wanted)} MB of models, into {root()} ...", err=True)
    problems = 0
    for model, problem in install(wanted):
        if problem:
            click.echo(f"{problem} {model.without}", err=True)
            problems += 1
    if problems < len(wanted):
        _prepare()
    sys.exit(1 if problems and strict else 0)


def _prepare() -> None:
    """Have the places of all class names worked out now, once, not by each worker at its first video."""
    from mixpeek_local.extract.space import shared_space

    click.echo("Placing the names of what can be seen and heard among all words (some seconds) ...", err=True)
    shared_space()


if __name__ == "__main__":
    main()
