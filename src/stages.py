"""The pipeline's stages: thin wrappers that read and write files around pure functions. ``dvc.yaml`` calls them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import polars as pl
from filelock import FileLock
from rich.progress import Progress

from .annotate import annotate, read_gazetteer
from .data.corpus import read_corpus
from .data.world import simulate
from .engine import open_engine
from .errors import InputError
from .evidence import examine
from .evidence import gather as gather_evidence
from .features import build_features
from .files import digest, read_json, replacing, write_json
from .models.conversion import ConversionModel, fit, placements_frame, validate
from .models.conversion.by_tier import conversion_by_tier
from .models.conversion.calibration import calibration
from .models.conversion.data import CATEGORIES, claimed_columns
from .models.text.card import card
from .models.text.encoder import make_encoder
from .models.text.explain import explain
from .models.text.judged import evaluate_text
from .models.text.scorer import TextScorer, load_scorer
from .models.text.train import train_text
from .origin import origin
from .params import Params
from .plan.campaign import read_campaign
from .plan.folder import stage_market
from .plan.make import make_plan
from .plan.why import explained
from .report.facts import Facts, gather
from .report.page import write_page
from .tables import check
from .tracking.state import State

WORLD = Path("data/raw/world")
ANNOTATED, FEATURES = Path("data/interim/annotated"), Path("data/features/features.parquet")
CONVERSION, TEXT = Path("artifacts/conversion"), Path("artifacts/text")
CORPUS, ENCODER = Path("data/corpus"), Path("artifacts/encoder")
TEXT_CARD = Path("docs/model-cards/text.md")
METRICS, PLOTS, PAGE = Path("reports/metrics"), Path("reports/plots"), Path("reports/report.html")
CARDS, EXPERIMENTS = Path("docs/model-cards"), Path("experiments")
LOGS = Path("logs")


def world_stage(params: Params) -> None:
    """Simulate the embedded default world, tables and sealed truth."""
    simulate(params.data.world, WORLD)


def encoder_stage(params: Params) -> None:
    """Make the encoder's folder: from the weights of a package, a folder, a hub name, or random for tests."""
    texts = read_corpus(CORPUS / "train.jsonl")["text"].to_list() if params.text.encoder == "tiny" else []
    make_encoder(params.text.encoder, texts, ENCODER, params.seed)


def train_text_stage(params: Params) -> None:
    """Train the text model on the parts train and valid of the corpus."""
    corpus = read_corpus(CORPUS / "train.jsonl", CORPUS / "valid.jsonl")
    encoder = ENCODER if (ENCODER / "config.json").exists() else None
    with replacing(TEXT) as out, Progress(*Progress.get_default_columns(), transient=True) as progress:
        task = progress.add_task("texts read by the encoder", total=None)
        train_text(corpus, encoder, params.text, params.seed, out, lambda count: progress.advance(task, count))


def evaluate_text_stage(params: Params) -> None:
    """Judge the text model on the part test of the corpus, beside its peers, and write its card."""
    parts = [read_corpus(CORPUS / f"{part}.jsonl") for part in ("train", "valid", "test")]
    judged = evaluate_text(parts[0], parts[1], parts[2], TEXT, params.seed)
    write_json(judged["metrics"], METRICS / "text.json")
    write_csv(judged["curve"], PLOTS / "text_cascade.csv")
    with replacing(TEXT_CARD) as out:
        source = read_json(ENCODER / "SOURCE.json")
        out.write_text(card(judged["metrics"], judged["curve"], judged["errors"], source), encoding="utf-8")


def annotate_stage(params: Params) -> None:
    """Look inside every text once: script, emoji, disclosure, scores."""
    check(params.data.tables)
    with replacing(ANNOTATED) as out, open_engine(params.engine, LOGS / "scratch") as engine:
        places = read_gazetteer(params.features.gazetteer)
        annotate(engine, params.data.tables, out, load_scorer(TEXT).with_share(params.text.share), places)


def features_stage(params: Params) -> None:
    """Look across rows: one row for each creator and date, never looking ahead."""
    check(params.data.tables)
    with open_engine(params.engine, LOGS / "scratch") as engine:
        build_features(engine, params.data.tables, ANNOTATED, FEATURES, params.features)


def train_stage(params: Params) -> None:
    """Fit the conversion model on all placements."""
    check(params.data.tables)
    frame = placements_frame(params.data.tables, FEATURES, params.tiers)
    with replacing(CONVERSION) as out:
        fit(frame, claimed_columns(frame), CATEGORIES, params.conversion, params.seed).save(out)


def evaluate_stage(params: Params) -> None:
    """Judge the conversion model on creators and a time it has not seen, beside its rivals."""
    check(params.data.tables)
    frame = placements_frame(params.data.tables, FEATURES, params.tiers)
    result = validate(frame, params.conversion, params.seed, params.data.tables)
    tiers = conversion_by_tier(frame, params.tiers.names)
    metrics = {"simulated": origin(params.data.tables)["simulated"], **result["metrics"]}
    write_json(metrics | {"by_tier": tiers.to_dicts()}, METRICS / "conversion.json")
    write_csv(tiers, PLOTS / "conversion_by_tier.csv")
    write_csv(calibration(result["predictions"]), PLOTS / "calibration.csv")


def evidence_stage(params: Params) -> None:
    """Test the article's claims, each with an interval and a verdict."""
    check(params.data.tables)
    material = gather_evidence(params.data.tables, ANNOTATED, FEATURES, params.tiers, params.features.windows)
    claims = examine(material, params.evidence, params.seed)
    write_json({"simulated": origin(params.data.tables)["simulated"], "claims": claims}, METRICS / "evidence.json")


def plan_stage(params: Params) -> None:
    """Plan the default campaign on the creators of the tables."""
    check(params.data.tables)
    campaign = read_campaign(params.plan.campaign)
    model = ConversionModel.load(CONVERSION)
    try:
        with open_engine(params.engine, LOGS / "scratch") as engine:
            market = stage_market(
                campaign, params.data.tables, ANNOTATED, FEATURES, engine, params.features, params.tiers
            )
        found = explained(make_plan(campaign, market, model, params.tiers, params.seed), market, model)
    except InputError as error:  # tables without dates, fees or the places of the campaign have no plan
        found = {"campaign": campaign.name, "reason": "; ".join(error.faults)}
    write_json({"simulated": origin(params.data.tables)["simulated"], **found}, METRICS / "plan.json")


def report_stage(params: Params) -> None:
    """Write the page for people."""
    write_page(pipeline_facts(params), PLOTS / "calibration.csv", PAGE, params.report.language)


def pipeline_facts(params: Params) -> Facts:
    """Gather what the stages wrote, for the page and for those who summarise it."""
    return gather(params.data.tables, ANNOTATED, FEATURES, METRICS, params.features,
                  params.tiers, params.report.flagged, explain=_ad_phrases)  # fmt: skip


def _ad_phrases(caption: str) -> list[str]:
    """Name the phrases of a caption that speak for an ad, by the student alone."""
    phrases = explain(caption, "post", _student(TEXT, digest(TEXT)))["ad"]
    return [phrase.words for phrase in phrases if phrase.weight > 0]


@lru_cache(maxsize=1)
def _student(folder: Path, _digest: str) -> TextScorer:
    return load_scorer(folder, alone=True)


def pipeline_state() -> State:
    """Name the files that are published."""
    return State(METRICS, PLOTS, PAGE, CONVERSION.parent, FEATURES, CARDS, EXPERIMENTS)


STAGES: dict[str, Callable[[Params], None]] = {
    "world": world_stage,
    "encoder": encoder_stage,
    "train_text": train_text_stage,
    "evaluate_text": evaluate_text_stage,
    "annotate": annotate_stage,
    "features": features_stage,
    "train": train_stage,
    "evaluate": evaluate_stage,
    "evidence": evidence_stage,
    "plan": plan_stage,
    "report": report_stage,
}


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a small table for plots, floats rounded to 6 significant digits."""
    floats = pl.selectors.float().round_sig_figs(6)
    with replacing(path) as temporary:
        frame.with_columns(floats).write_csv(temporary)


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Run a stage alone, and note how long it took in ``logs/``, never in an output."""
    LOGS.mkdir(exist_ok=True)
    started = time.monotonic()
    with FileLock(LOGS / f"{name}.lock"):
        yield
    with (LOGS / "durations.log").open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {name} {time.monotonic() - started:.1f} s\n")
