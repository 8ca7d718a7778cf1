"""Floats in tables: how many digits are kept."""

import math

import pyarrow as pa

from thiqa.files import rounded


def test_floats_keep_some_digits_and_whole_numbers_all_of_theirs():
    values = [1234567.0, 1.23456789, -0.000123456789, 0.0, None, math.inf]
    found = rounded(pa.table({"x": values, "n": [1, 2, 3, 4, 5, 6]}), 6)
    assert found["x"].to_pylist() == [1234567.0, 1.23457, -0.000123457, 0.0, None, math.inf]
    assert found["n"].type == pa.int64()
