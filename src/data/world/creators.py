"""Who the creators are: platform, place, niche, size, latent trust, latent levers, and what the tables show of them.

Trust T ~ N(0, 1) is fixed before the first post. With g the draws of a lever, c = confounding.trust_to_levers, b the
side that the article claims and t = tier_to_levers: z = b c T + sqrt(1 - c^2) g + t [macro]. What tables can show of
z is w = sqrt(r) z + sqrt(1 - r) e, with r = measurement.lever_reliability (trust_proxy_r2 for trust): audiences react
to z, posts and comments are drawn from w.
"""

from dataclasses import dataclass

import numpy as np

from ...tables import KINDS
from . import places
from .draws import Bools, Draws, Floats, Ints, Words, pick
from .ids import BY_NAME, ids, scrambled
from .levers import PREVALENCE, levers_of
from .settings import BANDS, TIERS, World

PLATFORM_WEIGHTS = {"facebook": 0.15, "instagram": 0.48, "tiktok": 0.26, "youtube": 0.11}
DAYS_A_MONTH = 30.4375
HABITS_CHANGE = 0.30  # share of creators whose habit of disclosing changes once
NEVER = 1e9  # days: after every world's end


@dataclass(frozen=True)
class Creators:
    """Columns of length n, sorted by id; times are days since the world's start.

    ``latent`` and ``visible`` hold z and w of each lever; ``undisclosed_next`` is the habit after ``habit_at``.
    """

    word: Words
    platform: Ints  # position in ids.BY_NAME
    tier: Ints  # position in TIERS, at the start
    kind: Ints  # position in tables.KINDS
    city: Ints  # as listed
    true_city: Ints  # where the audience feels the creator belongs
    neighbourhood: Ints  # position among the places of the listed city
    niche: Ints  # as listed and written about
    true_niche: Ints  # what the audience follows the creator for
    language: Ints
    joined: Floats
    followers: Floats  # at the start, fakes included
    growth: Floats  # log followers a day
    pace: Floats  # organic posts a week
    engagement: Floats  # how lively the audience is, apart from size; SDs
    following: Floats  # accounts that the creator follows: some hundreds, whatever the size
    trust: Floats
    latent: dict[str, Floats]
    visible: dict[str, Floats]
    habit_at: Floats
    undisclosed_next: Floats  # latent
    undisclosed_next_visible: Floats
    shift_at: Floats  # change of discourse; NEVER where there is none
    shift_at_visible: Floats
    effect: Floats  # what nothing explains, on the log rate

    def __len__(self) -> int:
        return len(self.word)

    @property
    def macro(self) -> Bools:
        """Whether the creator starts as macro."""
        return np.asarray(self.tier == TIERS.index("macro"))

    def names(self) -> list[str]:
        """Return the ids as text."""
        names: list[str] = ids(self.platform, self.word).to_pylist()
        return names


def draw_creators(world: World, draws: Draws) -> Creators:
    """Draw all creators of a world."""
    n, days = world.size.creators, world.size.months * DAYS_A_MONTH
    platform, word = _identities(world, draws)
    tier = _tiers(world, draws)
    kind, platform, word = _kinds(tier, platform, word, draws)
    rng = draws.of("creators.place")
    weights, niche_weights = places.city_weights(), places.NICHE_WEIGHTS
    true_city, true_niche = pick(rng, weights, n), pick(rng, niche_weights, n)
    seen = np.sqrt(world.measurement.lever_reliability)  # listed as it is, or drawn again
    city = np.where(rng.random(n) < seen, true_city, pick(rng, weights, n))
    niche = np.where(rng.random(n) < seen, true_niche, pick(rng, niche_weights, n))
    _, first = places.spelled()
    neighbourhood = (rng.random(n) * (first[city + 1] - first[city])).astype(np.int64)
    joined = -rng.gamma(2.0, 500.0, n)
    followers, growth = _sizes(tier, draws)
    trust, latent, visible = _latents(world, tier, draws)
    habits, shifts = draws.of("creators.habits"), _shifts(world, days, draws)
    changes, change_at = habits.random(n) < HABITS_CHANGE, days * (0.1 + 0.7 * habits.random(n))
    next_latent, next_visible = _next_habit(world, latent["undisclosed"], visible["undisclosed"], draws)
    return Creators(
        word=word, platform=platform, tier=tier, kind=kind, city=city, true_city=true_city,
        neighbourhood=neighbourhood, niche=niche, true_niche=true_niche,
        language=_languages(platform, city, niche, joined, draws), joined=joined, followers=followers, growth=growth,
        pace=np.exp(np.log(2.0) + 0.5 * draws.of("creators.pace").standard_normal(n)),
        engagement=draws.of("creators.engagement").standard_normal(n),
        following=np.exp(np.log(400) + 0.7 * draws.of("creators.following").standard_normal(n)),
        trust=trust, latent=latent, visible=visible,
        habit_at=np.where(changes, change_at, NEVER), undisclosed_next=next_latent,
        undisclosed_next_visible=next_visible, shift_at=shifts[0], shift_at_visible=shifts[1],
        effect=world.noise.creator_sd * draws.of("creators.effect").standard_normal(n),
    )  # fmt: skip


def _identities(world: World, draws: Draws) -> tuple[Ints, Words]:
    n = world.size.creators
    platform = pick(draws.of("creators.platform"), np.array([PLATFORM_WEIGHTS[name] for name in BY_NAME]), n)
    return platform, scrambled(np.arange(n), draws.seed)


def _tiers(world: World, draws: Draws) -> Ints:
    """Share creators out by quota, at least one for each tier that has a share, in random order."""
    n, shares = world.size.creators, np.array([getattr(world.tiers, name) for name in TIERS])
    counts = np.where(shares > 0, np.maximum(1, np.floor(shares * n)), 0).astype(np.int64)
    counts[np.argmax(shares)] += n - counts.sum()
    return draws.of("creators.tier").permutation(np.repeat(np.arange(len(TIERS)), counts))


def _kinds(tier: Ints, platform: Ints, word: Words, draws: Draws) -> tuple[Ints, Ints, Words]:
    """Make clubs, associations and groups by quota (fewer among macro), groups on Facebook; sort by id."""
    rng, n = draws.of("creators.kind"), len(tier)
    share = PREVALENCE["community"]
    ease = rng.exponential(size=n) / np.where(tier == TIERS.index("macro"), 0.4, 1.0)
    communities = np.argsort(ease, kind="stable")[: max(1, round(share * n))]
    kind = np.full(n, KINDS.index("person"))
    kind[communities] = 1 + np.arange(len(communities)) % (len(KINDS) - 1)
    platform = np.where(kind == KINDS.index("facebook_group"), BY_NAME.index("facebook"), platform)
    order = np.lexsort((word, platform))
    return kind[order], platform[order], word[order]


def _sizes(tier: Ints, draws: Draws) -> tuple[Floats, Floats]:
    """Draw followers: log-uniform nano and micro, a Pareto tail above 100,000 (index 1.1); and their growth."""
    rng, n = draws.of("creators.followers"), len(tier)
    uniform = rng.random(n)
    low = np.array([BANDS[name][0] for name in TIERS], dtype=np.float64)[tier]
    high = np.array([BANDS[name][1] for name in TIERS], dtype=np.float64)[tier]
    even = low * (high / low) ** (0.02 + 0.94 * uniform)
    index = 1.1
    heavy = low * (1 - uniform * (1 - (low / high) ** index)) ** (-1 / index)
    growth = rng.normal(0.08, 0.10, n) / 365
    return np.where(tier == TIERS.index("macro"), heavy * 1.02, even), growth


def _latents(world: World, tier: Ints, draws: Draws) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    n, macro = len(tier), tier == TIERS.index("macro")
    pull, shift = world.confounding.trust_to_levers, world.tier_to_levers
    trust = draws.of("creators.trust").standard_normal(n) + shift.trust * macro
    latent, visible = {"trust": trust}, {}
    for lever in levers_of(world).values():
        if lever.level == "placement" or lever.kind == "binary":
            continue
        rng = draws.of(f"creators.lever.{lever.name}")
        own, noise = rng.standard_normal(n), rng.standard_normal(n)
        if lever.name != "trust":
            strength = pull if lever.trusted else 0.0
            # trust counts without its tier shift: tier_to_levers is all that a tier does to a lever
            latent[lever.name] = (
                lever.side * strength * (trust - shift.trust * macro)
                + np.sqrt(1 - strength**2) * own
                + getattr(shift, lever.name, 0.0) * macro
            )
        visible[lever.name] = shown(world, lever.name, latent[lever.name], noise)
    return trust, latent, visible


def shown(world: World, lever: str, latent: Floats, noise: Floats) -> Floats:
    """Return w, what behaviour shows of the latent z."""
    measurement = world.measurement
    reliability = measurement.trust_proxy_r2 if lever == "trust" else measurement.lever_reliability
    return np.asarray(np.sqrt(reliability) * latent + np.sqrt(1 - reliability) * noise)


def _next_habit(world: World, latent: Floats, visible: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """Draw a second habit of disclosing, half like the first; what shows of it errs like the first."""
    rng = draws.of("creators.habits.next")
    other = 0.5 * latent + np.sqrt(0.75) * rng.standard_normal(len(latent))
    reliability = world.measurement.lever_reliability
    error = visible - np.sqrt(reliability) * latent
    return other, np.sqrt(reliability) * other + error


def _shifts(world: World, days: float, draws: Draws) -> tuple[Floats, Floats]:
    """Draw when the discourse changes, and when texts show it: the same change, or another drawn in its place."""
    rng, n = draws.of("creators.shift"), world.size.creators
    share = PREVALENCE["discourse_shift"]
    times = [np.where(rng.random(n) < share, days * rng.uniform(0.05, 0.95, n), NEVER) for _ in range(2)]
    seen = rng.random(n) < np.sqrt(world.measurement.lever_reliability)
    return times[0], np.where(seen, times[0], times[1])


def _languages(platform: Ints, city: Ints, niche: Ints, joined: Floats, draws: Draws) -> Ints:
    """Draw main varieties by platform, age of the account, city and niche; the strengths are our assumptions.

    More Arabizi on TikTok and young accounts, Arabic script on Facebook, Tamazight in Agadir, French in Casablanca and
    Rabat and for books, decoration and tech.
    """
    base = np.log([0.28, 0.22, 0.24, 0.05, 0.04, 0.02, 0.15])  # order of places.VARIETIES
    score = np.tile(base, (len(platform), 1))
    french, arab, latin, amazigh = (places.VARIETIES.index(name) for name in ("fr", "ary-Arab", "ary-Latn", "zgh"))
    homes = np.array([entry["city"] for entry in places.cities()])[city]
    score[homes == "Agadir", amazigh] += 1.8
    score[np.isin(homes, ["Casablanca", "Rabat"]), french] += 0.3
    score[platform == BY_NAME.index("tiktok"), latin] += 0.5
    score[platform == BY_NAME.index("facebook"), arab] += 0.6
    score[joined > -500, latin] += 0.3
    for name in ("books", "decoration", "tech"):
        score[niche == places.NICHE_NAMES.index(name), french] += 0.5
    gumbel = draws.of("creators.language").gumbel(size=score.shape)
    return np.asarray(np.argmax(score + gumbel, axis=1))
