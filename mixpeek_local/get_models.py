"""`python -m mixpeek_local.get_models`: download the models that are missing."""

import sys

import click

from mixpeek_local.errors import UnknownSensesError
from mixpeek_local.models.catalogue import MODELS, root, wanted
from mixpeek_local.models.install import install


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(MODELS)), help="This model; repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a download failed.")
def main(names: tuple[str, ...], strict: bool) -> None:
    """Download the models of the local API that are missing.

    MIXPEEK_SENSES=multilingual gets the model for speech in many languages, instead of that for English. A model that
    cannot be downloaded is named, and the others follow: the local API works without it, and says so.
    """
    try:
        models = [MODELS[name] for name in names] if names else wanted()
    except UnknownSensesError as error:
        raise click.ClickException(str(error)) from None
    missing = [model for model in models if model.folder() is None]
    if not missing:
        return
    click.echo(f"Downloading {sum(model.megabytes for model in missing)} MB of models to {root()} ...", err=True)
    problems = 0
    for model, problem in install(missing):
        if problem:
            click.echo(f"{problem} {model.without}", err=True)
            problems += 1
    if problems < len(missing):
        _prepare()
    sys.exit(1 if problems and strict else 0)


def _prepare() -> None:
    """Embed all class names now, once, instead of in each worker at its first video."""
    from mixpeek_local.extract.space import shared_space

    click.echo("Embedding the names of what the models know (a few seconds) ...", err=True)
    shared_space()


if __name__ == "__main__":
    main()
