"""The claims by their fixed ids: what each says about which number, in words and as a side of zero."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ..config import read_yaml

Family = Literal["levers", "size"]

LOG_RATE = "log rate of deliveries per reached person, per SD of the feature"
LOG_SUSPICION = "log rate of suspicious comments, per SD of the feature"
RATIO = "log ratio of deliveries {}, small over macro"


@dataclass(frozen=True)
class Claim:
    """One claim; ``side`` is the sign that the article gives to the number."""

    name: str
    family: Family
    side: int
    unit: str
    lever: str | None = None  # key in world files and in :mod:`measures`

    @property
    def words(self) -> dict[str, str]:
        """The claim in French (``fr``) and English (``en``)."""
        return _words()[self.name]


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = read_yaml(Path(__file__).with_name("claims.yaml"))
    return words


def _lever(name: str, side: int, key: str | None = None, unit: str = LOG_RATE) -> Claim:
    return Claim(name, "levers", side, unit, key or name)


CLAIMS: tuple[Claim, ...] = (
    Claim("small_per_follower", "size", +1, RATIO.format("per follower")),
    Claim("small_per_reach", "size", +1, RATIO.format("per reached person")),
    Claim("small_per_mad", "size", +1, RATIO.format("per MAD")),
    Claim("small_absolute", "size", +1, RATIO.format("a placement")),
    Claim("small_more_engaged", "size", +1, "log ratio of interactions per follower, small over macro"),
    Claim("small_cheaper", "size", -1, "log ratio of MAD a placement, small over macro"),
    Claim("small_less_risky", "size", -1,
          "log ratio of the coefficients of variation of deliveries at an equal spend, small over macro"),
    _lever("trust_converts", +1, "trust"),
    _lever("replies", +1),
    _lever("genuine", +1),
    _lever("ad_density", -1),
    _lever("undisclosed_later", -1, "undisclosed"),
    _lever("undisclosed_suspicion", +1, "undisclosed", LOG_SUSPICION),
    _lever("polished", -1),
    _lever("discourse_shift", -1),
    _lever("discourse_suspicion", +1, "discourse_shift", LOG_SUSPICION),
    _lever("overconsumption", -1),
    _lever("overconsumption_suspicion", +1, "overconsumption", LOG_SUSPICION),
    _lever("tested", +1),
    _lever("proximity", +1),
    _lever("community", +1),
    _lever("coherence", +1),
    _lever("resemblance", +1),
    _lever("slow", +1),
    Claim("nano_leads_trends", "size", +1, "days by which nano take up a tag before the others"),
    Claim("ten_micro_beat_one_macro", "size", +1, "log ratio of deliveries at equal fees, micro over macro"),
    Claim("mix_beats_single_tier", "size", +1, "log ratio of deliveries at equal spend, best mix over best tier"),
    Claim("relation_mediates_size", "size", +1, "share of the tier gap in the log rate per reached person"),
    Claim("size_adds_nothing_given_relation", "size", 0,
          "log rate of deliveries per reached person, macro minus small, relation held"),
)  # fmt: skip

BY_NAME = {claim.name: claim for claim in CLAIMS}
# world key -> claim, for whoever compares with a world file
OF_KEY = {claim.lever: claim.name for claim in CLAIMS if claim.lever and claim.unit == LOG_RATE}
