"""`python -m mixpeek_local.get_models`: download the models that are missing."""

import sys

import click

from mixpeek_local.models.catalogue import MODELS, root
from mixpeek_local.models.install import install


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(MODELS)), help="This model; repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a download failed.")
def main(names: tuple[str, ...], strict: bool) -> None:
    """Download the models of the local API that are missing.

    A model that cannot be downloaded is named, and the others follow: the local API works without it, and says so.
    """
    wanted = [MODELS[name] for name in names or MODELS if MODELS[name].folder() is None]
    if not wanted:
        return
    click.echo(f"Downloading {sum(model.megabytes for model in wanted)} MB of models to {root()} ...", err=True)
    problems = 0
    for model, problem in install(wanted):
        if problem:
            click.echo(f"{problem} {model.without}", err=True)
            problems += 1
    if problems < len(wanted):
        _prepare()
    sys.exit(1 if problems and strict else 0)


def _prepare() -> None:
    """Embed the names of all sounds now, once, instead of in each worker at its first video."""
    from mixpeek_local.extract.space import shared_space

    click.echo("Embedding the names of sounds (a few seconds) ...", err=True)
    shared_space()


if __name__ == "__main__":
    main()
