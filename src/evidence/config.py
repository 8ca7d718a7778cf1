"""Parameters of the tests of claims."""

from typing import Annotated

from pydantic import Field

from ..config import Frozen


class EvidenceConfig(Frozen):
    """How much work goes into each estimate, and when data are too few to speak of."""

    folds: Annotated[int, Field(ge=2)] = 5  # of creators, for cross-fitting
    trees: Annotated[int, Field(ge=0)] = 0  # boosted on top of each linear learner; 0 for none
    bootstraps: Annotated[int, Field(ge=100)] = 400  # of creators, for ratios of sums
    creators: Annotated[int, Field(ge=2)] = 60  # below so many in all there is no verdict
    creators_a_side: Annotated[int, Field(ge=2)] = 15  # macro or not, community or not
