"""The small figure of a claim: what it draws, in both languages, and that names stay text."""

from xml.etree import ElementTree

import pytest

from thiqa.report.strips import strip

RECORD = {"claim": "replies", "verdict": "supported", "estimate": 0.2, "low": 0.1, "high": 0.3, "low_95": 0.05,
          "high_95": 0.4}  # fmt: skip


def drawn(**more: object) -> ElementTree.Element:
    return ElementTree.fromstring(strip({**RECORD, **more}, str))


def test_the_interval_lies_on_its_side_of_zero_and_the_wider_one_reaches_the_edge():
    zero, wide, narrow = (line.attrib for line in drawn().findall("line"))
    middle = float(zero["x1"])
    assert middle < float(wide["x1"]) < float(narrow["x1"]) < float(narrow["x2"]) < float(wide["x2"])
    assert float(wide["x2"]) == pytest.approx(256, abs=1)


def test_rows_beside_the_verdict_have_a_line_each_and_those_withheld_have_none():
    row = {"estimate": -0.1, "low": -0.2, "high": 0.0, "n": 9}
    figure = drawn(sensitivity={"with_nothing_left_over": 0.25}, slope=row,
                   by_tier={"small": row, "macro": {"withheld": "too few"}})  # fmt: skip
    names = [text.text for text in figure.findall("text")]
    assert names == ["strip_estimate", "strip_nothing_left", "strip_slope", "strip_small"]


def test_what_a_claim_is_called_is_no_markup():
    assert "<script" not in strip({**RECORD, "claim": '"><script>'}, lambda _: "<script>")
