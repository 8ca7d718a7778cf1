"""The truth: interventions do what the file declares, and a twin world's regression finds what is observable."""

import numpy as np
import pytest

from thiqa.data.world.drawn import draw
from thiqa.data.world.draws import Draws
from thiqa.data.world.levers import levers_of
from thiqa.data.world.outcomes import contribution, log_rate, with_shift
from thiqa.data.world.posts import suspicion_rate
from thiqa.data.world.settings import TIERS, read_world
from thiqa.data.world.truth import REACTIONS, intervened, observable, reference, rows_of, slope
from thiqa.data.world.twins import feature, scene, twin

from .conftest import WORLDS

LEVERS = ("trust", "replies", "genuine", "ad_density", "undisclosed", "polished", "discourse_shift", "overconsumption",
          "tested", "proximity", "community", "coherence", "resemblance", "slow")  # fmt: skip
SIZE = {"size.creators": 120, "size.months": 8, "size.campaigns": 10, "size.placements": 600}
NOT_LEVERS = {"tier", "brand"}


def test_every_effect_is_tried(make_world):
    world = make_world(SIZE)
    assert set(LEVERS) | NOT_LEVERS == set(type(world.effects).model_fields)
    assert tuple(levers_of(world)) == LEVERS


@pytest.mark.parametrize("base", ["null.yaml", "null-confounded.yaml", "null-fraud.yaml"])
@pytest.mark.parametrize("lever", LEVERS)
def test_null_world_intervening_changes_no_true_rate(lever, base, make_world):
    drawn = draw(make_world(SIZE, base))
    shifted = with_shift(drawn.world, lever, drawn.exposure)
    assert not np.array_equal(shifted.values[lever], drawn.exposure.values[lever])
    np.testing.assert_array_equal(log_rate(drawn.world, shifted, drawn.rest), drawn.log_rate)
    assert (drawn.deals.real == 1).all() == (base != "null-fraud.yaml")


@pytest.mark.parametrize("lever", LEVERS)
def test_effect_alone_moves_the_true_rate_as_declared(lever, make_world):
    coefficient = 0.4
    key, value = f"effects.{lever}", coefficient
    if lever == "polished":
        value = dict.fromkeys(TIERS, coefficient)
    without, alone = draw(make_world(SIZE)), draw(make_world({**SIZE, key: value}))
    # common draws: the two worlds differ in this effect alone
    np.testing.assert_array_equal(without.deals.creator, alone.deals.creator)
    spec, raw = levers_of(alone.world)[lever], alone.exposure.values[lever]
    standard = spec.standard(raw) if spec.kind == "share" else raw
    np.testing.assert_allclose(alone.log_rate - without.log_rate, coefficient * standard, atol=1e-12)
    change = intervened(alone, lever)
    assert (change >= 0).all()
    if spec.kind != "share":
        np.testing.assert_allclose(change, coefficient, atol=1e-12)
    else:  # ten points, less where the share is clipped
        most = coefficient * (spec.standard(np.array([0.1])) - spec.standard(np.array([0.0])))[0]
        np.testing.assert_allclose(change.max(), most, rtol=1e-9)
        assert 0.8 * most < change.mean() <= most * (1 + 1e-9)


def test_effect_of_the_brand_follows_its_quality_and_is_nothing_in_the_null_world(make_world):
    without, alone = draw(make_world(SIZE)), draw(make_world({**SIZE, "effects.brand": 0.3}))
    quality = alone.campaigns.brand_quality[alone.campaigns.brand[alone.deals.campaign]]
    np.testing.assert_allclose(alone.log_rate - without.log_rate, 0.3 * quality, atol=1e-12)
    assert without.world.effects.brand == 0


@pytest.mark.parametrize("tier", TIERS)
def test_tier_effect_alone_moves_that_tier_only(tier, make_world):
    without, alone = draw(make_world(SIZE)), draw(make_world({**SIZE, f"effects.tier.{tier}": -0.5}))
    moved = alone.log_rate - without.log_rate
    mine = alone.deals.tier == TIERS.index(tier)
    np.testing.assert_allclose(moved[mine], -0.5)
    np.testing.assert_allclose(moved[~mine], 0)


@pytest.mark.parametrize("tier", TIERS)
def test_polish_works_in_its_own_tier_only(tier, make_world):
    drawn = draw(make_world({**SIZE, f"effects.polished.{tier}": -0.3}))
    moved = contribution(drawn.world, "polished", drawn.exposure)
    assert (moved[drawn.deals.tier != TIERS.index(tier)] == 0).all()
    assert (moved[drawn.deals.tier == TIERS.index(tier)] != 0).all()


@pytest.mark.parametrize("lever", ["replies", "genuine", "trust"])
def test_tier_to_levers_shifts_macro_only(lever, make_world):
    without, alone = draw(make_world(SIZE)), draw(make_world({**SIZE, f"tier_to_levers.{lever}": -0.4}))
    moved = alone.creators.latent[lever] - without.creators.latent[lever]
    np.testing.assert_allclose(moved[alone.creators.macro], -0.4)
    np.testing.assert_allclose(moved[~alone.creators.macro], 0)


@pytest.mark.parametrize("reaction", REACTIONS)
def test_reaction_alone_moves_suspicion_as_declared(reaction, make_world):
    drawn = draw(make_world({**SIZE, f"reactions.{reaction}": 0.3}))
    kind = levers_of(drawn.world)[REACTIONS[reaction]].kind
    change = intervened(drawn, reaction)
    assert (change >= 0).all()
    assert change.mean() > 0
    if kind == "binary":
        np.testing.assert_allclose(change, 0.3)
    one = {"undisclosed_suspicion": (1, 0, 0), "discourse_suspicion": (0, 1, 0), "overconsumption_suspicion": (0, 0, 1)}
    rates = [suspicion_rate(drawn.world, *map(np.array, values)) for values in (one[reaction], (0, 0, 0))]
    assert rates[0] - rates[1] == pytest.approx(0.3)


@pytest.fixture(scope="module")
def scenes():
    """Fresh draws of the default file at the reference size, by whether there is fraud."""
    world = reference(read_world(WORLDS / "maroc.yaml"))
    honest = world.fraud.model_copy(update=dict.fromkeys(TIERS, 0.0))
    return {fraud: [scene(draw(each, replicate)) for replicate in range(301, 325)]
            for fraud, each in {True: world, False: world.model_copy(update={"fraud": honest})}.items()}  # fmt: skip


def plain_minus_observable(seen, lever):
    """Return the slope of the whole log rate on the feature, nothing held, less what the truth states.

    The rate is per reached real person; that of ``genuine`` per reached person.
    """
    moved = twin(seen.drawn, lever)
    rows = rows_of(moved.exposure, lever)
    total = moved.log_rate + (np.log(moved.deals.real) if lever == "genuine" else 0)
    return slope(total, feature(seen, moved, lever), rows) - observable(seen, lever, rows)


@pytest.mark.long
@pytest.mark.parametrize("fraud", [True, False])
@pytest.mark.parametrize("lever", LEVERS)
def test_plain_regression_in_the_twin_world_gives_observable(lever, fraud, scenes):
    apart = np.array([plain_minus_observable(seen, lever) for seen in scenes[fraud]])
    error = apart.std(ddof=1) / np.sqrt(len(apart))
    assert abs(apart.mean()) < 4 * error
    assert error < 0.025  # else agreement would mean nothing


@pytest.mark.parametrize("lever", LEVERS)
def test_twin_lever_depends_on_nothing_else(lever, make_world):
    drawn = draw(make_world({**SIZE, "size.placements": 3000, "confounding.trust_to_levers": 0.9}, "confounded.yaml"))
    moved = twin(drawn, lever)
    value = moved.exposure.values[lever]
    other = drawn.exposure.values["replies"] if lever == "trust" else drawn.exposure.values["trust"]
    assert abs(np.corrcoef(value, other)[0, 1]) < 4 / np.sqrt(120)


@pytest.mark.parametrize("lever", ["trust", "replies", "polished", "ad_density", "resemblance"])
def test_reliability_bounds_what_tables_show(lever, make_world):
    size = {**SIZE, "size.creators": 400}
    key = "measurement.trust_proxy_r2" if lever == "trust" else "measurement.lever_reliability"
    for reliability in (0.0, 0.5, 1.0):
        creators = draw(make_world({**size, key: reliability})).creators
        found = np.corrcoef(creators.latent[lever], creators.visible[lever])[0, 1] ** 2
        assert found == pytest.approx(reliability, abs=0.12)


def test_better_brands_hire_more_trusted_creators(make_world):
    def together(strength):
        size = {**SIZE, "size.creators": 400, "size.campaigns": 200, "size.placements": 4000}
        drawn = draw(make_world({**size, "confounding.brand_to_creator": strength}))
        quality = drawn.campaigns.brand_quality[drawn.campaigns.brand[drawn.deals.campaign]]
        return np.corrcoef(quality, drawn.creators.trust[drawn.deals.creator])[0, 1]

    assert abs(together(0.0)) < 0.08
    assert together(0.6) > 0.3


def test_trust_causes_levers_on_the_claimed_side(make_world):
    creators = draw(make_world({**SIZE, "size.creators": 600, "confounding.trust_to_levers": 0.6})).creators
    for lever in levers_of(make_world(SIZE)).values():
        if lever.trusted:
            found = np.corrcoef(creators.trust, creators.latent[lever.name])[0, 1]
            assert found == pytest.approx(0.6 * lever.side, abs=0.12)


def test_streams_are_apart_and_repeat():
    draws = Draws(7)
    assert draws.of("a").random() == draws.of("a").random()
    assert (
        len({draws.of("a").random(), draws.of("b").random(), draws.of("a", 1).random(), Draws(8).of("a").random()}) == 4
    )
