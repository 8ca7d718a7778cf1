"""What the documents say is there, is there: commands, files, figures, decisions."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import typer.main
from typer.testing import CliRunner

from thiqa.cli import app
from thiqa.report.readme import METRICS, README, figures, main, output, with_figures

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")),
         *sorted((ROOT / "experiments").rglob("*.md"))]  # fmt: skip
COMMANDS = typer.main.get_command(app).commands
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def name(path):
    return str(path.relative_to(ROOT))


def code_of(text):
    """Return what stands between backticks, inline or fenced, comments left out."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    fenced = [code for kind, code in blocks if kind in {"", "sh"}]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [line.split(" #")[0].strip() for part in [*fenced, *inline] for line in part.splitlines()]


def commands_of(text, program):
    return [line for line in code_of(text) if line.startswith(f"{program} ")]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_make_target_named_is_real(path):
    for line in commands_of(path.read_text(encoding="utf-8"), "make"):
        assert line.split()[1] in TARGETS, line


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_command_and_option_named_is_real(path):
    for line in commands_of(path.read_text(encoding="utf-8"), "thiqa"):
        words = shlex.split(line)
        options = {word for word in words if word.startswith("--")}
        if words[1].startswith("-"):
            assert words[1] in {"--help", "-h", "--version"}, line
            continue
        assert words[1] in COMMANDS, line
        known = {option for parameter in COMMANDS[words[1]].params for option in parameter.opts}
        assert options <= known | {"--help"}, line


def test_readme_names_the_two_commands():
    named = {line.split()[1] for line in commands_of((ROOT / README).read_text(encoding="utf-8"), "make")}
    assert {"run", "test"} <= named


def test_files_that_the_walks_start_from_are_there():
    words = [
        word.strip("\"'") for line in code_of((ROOT / README).read_text(encoding="utf-8")) for word in line.split()
    ]
    named = {word for word in words if word.startswith(("experiments/", "notebooks/", "docs/"))}
    assert "experiments/worlds/null.yaml" in named
    made = {"docs/model-cards/text.md"}  # the pipeline writes it
    assert {word for word in named - made if not (ROOT / word).exists()} == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(COMMANDS[command].help or "") > 40, command
    for parameter in COMMANDS[command].params:
        assert getattr(parameter, "help", None), f"{command} {parameter.name}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_to_a_file_resolves(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target.split("#")[0]).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_module_named_is_real(path):
    for module in re.findall(r"python -m thiqa\.([a-z_.]+)", path.read_text(encoding="utf-8")):
        assert (ROOT / "src" / f"{module.rstrip('.').replace('.', '/')}.py").is_file(), module


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_path_of_a_machine(path):
    found = re.findall(r"(?<![\w.])/(?:home|root|work|tmp|Users)/\S*", path.read_text(encoding="utf-8"))
    assert found == []


def test_decisions_are_numbered_without_gaps():
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_decision_has_its_parts(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    for part in ("Context", "Decision", "What was tried", "Consequences"):
        assert f"**{part}.**" in text, part


def test_decisions_named_elsewhere_exist():
    for path in [ROOT / "Makefile", ROOT / "dvc.yaml", ROOT / "pyproject.toml", *(ROOT / "src").rglob("*.py")]:
        for number in re.findall(r"docs/decisions/(\d{4}-[a-z-]+\.md)", path.read_text(encoding="utf-8")):
            assert (ROOT / "docs" / "decisions" / number).is_file(), path


def test_readme_figures_are_those_of_the_metrics():
    text, metrics = (ROOT / README).read_text(encoding="utf-8"), json.loads((ROOT / METRICS).read_text())
    assert f"<!-- figures:begin -->\n{figures(metrics)}<!-- figures:end -->" in text, "python -m thiqa.report.readme"
    assert with_figures(text, metrics, (ROOT / METRICS).parent) == text


def test_readme_shows_what_make_run_prints_last():
    text, folder = (ROOT / README).read_text(encoding="utf-8"), (ROOT / METRICS).parent
    conversion, plan, evidence = (json.loads((folder / f"{name}.json").read_text())
                                  for name in ("conversion", "plan", "evidence"))  # fmt: skip
    shown = output(conversion, plan, evidence)
    assert f"<!-- output:begin -->\n{shown}<!-- output:end -->" in text, "python -m thiqa.report.readme"
    assert shown.splitlines()[1].startswith("SIMULATED"), "the README shows the embedded default"
    assert shown.count("\n- ") >= 4  # conversion, its verdict, the plan, the claims


def test_every_table_of_figures_says_simulated():
    metrics = json.loads((ROOT / METRICS).read_text())
    assert metrics["simulated"], "the README shows the embedded default"
    lines = figures(metrics).splitlines()
    heads = [line for line, below in pairwise(lines) if below.startswith("|--")]
    assert len(heads) == 2
    assert all("simulated" in head for head in heads)


def test_figures_without_a_model_give_the_reason():
    assert figures({"simulated": False, "reason": "no placements", "by_tier": []}) == (
        "Imported data. Conversion not computed: no placements\n"
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.1, 0.3, "above zero"), (-0.1, 0.3, "not told apart from zero"), (-0.3, -0.1, "below zero"),
     (None, None, "not known")],
)  # fmt: skip
def test_figures_say_what_the_interval_says(low, high, said):
    gain = {"d2_rate": 0.1, "low": low, "high": high}
    metrics = {"simulated": True, "judged": 5, "d2_rate": 0.2, "d2_plan": 0.1, "rivals": {}, "by_tier": []}
    text = figures(metrics | {"gain_over_followers": gain})
    assert text.splitlines()[6].endswith(f"): {said}.")


def test_readme_check_tells_stale_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / METRICS).parent.mkdir(parents=True)
    (tmp_path / METRICS).write_text(json.dumps({"simulated": True, "reason": "none", "by_tier": []}))
    (tmp_path / README).write_text("a\n<!-- figures:begin -->\nold\n<!-- figures:end -->\nb\n")
    with pytest.raises(SystemExit, match="stale"):
        main(["--check"])
    main([])
    main(["--check"])
    text = (tmp_path / README).read_text()
    assert text.startswith("a\n<!-- figures:begin -->\nSimulated data. Conversion not computed: none\n<!-- figures:end")


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 under DuckDB 2
def test_the_walk_for_your_own_data(tmp_path, monkeypatch):
    """The mapping file that the README shows imports a file of that shape, and features can be built on it."""
    monkeypatch.setenv("THIQA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("THIQA_ID_KEY", "a key for tests")
    mapping = re.search(r"```yaml\n(.*?)```", (ROOT / README).read_text(encoding="utf-8"), re.DOTALL)[1]
    (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
    source, tables = tmp_path / "export", tmp_path / "tables"
    source.mkdir()
    (source / "posts.csv").write_text(
        "id,account,date,text,likes,comments\n"
        "1,amal,2024-05-01 10:00,Code promo AMAL10,100,4\n"
        "2,amal,2024-05-03 10:00,Couscous du vendredi,304.9K,7\n"
        "3,driss,2024-05-02 10:00,Balade à Salé,,\n"
        "4,driss,2024-05-02 11:00,Encore Salé,beaucoup,1\n"
    )
    before = (source / "posts.csv").read_bytes()
    options = ["--into", str(tables), "--mapping", str(tmp_path / "mapping.yaml"), "--max-rejected", "0.5"]
    result = CliRunner().invoke(app, ["import", "csv", str(source), *options])
    assert result.exit_code == 0, result.output
    assert (source / "posts.csv").read_bytes() == before
    counts = json.loads((tables / "import.json").read_text())["files"]["posts.csv"]
    assert counts == {"read": 4, "accepted": 3, "rejected": 1}
    rejected = [json.loads(line) for line in (tables / "rejected.jsonl").read_text().splitlines()]
    assert [(row["row"], row["found"]) for row in rejected] == [(4, "beaucoup")]
    result = CliRunner().invoke(app, ["features", str(tables), "--out", str(tmp_path / "features.parquet")])
    assert result.exit_code == 0, result.output
    features = pl.read_parquet(tmp_path / "features.parquet")
    assert len(features) == 2
    assert features["followers"].null_count() == 2
    assert sorted(features["posts_30d"]) == [1, 2]
