"""What one line of the corpus may say: fields, values and the rules between labels (docs/labelling-guide.md)."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Variety = Literal["fr", "ary-Arab", "ary-Latn", "arb", "en", "zgh", "mixed"]
Slice = Literal["easy", "hard", "evasive"]
Part = Literal["train", "valid", "test", "world"]
Disclosure = Literal["none", "ambiguous", "clear"]
Flag = Annotated[int, Field(ge=0, le=1)]  # strict: true and false are refused
Niche = Literal[
    "sport", "skincare", "decoration", "cooking", "healthy-food", "books", "modest-fashion", "low-cost-travel", "tech",
    "parenting", "other",
]  # fmt: skip

PARTS: tuple[Part, ...] = ("train", "valid", "test", "world")
SLICES: tuple[Slice, ...] = ("easy", "hard", "evasive")
# the share of texts that was aimed at for each variety
TARGETS: dict[Variety, float] = {
    "fr": 0.20, "ary-Arab": 0.25, "ary-Latn": 0.25, "arb": 0.10, "en": 0.07, "zgh": 0.03, "mixed": 0.10,
}  # fmt: skip
VARIETIES: tuple[Variety, ...] = tuple(TARGETS)
DISCLOSURES: tuple[Disclosure, ...] = ("none", "ambiguous", "clear")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")  # all but the line break; a terminal would obey some
POST_LABELS = ("ad", "polished", "overconsumption", "tested")  # 0 or 1
COMMENT_LABELS = ("genuine", "spam", "intent", "suspicion", "trust")
LABELS = POST_LABELS + COMMENT_LABELS


class Text(BaseModel):
    """What posts and comments share."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(pattern=r"^b\d{3}-[pc]\d{2}$")
    text: str = Field(min_length=1, max_length=2000)
    variety: Variety
    slice: Slice
    batch: str = Field(pattern=r"^b\d{3}$")
    part: Part

    @model_validator(mode="after")
    def _id_names_the_batch(self) -> Self:
        if not self.id.startswith(f"{self.batch}-"):
            raise ValueError(f"id {self.id} is not of batch {self.batch}")
        if not self.text.strip():
            raise ValueError("text is blank")
        if _CONTROL.search(self.text):
            raise ValueError("text holds a control character; expected letters, signs and line breaks")
        return self


class Post(Text):
    """A post with its labels."""

    kind: Literal["post"]
    niche: Niche
    ad: Flag
    disclosure: Disclosure
    polished: Flag
    overconsumption: Flag
    tested: Flag

    @model_validator(mode="after")
    def _only_ads_disclose(self) -> Self:
        if not self.ad and self.disclosure != "none":
            raise ValueError(f"disclosure is {self.disclosure} where ad is 0; expected none")
        return self


class Comment(Text):
    """A comment with its labels."""

    kind: Literal["comment"]
    genuine: Flag
    spam: Flag
    intent: Flag
    suspicion: Flag
    trust: Flag

    @model_validator(mode="after")
    def _labels_agree(self) -> Self:
        if self.spam and (self.genuine or self.intent or self.suspicion or self.trust):
            raise ValueError("spam is 1 beside another label; expected spam alone")
        if self.intent and not self.genuine:
            raise ValueError("intent is 1 where genuine is 0; who asks where to buy has seen the post")
        return self


TEXTS = TypeAdapter(list[Annotated[Post | Comment, Field(discriminator="kind")]])
