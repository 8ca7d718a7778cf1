"""The conversion model as MLflow serves it: this file is logged as the model's code, with its artifacts beside it."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import polars as pl

from thiqa.models.conversion import ConversionModel


class ServedConversion(mlflow.pyfunc.PythonModel):
    """Deliveries for each reached person, from the columns that the model was trained on."""

    def load_context(self, context: Any) -> None:
        """Load LightGBM's text file and its description."""
        self.model = ConversionModel.load(Path(context.artifacts["conversion"]))

    def predict(self, context: Any, model_input: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002 MLflow names it
        """Predict ``deliveries_per_reached``; a missing value is "not observed"."""
        frame = pl.from_pandas(model_input, nan_to_null=True)
        return pd.DataFrame({"deliveries_per_reached": self.model.rate(frame)})


mlflow.models.set_model(ServedConversion())
