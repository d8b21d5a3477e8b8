"""`python -m mixpeek_local.get_models`: download the models that are missing."""

import sys
from collections.abc import Sequence

import click

from mixpeek_local.errors import UnknownSensesError, UnusableClipError
from mixpeek_local.models.catalogue import MODELS, Model, root, wanted
from mixpeek_local.models.install import install
from mixpeek_local.models.own_clip import own_clip


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
    problems = _download(missing) if missing else 0
    try:
        _prepare(downloaded=problems < len(missing))
    except UnusableClipError as error:
        click.echo(f"{error}.", err=True)
        problems += 1
    sys.exit(1 if problems and strict else 0)


def _download(missing: Sequence[Model]) -> int:
    """Download them; returns how many could not be had."""
    click.echo(f"Downloading {sum(model.megabytes for model in missing)} MB of models to {root()} ...", err=True)
    problems = 0
    for model, problem in install(missing):
        if problem:
            click.echo(f"{problem} {model.without}", err=True)
            problems += 1
    return problems


def _prepare(*, downloaded: bool) -> None:
    """Embed the names of all sounds and labels now, once, instead of in each worker at its first video."""
    own = own_clip()
    if own is not None and not own.made.exists():
        click.echo(f"Embedding the names of labels and sounds with {own.folder} (a minute or two) ...", err=True)
    elif downloaded:
        click.echo("Embedding the names of sounds (a few seconds) ...", err=True)
    else:
        return
    from mixpeek_local.extract.space import shared_space

    if space := shared_space():
        space.of_query(["a sound"])


if __name__ == "__main__":
    main()
