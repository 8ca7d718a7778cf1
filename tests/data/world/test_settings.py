"""The world file: what is refused, and what is taken from the defaults."""

import pytest
import yaml

from thiqa.data.world.settings import DEFAULT, read_world
from thiqa.errors import InputError

from .conftest import WORLDS

NAMES = {"maroc", "null", "null-fraud", "null-confounded", "fraud", "size-only", "shapes", "confounded"}


def test_world_files_are_the_ones_others_rely_on():
    assert {path.stem for path in WORLDS.glob("*.yaml")} >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_stored_world_is_valid(name):
    assert read_world(WORLDS / f"{name}.yaml").seed == 7


def test_maroc_of_the_experiments_is_the_default_itself():
    assert (WORLDS / "maroc.yaml").resolve() == DEFAULT.resolve()


def test_absent_keys_take_the_defaults(tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("effects: {trust: 0.1}")
    world, default = read_world(file), read_world(DEFAULT)
    assert world.effects.trust == 0.1
    assert world.model_copy(update={"effects": default.effects}) == default
    assert world.effects.replies == default.effects.replies


def test_empty_file_is_the_default_world(tmp_path):
    file = tmp_path / "empty.yaml"
    file.write_text("")
    assert read_world(file) == read_world(DEFAULT)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("effects: {trsut: 0.1}", "effects.trsut"),
        ("efects: {trust: 0.1}", "efects"),
        ("effects: {polished: {mega: 0.1}}", "effects.polished.mega"),
        ("effects: {polished: -0.1}", "effects.polished"),
        ("fraud: {stealth: 1.5}", "fraud.stealth"),
        ("size: {creators: 3}", "size.creators"),
        ("size: {creators: 40.5}", "size.creators"),
        ("measurement: {lever_reliability: -0.1}", "measurement.lever_reliability"),
        ("tiers: {nano: 0.9}", "tiers"),
        ("shape: {ad_density_threshold: on}", "shape.ad_density_threshold"),
        ("effects: {trust: .nan}", "effects.trust"),
        ("generic_praise: 0.99", "generic_praise"),
        ("tier_to_levers: {polished: 0.1}", "tier_to_levers.polished"),
        ("effects: {trust: on}", "effects.trust: found True"),
        ("size: {months: '12'}", "size.months: found '12'"),
        ("effects: {trust: }", "effects.trust: found None"),
        ("noise:", "noise: found None"),
        ("seed: true", "seed: found True"),
        ("seed: 1\nseed: 2", "line 1, column 1: not valid YAML .key seed given twice"),
        ("- 1", "expected the keys of a world file"),
    ],
)
def test_fault_is_refused_by_full_name(text, named, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=named):
        read_world(file)


def test_every_default_is_written_in_the_default_file_alone():
    def keys(values, above=""):
        for key, value in values.items():
            yield above + key
            if isinstance(value, dict):
                yield from keys(value, f"{above}{key}.")

    stored = yaml.safe_load(DEFAULT.read_text())
    assert set(keys(stored)) == set(keys(read_world(DEFAULT).model_dump()))


@pytest.mark.parametrize("scale", [0, -1, 1e9])
def test_scale_out_of_range_is_refused(scale):
    with pytest.raises(InputError, match="scale"):
        read_world(DEFAULT, scale=scale)


def test_scale_multiplies_size_but_not_months():
    size = read_world(DEFAULT, scale=2).size
    assert (size.creators, size.months, size.campaigns, size.placements) == (1200, 12, 120, 10_000)
