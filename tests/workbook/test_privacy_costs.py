"""Tables of what privacy costs: every way, whole rows, and words that the records give."""

from lib.workbook import privacy_costs as costs
from lib.workbook import recorded_privacy, recorded_verdicts

RECORD = recorded_privacy.recorded()


def test_the_bill_has_every_way_once_and_whole_rows():
    head, rows = costs.bill(RECORD)
    assert all(len(row) == len(head) for row in rows)
    names = [row[0] for row in rows]
    assert len(set(names)) == len(names) == len(RECORD.ciphers) + 2 + 1 + 2
    by_name = {row[0]: row for row in rows}
    assert by_name["plain pictures"][1] == costs.told(
        [run["accuracy"] for run in RECORD.ciphers["plain pictures"].values()]
    )
    runs = RECORD.private["epsilon 3"].values()
    assert by_name["DP-SGD, epsilon 3"][1] == costs.told([run["accuracy"] for run in runs])


def test_bytes_of_shares_are_all_that_travel():
    (row,) = (row for row in costs.bill(RECORD)[1] if row[0].startswith("secret shares"))
    one = RECORD.encrypted["network"]["0"]["shares"]
    assert row[6] == f"{one['up'] + one['between'] + one['dealt']:,.0f}"


def test_agreements_count_pictures():
    runs = RECORD.encrypted["network"].values()
    pictures = sum(run["homomorphic"]["images"] for run in runs)
    assert f"homomorphic, network: {pictures:.0f} of {pictures:.0f} answers" in costs.agreements(RECORD)


def test_protections_are_as_judged():
    head, rows = costs.protections()
    assert all(len(row) == len(head) for row in rows)
    words = {row[0]: row[2] for row in rows}
    verdict = recorded_verdicts.recorded()["tanaka-4"]
    assert recorded_verdicts.told(verdict, recorded_verdicts.MANY) in words["LE"]
    assert all(text.startswith(("judged", "by definition")) for text in words.values())
    assert "not tried" not in " ".join(words.values())


def test_every_published_figure_has_a_source():
    assert all(len(row) == 3 and all(row) for row in costs.PUBLISHED)
    assert all("arXiv" in row[2] or "README" in row[2] or "table" in row[2] or "/" in row[2]
               for row in costs.PUBLISHED)  # fmt: skip
