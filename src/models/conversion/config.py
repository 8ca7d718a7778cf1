"""Parameters of the conversion model."""

from typing import Annotated, Any

from pydantic import Field

from ...config import Frozen, Share

Whole = Annotated[int, Field(ge=1)]


class ConversionConfig(Frozen):
    """The boosted trees, and how they are judged."""

    trees: Annotated[int, Field(ge=0)] = 60  # at most; held-out creators decide how many
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05  # share of each tree that is added
    leaves: Annotated[int, Field(ge=2)] = 4  # of a tree, at most
    smallest_leaf: Whole = 40  # placements in a leaf, at least
    feature_share: Annotated[float, Field(gt=0, le=1)] = 0.6  # of the features that each tree may look at
    l2: Annotated[float, Field(ge=0)] = 10.0  # penalty on the squares of what leaves say
    folds: Annotated[int, Field(ge=2)] = 5  # of creators, each held out once for judging
    inner_folds: Annotated[int, Field(ge=2)] = 3  # in which a fit holds creators out, to see how far off it is
    train_until: Share = 0.7  # of the placements by time: folds train before, and are judged after
    bootstraps: Whole = 200  # of creators, for intervals of what is judged

    def lightgbm(self, seed: int) -> dict[str, Any]:
        """Return LightGBM's parameters: Poisson deviance, the same trees on every run of one machine."""
        return {
            "objective": "poisson",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.smallest_leaf,
            "feature_fraction": self.feature_share,
            "lambda_l2": self.l2,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        }
