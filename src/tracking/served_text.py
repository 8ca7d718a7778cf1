"""The text model as MLflow serves it: this file is logged as the model's code, with the student beside it."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import polars as pl

from thiqa.annotate.score import score_rows
from thiqa.models.text.scorer import load_scorer


class ServedText(mlflow.pyfunc.PythonModel):
    """Scores of posts and comments, as ``thiqa score`` gives them, by the student alone: no torch is needed."""

    def load_context(self, context: Any) -> None:
        """Load the student's arrays."""
        self.scorer = load_scorer(Path(context.artifacts["text"]), alone=True)

    def predict(self, context: Any, model_input: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002 MLflow names it
        """Score rows with ``text`` and ``kind`` (post or comment); a label that does not apply is null."""
        return score_rows(pl.from_pandas(model_input), self.scorer).to_pandas()


mlflow.models.set_model(ServedText())
