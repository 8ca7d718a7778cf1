"""The gate: a better model takes the alias, a worse one is refused with the reason, other data is no baseline."""

from pathlib import Path

import pytest

from thiqa.params import GateParams
from thiqa.tracking.gate import CHAMPION, VERDICT, pass_gate, refusal
from thiqa.tracking.store import quiet

RULE = GateParams(metric="d2_rate", at_least=0.1, improvement=0.01)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    quiet()
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    client.create_registered_model("m")
    return client


def version(registry, tmp_path: Path) -> str:
    (tmp_path / "model").mkdir(exist_ok=True)
    return str(registry.create_model_version("m", (tmp_path / "model").as_uri()).version)


def champion(registry) -> str:
    return str(registry.get_model_version_by_alias("m", CHAMPION).version)


def test_a_better_model_takes_the_alias_and_a_worse_one_is_refused(registry, tmp_path):
    first, second, third = (version(registry, tmp_path) for _ in range(3))
    assert pass_gate(registry, "m", first, {"d2_rate": 0.2}, "data", RULE) is None
    assert champion(registry) == first
    why = pass_gate(registry, "m", second, {"d2_rate": 0.15}, "data", RULE)
    assert "d2_rate" in why
    assert "0.15" in why
    assert champion(registry) == first
    assert registry.get_model_version("m", second).tags[VERDICT] == f"refused: {why}"
    assert pass_gate(registry, "m", third, {"d2_rate": 0.22}, "data", RULE) is None
    assert champion(registry) == third


def test_a_champion_judged_on_other_data_is_no_baseline(registry, tmp_path):
    first, second = version(registry, tmp_path), version(registry, tmp_path)
    assert pass_gate(registry, "m", first, {"d2_rate": 0.9}, "data", RULE) is None
    assert pass_gate(registry, "m", second, {"d2_rate": 0.2}, "other data", RULE) is None
    assert champion(registry) == second


@pytest.mark.parametrize(
    ("candidate", "champion_metrics", "words"),
    [
        ({}, None, "was not measured"),
        ({"d2_rate": 0.05}, None, "threshold"),
        ({"d2_rate": 0.205}, {"d2_rate": 0.2}, "0.2"),  # better, but by less than the rule asks
    ],
)
def test_a_refusal_says_why(candidate, champion_metrics, words):
    assert words in refusal(candidate, champion_metrics, RULE)


def test_what_passes_has_no_refusal():
    assert refusal({"d2_rate": 0.5}, {"d2_rate": 0.2}, RULE) is None
    assert refusal({"d2_rate": 0.5}, None, RULE) is None
