"""The plan of a campaign from a folder of tables: features, forecasts and prices as of the day of the decision."""

import tempfile
from pathlib import Path
from typing import Any

from ..engine import Engine, open_engine
from ..errors import InputError
from ..features import FeatureConfig, build_features
from ..models.conversion import ConversionConfig, ConversionModel, fit
from ..models.conversion.data import CATEGORIES, claimed_columns
from ..models.conversion.predict import find_model
from ..origin import origin
from ..tiers import Tiers
from ..workspace import Workspace
from .campaign import Campaign
from .make import make_plan
from .market import market_of, pairs_of
from .options import Market
from .why import explained


def plan_folder(
    campaign: Campaign, tables: Path, workspace: Workspace, tiers: Tiers, config: ConversionConfig, seed: int,
    model: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Plan a campaign on a folder of tables.

    :param model: A trained conversion model; without one it is trained on the deals of ``tables`` that were over.
    :raises InputError: If tables or campaign are at fault, or no plan is possible.
    """
    market = folder_market(campaign, tables, workspace, tiers)
    forecaster = trained(market, config, seed) if model is None else find_model(model)
    found = explained(make_plan(campaign, market, forecaster, tiers, seed), market, forecaster)
    return {"simulated": origin(tables)["simulated"], **found}


def folder_market(campaign: Campaign, tables: Path, workspace: Workspace, tiers: Tiers) -> Market:
    """Build features of every creator on the day of the decision, and gather the market."""
    history = workspace.cached_features(tables)
    with tempfile.TemporaryDirectory() as folder:
        pairs, now = Path(folder) / "pairs.parquet", Path(folder) / "now.parquet"
        pairs_of(campaign, tables).write_parquet(pairs)
        workspace.build(tables, pairs, now)
        with open_engine(workspace.engine, Path(folder) / "scratch") as engine:
            return market_of(campaign, tables, history, now, engine, workspace.features, tiers)


def stage_market(
    campaign: Campaign, tables: Path, annotated: Path, history: Path, engine: Engine, features: FeatureConfig,
    tiers: Tiers,
) -> Market:  # fmt: skip
    """Gather the market from what the pipeline's stages wrote.

    :param annotated: Folder of annotations of ``tables``.
    :param history: File of the features of every placement.
    """
    with tempfile.TemporaryDirectory() as folder:
        pairs, now = Path(folder) / "pairs.parquet", Path(folder) / "now.parquet"
        pairs_of(campaign, tables).write_parquet(pairs)
        build_features(engine, tables, annotated, now, features, pairs)
        return market_of(campaign, tables, history, now, engine, features, tiers)


def trained(market: Market, config: ConversionConfig, seed: int) -> ConversionModel:
    """Train the conversion model on the deals that were over on the day of the decision.

    :raises InputError: If there are none.
    """
    deals = market.deals
    if not deals["delivered"].count():
        raise InputError("placements: no deal with known deliveries was over on the day of the decision; expected some "
                         "to learn from, or a trained model with --model DIR")  # fmt: skip
    return fit(deals, claimed_columns(deals), CATEGORIES, config, seed)
