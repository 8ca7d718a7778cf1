"""The gate before the alias ``champion``: thresholds, and the present champion as baseline."""

from typing import TYPE_CHECKING

from ..params import GateParams
from .values import Numbers

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
JUDGED_ON, VERDICT, METRIC = "thiqa.judged_on", "thiqa.gate", "thiqa.metric."


def refusal(candidate: Numbers, champion: Numbers | None, rule: GateParams) -> str | None:
    """Say why a model may not become champion, or None where it may.

    :param candidate: Metrics of the model, by name.
    :param champion: The same of the present champion, judged on the same data; None where there is none.
    :param rule: Which metric counts, what it has to reach, and by how much it has to beat the champion's.
    """
    from mlflow import validate_evaluation_results
    from mlflow.models import MetricThreshold
    from mlflow.models.evaluation import EvaluationResult
    from mlflow.models.evaluation.validation import ModelValidationFailedException

    if rule.metric not in candidate:
        return f"{rule.metric} was not measured, so the model cannot be judged"
    threshold = MetricThreshold(
        threshold=rule.at_least,
        min_absolute_change=rule.improvement if champion and rule.metric in champion else None,
        greater_is_better=True,
    )
    try:
        validate_evaluation_results(
            {rule.metric: threshold},
            EvaluationResult(metrics={rule.metric: candidate[rule.metric]}, artifacts={}),
            EvaluationResult(metrics=champion, artifacts={}) if champion and rule.metric in champion else None,
        )
    except ModelValidationFailedException as error:
        return " ".join(str(error).split())
    return None


def pass_gate(
    client: "MlflowClient", name: str, version: str, metrics: Numbers, data: str, rule: GateParams
) -> str | None:
    """Judge a registered version, and move the alias to it where it may.

    A champion that was judged on other data is no baseline: its figures do not compare.

    :param data: Digest of the tables that the metrics were measured on.
    :return: Why it was refused, or None.
    """
    for metric, value in metrics.items():
        client.set_model_version_tag(name, version, METRIC + metric, repr(value))
    client.set_model_version_tag(name, version, JUDGED_ON, data)
    why = refusal(metrics, _champion_metrics(client, name, data), rule)
    client.set_model_version_tag(name, version, VERDICT, f"refused: {why}" if why else "passed")
    if why is None:
        client.set_registered_model_alias(name, CHAMPION, version)
    return why


def _champion_metrics(client: "MlflowClient", name: str, data: str) -> Numbers | None:
    from mlflow.exceptions import MlflowException

    try:
        tags = client.get_model_version_by_alias(name, CHAMPION).tags
    except MlflowException:
        return None
    if tags.get(JUDGED_ON) != data:
        return None
    return {key.removeprefix(METRIC): float(value) for key, value in tags.items() if key.startswith(METRIC)}
