"""The conversion model as MLflow serves it: this file is logged as the model's code, with its artifacts beside it."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import polars as pl

from thiqa.models.conversion import ConversionModel, served


class ServedConversion(mlflow.pyfunc.PythonModel):
    """What a placement delivers: point and 90 % interval, from the columns that the model was trained on, and why."""

    def load_context(self, context: Any) -> None:
        """Load LightGBM's text file and its description."""
        self.model = ConversionModel.load(Path(context.artifacts["conversion"]))

    def predict(self, context: Any, model_input: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002 MLflow names it
        """Predict ``point``, ``low`` and ``high`` of the deliveries, ``per_reached``, and ``reasons`` in French.

        A missing value is "not observed".
        """
        return served(self.model, pl.from_pandas(model_input, nan_to_null=True))


mlflow.models.set_model(ServedConversion())
