"""A notebook on the warehouse: `make notebook` opens it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Videos in vectors")

with app.setup:
    import base64
    import html
    import io
    from urllib.parse import unquote

    import altair as alt
    import av
    import marimo as mo
    import numpy as np
    import pandas as pd
    from av.error import FFmpegError

    import mixpeek_assets


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Videos in vectors

    What the pipeline has landed: how far it is, what failed, a search by words with the frames of its hits, and a map.
    Each step is a few lines of SQL or Python; change them, and what depends on them runs again.
    """)
    return


@app.cell
def _():
    warehouse = mixpeek_assets.connect()
    collections = warehouse.query("SELECT DISTINCT collection FROM mixpeek.videos ORDER BY ALL")["collection"]
    mo.stop(collections.empty, mo.md("There are no videos yet: `make run` ingests some."))
    return collections, warehouse


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How far is the pipeline?
    """)
    return


@app.cell
def _(warehouse):
    funnel = warehouse.query("""
        SELECT sum(videos) AS videos, sum(pending) AS pending, sum(landed) AS landed, sum(failed + lost) AS failed
        FROM mixpeek.pipeline_status
    """).fillna(0)
    stages = [mo.stat(f"{number:,.0f}", label=stage, bordered=True) for stage, number in funnel.iloc[0].items()]
    mo.hstack(stages, widths="equal", gap=1)
    return


@app.cell
def _(warehouse):
    failures = warehouse.query("SELECT what, kind, reason, what_to_do FROM mixpeek.failures")
    mo.ui.table(failures, selection=None) if len(failures) else mo.md("Nothing failed: every reply is stored.")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Find moments by words
    """)
    return


@app.cell
def _():
    words = mo.ui.text("a lighthouse at night", label="Find", full_width=True)
    by = mo.ui.radio(["meaning", "words"], value="meaning", label="by", inline=True)
    mo.hstack([words, by], widths=[1, 0], align="end")
    return by, words


@app.cell
def _(by, warehouse, words):
    hits = warehouse.search(words.value, k=4, by=by.value)
    captions = [f"{score:.2f} {found}" for score, found in zip(hits["score"], hits["found"], strict=True)]
    gallery(hits, captions) if captions else mo.md("Nothing is like it.")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## A map of a collection

    Each dot is a moment, at the two principal components of its embeddings: near is alike. Drag over some to see them.
    """)
    return


@app.cell
def _(collections, warehouse):
    names = warehouse.query("SELECT vector_name FROM mixpeek.vectors GROUP BY ALL ORDER BY count(*) DESC, vector_name")
    collection = mo.ui.dropdown(collections, value=collections[0], label="Collection")
    vector_name = mo.ui.dropdown(names["vector_name"], value=names["vector_name"][0], label="Named vector")
    mo.hstack([collection, vector_name], justify="start")
    return collection, vector_name


@app.cell
def _(collection, vector_name, warehouse):
    moments = warehouse.query(
        """
        SELECT
            parse_filename(video.url) AS video,
            feature.modality,
            feature.start_time,
            feature.end_time,
            coalesce(feature.text, feature.transcription, feature.description, '') AS what,
            video.url,
            vector.embedding
        FROM mixpeek.vectors AS vector
        JOIN mixpeek.features AS feature USING (feature_id)
        JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
        WHERE
            video.collection = $collection
            AND vector.vector_name = $vector_name
            AND vector.dimensions = (SELECT mode(dimensions) FROM mixpeek.vectors WHERE vector_name = $vector_name)
        ORDER BY hash(feature.feature_id)
        LIMIT 2_000
        """,
        {"vector_name": vector_name.value, "collection": collection.value},
    )
    return (moments,)


@app.cell
def _(moments):
    mo.stop(len(moments) < 3, mo.md("There are fewer than three moments to map."))
    embeddings = np.stack(moments["embedding"])
    directions = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True).clip(1e-9)
    components, sizes, _ = np.linalg.svd(directions - directions.mean(axis=0), full_matrices=False)
    shown = (sizes[:2] ** 2).sum() / (sizes**2).sum()
    places = moments.drop(columns="embedding").assign(x=components[:, 0] * sizes[0], y=components[:, 1] * sizes[1])
    chart = mo.ui.altair_chart(
        alt.Chart(places, title=f"{len(places):,} moments, {shown:.0%} of their variance in two dimensions")
        .mark_point(size=90, filled=True, opacity=0.8)
        .encode(
            x=alt.X("x", axis=None),
            y=alt.Y("y", axis=None),
            color="video",
            shape="modality",
            tooltip=["video", "modality", "start_time", "what"],
        )
        .properties(width="container", height=420)
    )
    mo.vstack([chart])
    return (chart,)


@app.cell
def _(chart):
    selected = chart.value.head(12)
    gallery(selected, selected["what"])
    return


@app.function
def gallery(moments: pd.DataFrame, captions: list[str]) -> mo.Html:
    """Show the frames of some moments."""
    figures = []
    for moment, caption in zip(moments.to_dict("records"), captions, strict=True):
        start, end = moment["start_time"], moment["end_time"]
        at = f"{start // 60:.0f}:{start % 60:04.1f}" if pd.notna(start) else ""
        video, where, what = map(html.escape, [moment["video"], f"{at} {moment['modality']}", caption[:90]])
        figures.append(f"""
            <figure style="margin: 0">
              <img src="{frame(moment["url"], start, end)}" alt="no picture" style="width: 100%" />
              <figcaption><b>{video}</b> {where}<br>{what}</figcaption>
            </figure>
        """)
    grid = "display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem"
    return mo.Html(f'<div style="{grid}">{"".join(figures)}</div>')


@app.function
def frame(url: str, start: float, end: float, width: int = 480) -> str:
    """Decode the frame in the middle of a moment, as the address of an image."""
    second = np.nan_to_num(pd.Series([start, end], dtype=float).mean())
    try:
        with av.open(unquote(url.removeprefix("file://"))) as video:
            video.seek(int(second * av.time_base))
            picture = next(picture for picture in video.decode(video=0) if picture.time >= second)
            image = picture.to_image(width=width, height=picture.height * width // picture.width)
    except (FFmpegError, IndexError, StopIteration):  # the video is gone, or is a sound
        return ""
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"


if __name__ == "__main__":
    app.run()
