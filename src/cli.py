"""The command line: every command exits 0 on success, and 2 on bad input with one clear line a fault."""

import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .errors import InputError
from .params import PARAMS_FILE, Params, read_params

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="**thiqa**: how far an audience trusts a creator, and what that trust sells.\n\n"
    "A folder of tables (Parquet) is all you must bring: simulate one with `thiqa world`, or import exports with "
    "`thiqa import`; then `thiqa features` and `thiqa evaluate` work on it. `make run` runs the whole pipeline.",
)
SHOWN_FILES = 40
MAY_HOLD = (".dvc/cache", "data/interim", "data/features", "artifacts", "reports", "mlruns", "mlartifacts")
corpus_app = typer.Typer(no_args_is_help=True, help="The labelled corpus of posts and comments: `thiqa corpus check`.")
app.add_typer(corpus_app, name="corpus")
errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
out = Console(highlight=False, soft_wrap=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of tables: creators.parquet, posts.parquet, …")]
ParamsFile = Annotated[Path | None, typer.Option("--params", help="Parameters; default params.yaml where it is there.")]


def main() -> None:
    """Run the command line; faults of the input are told in a line each."""
    try:
        app()
    except InputError as error:
        for fault in error.faults:
            errors.print(fault, style="red" if errors.is_terminal else None)
        sys.exit(2)
    except OSError as error:
        errors.print(f"{error.filename or 'file'}: {error.strerror or error}; nothing was changed")
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("stopped; what was there before is still whole")
        sys.exit(130)


def parameters(path: Path | None) -> Params:
    """Read the parameters of a file, else of ``params.yaml`` here, else the defaults."""
    return read_params(path or PARAMS_FILE) if path or PARAMS_FILE.exists() else Params()


@app.callback(invoke_without_command=True)
def root(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Print the version, when it is asked for."""
    if show_version:
        out.print(version("thiqa"))
        raise typer.Exit


@app.command()
def world(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="World file, see experiments/worlds/.")],
    to: Annotated[Path, typer.Option("--out", help="Folder for the tables and truth/.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the file's.")] = None,
    scale: Annotated[float, typer.Option(min=0.01, help="How many times the creators, campaigns, placements.")] = 1.0,
) -> None:
    """Simulate a world whose truth is known: tables, and what really drives sales in truth/.

    Same file and seed, same tables. Everything in them is invented and is called simulated wherever it is shown.

    Example: `thiqa world experiments/worlds/maroc.yaml --out data/raw/world`
    """
    from .data.world import simulate
    from .origin import IMPORT_FILE

    if (to / IMPORT_FILE).exists():
        raise InputError(f"{to}: holds imported tables, which are never overwritten; choose another folder with --out")
    simulate(file, to, seed=seed, scale=scale)


class Source(StrEnum):
    """What can be imported."""

    instagram_graph = "instagram-graph"
    facebook_pages = "facebook-pages"
    youtube_data = "youtube-data"
    tiktok_research = "tiktok-research"
    tiktok_web = "tiktok-web"
    account_archive = "account-archive"
    csv = "csv"
    orders = "orders"


@app.command("import")
def import_(
    source: Annotated[Source, typer.Argument(help="What kind of export it is.")],
    path: Annotated[Path, typer.Argument(help="File, folder or archive of the export; it is never written to.")],
    into: Annotated[Path | None, typer.Option(help="Folder for the tables; default data/raw/import/NAME.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping file: which column is what.")] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Propose a mapping for PATH, print it, import nothing.")
    ] = False,
    deals: Annotated[Path | None, typer.Option(help="Table of deals with their codes, for orders.")] = None,
    max_rejected: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Stop above this share of faulty rows; default import.max_rejected."),
    ] = None,
    params: ParamsFile = None,
) -> None:
    """Import exports into tables; rejected rows go to rejected.jsonl with file, row, column and reason.

    People's ids become keyed hashes (key: THIQA_ID_KEY, else a file of yours). Importing again merges: for each
    column the later observation wins, follower counts become a history. Counts such as 304.9K or 12 345 are read as
    numbers; what is not there stays null. PATH is a file, a folder of saved answers, gzip or zip. docs/imports.md
    has the formats.

    For `csv` (also Excel, JSON lines, Parquet) a mapping file names, for each table, the file and the column that each
    of our columns comes from: `--guess` proposes one from the column names. Without `--mapping` the one of a known
    public set is found by its columns.

    `orders` (Shopify, WooCommerce, YouCan and the like) goes into a folder whose accounts were imported before: orders
    are linked to deals by promo code, UTM and dates, by the rules of import.attribution; what is not linked is listed
    in unlinked.jsonl.

    Example: `thiqa import instagram-graph answers/ --into data/raw/import/mine`
    """
    from .config import load
    from .data.importers import Mapping, OrderMapping, import_answers, import_csv, import_orders

    if guess:
        from .data.importers.guess import guess as proposed
        from .data.importers.mapped import tables_in

        sys.stdout.write(proposed(tables_in(path)))
        return
    chosen = parameters(params)
    share = chosen.import_.max_rejected if max_rejected is None else max_rejected
    target = into or Path("data/raw/import") / path.resolve().stem
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(str(path), total=None)

        def on_rows(file: str, rows: int) -> None:
            progress.update(task, description=file[-60:], advance=rows)

        given: dict[str, Any] = {"max_rejected": share, "on_rows": on_rows}
        if source is Source.csv:
            counts = import_csv(path, target, mapping=load(Mapping, mapping) if mapping else None, **given)
        elif source is Source.orders:
            words = load(OrderMapping, mapping) if mapping else None
            counts = import_orders(path, target, deals=deals, mapping=words, rules=chosen.import_.attribution, **given)
        else:
            counts = import_answers(source.value, path, target, **given)
    for file, row in list(counts.items())[:SHOWN_FILES]:
        out.print(
            f"{file}: {row['read']} rows read, {row['accepted']} accepted, {row['rejected']} rejected", markup=False
        )
    if len(counts) > SHOWN_FILES:
        sums = {name: sum(row[name] for row in counts.values()) for name in ("read", "accepted", "rejected")}
        out.print(f"{len(counts)} files in all: {sums['read']} rows read, {sums['accepted']} accepted, "
                  f"{sums['rejected']} rejected")  # fmt: skip
    out.print(f"tables in {target}, reasons in rejected.jsonl; next: make run TABLES={target}", markup=False)


Model = Annotated[Path | None, typer.Option("--model", help="Folder of trained models; default as THIQA_MODELS says.")]


@app.command()
def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="csv, jsonl or parquet with columns text and kind.")],
    to: Annotated[Path, typer.Option("--out", help="File for the scored rows: .csv, .jsonl or .parquet.")],
    model: Model = None,
    share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of texts put to the slow teacher; default: up to 5,000.")
    ] = None,
) -> None:
    """Score posts and comments in French, Darija (both scripts), Arabic, English, Tamazight, or several of them mixed.

    Rows, their order and other columns are kept. Added: probabilities `ad polished overconsumption tested` for posts,
    `genuine spam intent suspicion trust` for comments (null where a label does not apply), `<label>_flag` at the
    threshold of the text's variety, `<label>_unsure` where the score lies too near to it to judge, `disclosure` (none,
    ambiguous, clear), `undisclosed_ad` (an ad with none), `insufficiently_disclosed_ad`, `variety`.

    The model is the one of `--model`, else `$THIQA_MODELS`, else `artifacts/` of the checkout, else the small one that
    ships with the package. A score is a reason to read a post, not a verdict on its author.

    Example: `thiqa score texts.csv --out scored.csv`
    """
    from .annotate.score import score_file
    from .models.text.find import find_scorer

    with errors.status("scoring"):
        rows = score_file(file, to, find_scorer(model), share)
    out.print(f"{rows} rows scored into {to}")


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="One text, as its author wrote it.")],
    kind: Annotated[str, typer.Option(help="post or comment.")] = "post",
    model: Model = None,
) -> None:
    """Show the scores of one text and the phrases that moved each of them.

    The weight beside a phrase is how far the score (as a logit) falls when the phrase is left out; a minus means that
    the phrase speaks against the label.

    Example: `thiqa explain "Mon code SARA10 sur tout le site, lien en bio" --kind post`
    """
    import polars as pl

    from .annotate.score import score_rows
    from .models.text.explain import explain as explain_text
    from .models.text.find import find_scorer

    if kind not in {"post", "comment"} or not text.strip():
        raise InputError(f"found kind {kind!r} and {len(text.strip())} letters, expected post or comment, and a text")
    scorer = find_scorer(model, share=1.0)
    row = score_rows(pl.DataFrame({"text": [text], "kind": [kind]}), scorer).row(0, named=True)
    phrases = explain_text(text, "post" if kind == "post" else "comment", scorer)
    table = Table("label", "probability", "flag", "phrases that moved it")
    for label in phrases:
        said = " · ".join(f"{phrase.words} ({phrase.weight:+.1f})" for phrase in phrases[label])
        flag = "unsure" if row[f"{label}_unsure"] else "yes" if row[f"{label}_flag"] else "no"
        table.add_row(label, f"{row[label]:.2f}", flag, Text(said))
    out.print(table)
    out.print(f"variety {row['variety']}" + (f", disclosure {row['disclosure']}" if kind == "post" else ""))
    if row["undisclosed_ad"]:
        out.print("looks like an undisclosed ad")


@app.command()
def forget(
    person: Annotated[str, typer.Argument(metavar="PLATFORM:ID", help="Native id or user name, such as tiktok:amal.b")],
    folder: Annotated[Path, typer.Option("--in", help="Folder of imported tables.")],
) -> None:
    """Remove a person from imported tables, caches and rejected rows, and keep them out of later imports.

    Removed are the creator's rows, their posts with the comments on them, and whatever they wrote elsewhere. What DVC's
    cache, the pipeline's outputs and MLflow's artifacts still hold is listed: those are yours to remove.

    Example: `thiqa forget instagram:amal.b --in data/raw/import/mine`
    """
    from .data.forget import forget as forget_person
    from .workspace import cache_folder

    caches = [cache_folder() / name for name in ("annotated", "features", "scratch")]
    done = forget_person(person, folder, caches, [Path(place) for place in MAY_HOLD])
    for name, rows in done.rows.items():
        out.print(f"{name}: {rows} rows removed", markup=False)
    if not done.rows:
        out.print("no row named this person; later imports leave them out all the same")
    out.print(f"{done.redacted} rejected rows redacted, {len(done.caches)} cached results removed")
    for path in done.held:
        out.print(f"still held: {path}", markup=False)
    if done.held:
        out.print(
            "remove these: make run, then dvc gc --workspace; delete the runs of MLflow in its pages, then mlflow gc"
        )
    out.print("the export that you imported is yours, and still holds them")


@app.command()
def features(
    tables: Folder,
    to: Annotated[Path, typer.Option("--out", help="Parquet file for the features.")],
    at: Annotated[Path | None, typer.Option(help="Parquet file of pairs (creator_id, as_of).")] = None,
    params: ParamsFile = None,
) -> None:
    """Build features: one row for each (creator_id, as_of), one column for each registered feature.

    Default pairs: every placement's creator at agreed_at; without placements every creator at the end of the
    export. Nothing at or after as_of is looked at. Null means "not observed". docs/metrics.md has every formula.

    Example: `thiqa features data/raw/world --out features.parquet`
    """
    from .models.text.find import find_scorer
    from .workspace import Workspace

    chosen = parameters(params)
    with errors.status("annotating texts and building features"):
        Workspace(chosen.engine, chosen.features, find_scorer()).build(tables, at, to)


@app.command()
def evaluate(
    tables: Folder,
    to: Annotated[Path, typer.Option("--out", help="JSON file for the figures.")],
    params: ParamsFile = None,
) -> None:
    """Train and judge the conversion model and its rivals on creators held out and forward in time.

    Writes d2_rate (realised reach known) and d2_plan (reach predicted at the deal) of the model and of each rival, the
    model's gain over each with its 90 % interval, coverage and width of the model's intervals by tier, the revenue lost
    by its ranking, and the model's figures in easier views (creators, brands, random rows held out). Where the folder
    has truth/ (a simulated world), the true rate is judged too, as `oracle`, and the model fed the true levers, as
    `latents`.

    Example: `thiqa evaluate data/raw/world --out evaluation.json`
    """
    from .files import write_json
    from .models.conversion import placements_frame, validate
    from .models.conversion.by_tier import conversion_by_tier
    from .models.text.find import find_scorer
    from .origin import origin
    from .workspace import Workspace

    chosen = parameters(params)
    with errors.status("building features, then training and judging models"):
        built = Workspace(chosen.engine, chosen.features, find_scorer()).cached_features(tables)
        frame = placements_frame(tables, built, chosen.tiers)
        metrics = validate(frame, chosen.conversion, chosen.seed, tables)["metrics"]
    by_tier = conversion_by_tier(frame, chosen.tiers.names).to_dicts()
    write_json({"simulated": origin(tables)["simulated"], **metrics, "by_tier": by_tier}, to)


class Tongue(StrEnum):
    """In which language reasons are given."""

    fr = "fr"
    en = "en"


@app.command()
def predict(
    tables: Folder,
    to: Annotated[Path, typer.Option("--out", help="Table of predictions: .parquet, .csv or .jsonl.")],
    model: Annotated[
        Path | None, typer.Option(help="Folder of models; default $THIQA_MODELS, else artifacts/.")
    ] = None,
    language: Annotated[Tongue, typer.Option(help="Language of the reasons.")] = Tongue.fr,
    params: ParamsFile = None,
) -> None:
    """Predict what each placement of a folder sells, as of the day it was agreed; without placements, each creator.

    Columns: `deliveries` with `low` and `high` (90 %, all posts of the deal together), the same `per_reached` person,
    `per_follower` and `per_mad` of fee and goods, `expected_reach`, `dispersion` of the predictive distribution, and
    `reasons`: what moves the rate most, beside the average placement. Outcomes in the folder are not looked at.

    Example: `thiqa predict data/raw/world --out predictions.csv`
    """
    from .files import replacing
    from .models.conversion import creators_frame, placements_frame
    from .models.conversion.predict import find_model, predictions
    from .models.text.find import find_scorer
    from .workspace import Workspace

    writers = {".parquet": "write_parquet", ".csv": "write_csv", ".jsonl": "write_ndjson"}
    if to.suffix not in writers:
        raise InputError(f"{to}: found the ending {to.suffix or 'none'}, expected one of {', '.join(writers)}")
    chosen, fitted = parameters(params), find_model(model)
    with errors.status("building features, then predicting"):
        built = Workspace(chosen.engine, chosen.features, find_scorer()).cached_features(tables)
        frame = placements_frame(tables, built, chosen.tiers)
        frame = frame if len(frame) else creators_frame(tables, built, chosen.tiers)
        table = predictions(fitted, frame, language.value)
    with replacing(to) as temporary:
        getattr(table, writers[to.suffix])(temporary)


@app.command()
def evidence(
    tables: Folder,
    to: Annotated[Path, typer.Option("--out", help="JSON file for the list of claims.")],
    params: ParamsFile = None,
    folds: Annotated[int | None, typer.Option(min=2, help="Folds of creators; more take longer.")] = None,
) -> None:
    """Test the article's claims on DIR: an estimate with its interval for each, and a verdict or why there is none.

    Writes a list of records: claim, estimate, low and high (90 %), p, q, n, verdict (supported, contradicted or
    inconclusive, at a false-discovery rate of 5 % over all claims) and how it was measured. A claim that the tables
    cannot answer is inconclusive, with the reason in `withheld`. truth/ is never looked at.

    Example: `thiqa evidence data/raw/world --out evidence.json`
    """
    from .evidence import examine, gather
    from .files import write_json
    from .models.text.find import find_scorer
    from .workspace import Workspace

    chosen = parameters(params)
    config = chosen.evidence if folds is None else chosen.evidence.model_copy(update={"folds": folds})
    workspace = Workspace(chosen.engine, chosen.features, find_scorer())
    with errors.status("building features, then testing claims"):
        built, annotated = workspace.cached_features(tables), workspace.annotated(tables)
        material = gather(tables, annotated, built, chosen.tiers, chosen.features.windows)
        records = examine(material, config, chosen.seed)
    write_json(records, to)
    verdicts = [record["verdict"] for record in records]
    counts = ", ".join(f"{verdicts.count(name)} {name}" for name in ("supported", "contradicted", "inconclusive"))
    out.print(f"{len(records)} claims in {to}: {counts}")


@app.command()
def plan(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.yaml", help="What is sold, for how much, with which limits.")
    ],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of tables.")],
    to: Annotated[Path, typer.Option("--out", help="JSON file for the plan.")],
    page: Annotated[Path | None, typer.Option(help="HTML file for the same plan, for people.")] = None,
    model: Annotated[Path | None, typer.Option(help="Folder of a trained model; default: trained on DIR.")] = None,
    params: ParamsFile = None,
) -> None:
    """Choose creators and posts for a campaign under a budget, exactly, with the proven gap.

    Expected deliveries (or reach, or reach weighted by trust) with diminishing returns, overlap of audiences and risk,
    under the limits of the file: docs/campaigns.md explains every key, experiments/campaigns/ has examples. Fees are
    those asked (table rates), else predicted from placements and marked `estimated`. Where the limits contradict
    each other, those in conflict are named.

    Example: `thiqa plan experiments/campaigns/national-launch.yaml --data data/raw/world --out plan.json`
    """
    from .files import write_json
    from .models.text.find import find_scorer
    from .plan.campaign import read_campaign
    from .plan.folder import plan_folder
    from .plan.show import tables_of
    from .report.plan_page import write_plan_page
    from .workspace import Workspace

    wanted, chosen = read_campaign(campaign), parameters(params)
    workspace = Workspace(chosen.engine, chosen.features, find_scorer())
    with errors.status("building features, forecasting, then solving"):
        found = plan_folder(wanted, data, workspace, chosen.tiers, chosen.conversion, chosen.seed, model)
    write_json(found, to)
    if page is not None:
        write_plan_page(found, page, chosen.report.language)
    for table in tables_of(found):
        out.print(table)


@app.command()
def stage(
    name: Annotated[str, typer.Argument(help="A stage of dvc.yaml, such as features or evidence.")],
) -> None:
    """Run one stage of the pipeline on the files of this checkout, as dvc.yaml does.

    Parameters come from params.yaml. A stage runs alone (a lock in logs/), ends with the process that started it,
    and replaces its outputs whole. `dvc repro` runs the stages that need it, in order.
    """
    from .stages import STAGES, guarded

    if name not in STAGES:
        raise InputError(f"stage {name!r} is not known; expected one of {', '.join(STAGES)}")
    chosen = read_params()
    with guarded(name):
        STAGES[name](chosen)


@app.command()
def publish() -> None:
    """Publish what the pipeline wrote as one MLflow run; the same state is published only once.

    The server is MLFLOW_TRACKING_URI, else a file mlflow.db at the root of the main checkout (`make ui` opens it).
    """
    from .report.summary import markdown
    from .stages import pipeline_facts, pipeline_state
    from .tracking.publish import publish as publish_state

    params = read_params()
    state = pipeline_state()
    state.require()
    description = markdown(pipeline_facts(params), params.report.language)
    with errors.status("publishing to MLflow"):
        published = publish_state(state, params, description)
    done = "already published as" if published.reused else "published as"
    out.print(f"{done} run {published.run_id} at {published.uri}")
    for name, why in published.refused.items():
        out.print(f"{name}: registered, but the gate kept it from 'champion': {why}", markup=False)


@app.command()
def ui(port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000) -> None:
    """Open MLflow's pages on this machine only: http://127.0.0.1:5000, until Ctrl-C.

    Shows what `thiqa publish` sent to the local file; a server named by MLFLOW_TRACKING_URI has its own address.
    """
    import os

    from .tracking.store import quiet, tracking_uri

    uri = tracking_uri()
    if uri.startswith("http"):
        out.print(f"MLFLOW_TRACKING_URI names a server: open {uri}")
        return
    quiet()
    out.print(f"MLflow on http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = ["mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 replaces this process


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 5000,
    store: Annotated[str | None, typer.Option(help="Database of the runs; default a file of this checkout.")] = None,
    artifacts: Annotated[str | None, typer.Option(help="Folder or bucket for files; default in this checkout.")] = None,
) -> None:
    """Run an MLflow server with sign-in for a team, until Ctrl-C.

    `--store postgresql://USER@HOST/DATABASE` keeps the runs in PostgreSQL; accounts are kept there too. The first
    account is `admin`; its password is MLFLOW_AUTH_ADMIN_PASSWORD, else made once and kept in a file that is named.
    People publish to it with MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.

    Example: `thiqa serve --store postgresql://mlflow@127.0.0.1/mlflow` (docs/server.md has the whole of it)
    """
    from .tracking.serve import serve as serve_forever

    out.print(f"MLflow with sign-in on http://{host}:{port} (Ctrl-C ends it)")
    serve_forever(host, port, store, artifacts, tell=out.print)


@app.command()
def figures() -> None:
    """Print the main figures of the last run, and the commands that open the page and MLflow.

    The figures are those of reports/metrics/, which `dvc repro` or `make run` wrote; nothing is computed here.
    """
    from .report.page import SIMULATED, shown_number, summary
    from .stages import PAGE, pipeline_facts

    params = read_params()
    facts = pipeline_facts(params)
    language = params.report.language
    if facts.origin["simulated"]:
        out.print(SIMULATED)
    for sentence in summary(facts, language):
        out.print(f"- {sentence}")
    scores = {"model": facts.conversion, **facts.conversion.get("rivals", {})}
    if "d2_rate" in facts.conversion:
        table = Table("", "D² realised reach", "D² at the deal")
        for name, row in scores.items():
            table.add_row(name, shown_number(row["d2_rate"], language), shown_number(row["d2_plan"], language))
        out.print(table)
    out.print(f"open the page: python3 -m webbrowser {PAGE.resolve().as_uri()}")
    out.print("open all runs in MLflow: make ui")


def wanted_width(table: Table) -> int:
    """Return the columns that a table needs to show every cell whole."""
    return table.__rich_measure__(out, out.options.update(max_width=1000)).maximum


@corpus_app.command("check")
def corpus_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the corpus.")] = Path("data/corpus"),
    external: Annotated[
        Path | None, typer.Option(help="Real sets; default THIQA_EXTERNAL_DATA, else data/external.")
    ] = None,
    distance: Annotated[bool, typer.Option(help="Also train the judge of corpus against real text (a minute).")] = True,
    plots: Annotated[Path | None, typer.Option(help="Folder for figures (SVG).")] = None,
) -> None:
    """Check the corpus: schema, labels, duplicates, leakage between parts, balance, diversity, agreement.

    Exits with 2, a line a fault, where a line breaks the schema or a rule between labels (docs/labelling-guide.md),
    where a voice or a near duplicate (word 3-grams, Jaccard above 0.5) stands in two parts, or where a second reading
    names a text that is not there. What else it finds is told in tables: how many texts there are against what was
    aimed at, near duplicates inside a part, shared skeletons (what filling a template leaves), Cohen's kappa of the
    second readings, and, where real Moroccan comments are at hand, how far the corpus is from them.

    Example: `thiqa corpus check --no-distance`
    """
    from .data.corpus.check import check_corpus
    from .data.corpus.plots import draw
    from .data.corpus.shown import LONG, SHOWN, cells

    with errors.status("checking the corpus") as status:
        report = check_corpus(folder, external, distance=distance, on_step=status.update)
    for name, shown in SHOWN.items():
        found = report.tables.get(name)
        if found is None or found.is_empty():
            out.print(f"{shown.title}: none")
            continue
        table = Table(*shown.columns.values(), title=shown.title, caption=shown.note or None)
        for row in cells(found, shown):
            table.add_row(*(Text(cell) for cell in row))
        fits = (
            out if LONG & shown.columns.keys() else Console(width=max(out.width, wanted_width(table)), highlight=False)
        )
        fits.print(table)  # figures that were cut to the width of a terminal would be useless
    if plots is not None:
        out.print(f"figures: {', '.join(map(str, draw(report.tables, plots)))}")
    if report.faults:
        raise InputError(report.faults)
