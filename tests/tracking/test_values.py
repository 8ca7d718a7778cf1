"""Names of nested values as MLflow takes them."""

from thiqa.tracking.values import flat, numbers


def test_leaves_are_named_by_their_path_and_rows_by_what_they_are_about():
    values = {"a": {"b": 1}, "rows": [{"tier": "nano", "x": 2.0}, {"x": 3}], "list": [1, 2]}
    assert dict(flat(values)) == {
        "a.b": 1, "rows.nano.tier": "nano", "rows.nano.x": 2.0, "rows.1.x": 3, "list": [1, 2]
    }  # fmt: skip


def test_flags_words_and_gaps_are_no_metrics_and_odd_signs_leave_the_names():
    assert numbers({"ok": True, "word": "x", "gap": None, "90 %": 1, "é": 2}) == {"90 _": 1.0, "é": 2.0}
