"""`lib.workbook.sweeps.collected`: the table and the figure of a sweep."""

import itertools

from lib.workbook.sweeps import collected


def collected_twice(out, said):
    """The table of `--collect`, as CSV and as Parquet, and its figure."""
    import pandas
    from PIL import Image

    assert "2 of 4 runs failed" in said.err
    table = pandas.read_parquet(out / "table.parquet")
    text = pandas.read_csv(out / "table.csv")
    assert (
        list(table)
        == list(text)
        == ["side", "bad", "quality", "area", "known", "seconds", "cpu_seconds", "run"]
    )
    for each in (table, text):
        assert each["side"].tolist() == [1, 1] and each["area"].tolist() == [1, 1]
        assert each["quality"].isna().tolist() == [True, False]
    alt = Image.open(out / "figure.png").info["Description"]
    assert "area: quality none from 1 at 1 to 1 at 1; quality 80 from 1 at 1 to 1 at 1." in alt


def test_the_figure_takes_means_over_seeds_and_all_that_has_no_line(tmp_path):
    import pandas

    rows = [
        {"seed": seed, "block": block, "quality": quality, "score": block + seed, "text": "no number"}
        for seed, block, quality in itertools.product((0, 3), (4, 8), (None, 90))
    ]
    table = pandas.DataFrame(rows).convert_dtypes()
    assert collected.measured(table, ["seed", "block", "quality"]) == ["score"]
    assert collected.curves(table, "block", None, "score") == {"score": {"4": (5.5, 4, 7), "8": (9.5, 8, 11)}}
    by_quality = collected.curves(table, "block", "quality", "score")
    assert list(by_quality) == ["quality none", "quality 90"] and by_quality["quality 90"]["8"] == (
        9.5,
        8,
        11,
    )
    names = ["seed", "block", "quality"]
    alt = collected.draw(
        table, {"title": "Scores", "parameters": names, "varied": names}, tmp_path / "figure.png"
    )
    assert alt == (
        "Scores. Means over block (4, 8). "
        "score: quality none from 5.5 at 4 to 9.5 at 8; quality 90 from 5.5 at 4 to 9.5 at 8."
    )
    assert (
        collected.draw(table, {"title": "Scores", "parameters": names, "varied": []}, tmp_path / "no.png")
        is None
    )
    assert not (tmp_path / "no.png").exists()
