"""How the shipped text model behaves, variety by variety: plain cases, changes that must not matter, changes that must.

MFT, INV and DIR of Ribeiro et al. 2020 (CheckList).
"""

from itertools import product

import numpy as np
import polars as pl
import pytest

from thiqa.models.text.behaviour import CALL, SPELLINGS, TAG
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import TextScorer, disclosed, load_scorer

AD = {
    "fr": "Avec mon code {name}{n} vous avez {n}% de remise sur la crème, le lien est en bio, foncez",
    "ary-Arab": "الكود ديالي {name}{n} فيه تخفيض {n}% على الكريم، الرابط فالبايو، سيرو كوموندي دابا",
    "ary-Latn": "code dyali {name}{n} fih -{n}% 3la la crème, lien f bio, sirou commandiw daba",
    "arb": "استعملوا الكود {name}{n} للحصول على خصم {n}% على الكريم، الرابط في البايو، اطلبوا الآن",
    "en": "Use my code {name}{n} for {n}% off the cream, link in bio, shop now",
    "zgh": "ssmrsat lkod inu {name}{n}, -{n}%, lien g bio, sɣat ɣassad",
    "mixed": "Mon code {name}{n} 3la la crème -{n}%, lien f bio, commandez daba",
}
NO_AD = {
    "fr": "Petit déjeuner en famille ce matin, msemen et thé, il a plu toute la nuit",
    "ary-Arab": "فطور العائلة هاد الصباح، مسمن وأتاي، الشتا طاحت الليل كامل",
    "ary-Latn": "ftour m3a l3a2ila had sbah, msemen w atay, chta tahet lil kamel",
    "arb": "فطور عائلي هذا الصباح، مسمن وشاي، أمطرت طوال الليل",
    "en": "Family breakfast this morning, msemen and tea, it rained all night",
    "zgh": "nssa atay d uɣrum zik d twja, anẓar iga iḍ kullu",
    "mixed": "petit dej m3a la famille, msemen w thé, chta lil kamel",
}
COMPLAINT = {
    "fr": "Le code promo de cette boutique ne marche pas, j'ai perdu une heure, je ne commande plus chez eux",
    "ary-Arab": "الكود ديال هاد المحل ما خدمش ليا، ضيعت ساعة، ما بقيتش نشري من عندهم",
    "ary-Latn": "lcode dyal had l7anout makhdemch lia, dayya3t sa3a, mab9itch nchri mn 3ndhom",
    "arb": "كود هذا المتجر لم يعمل معي وأضعت ساعة، لن أشتري منهم مجددا",
    "en": "The promo code of this shop did not work, I wasted an hour, never ordering from them again",
    "zgh": "lkod n tḥanut ad ur iyi ixdim, ssrɣ yat tsragt, ur sar d ɣaɣ zɣ dari nnsn",
    "mixed": "le code promo dyal had boutique makhdemch lia, j'ai perdu une heure, mab9itch n commander mn 3ndhom",
}
SPAM = {
    "fr": "Gagnez 300 dh par jour depuis chez vous, contactez-moi sur whatsapp",
    "ary-Arab": "ربحي 300 درهم فالنهار من الدار، تواصلي معايا واتساب",
    "ary-Latn": "rbe7 300dh f nhar mn dar, tsift lia whatsapp",
    "arb": "اربح ألف درهم يوميا من المنزل، تواصل معي عبر الواتساب",
    "en": "Earn $300 a day from home, message me on whatsapp",
    "zgh": "arba7 300 dh i wass zɣ tgmmi, azn yi ɣ whatsapp",
    "mixed": "gagnez 300 dh f nhar mn dar, contactez moi whatsapp",
}
INTENT = {
    "fr": "C'est combien et vous livrez à Agadir ?", "ary-Arab": "بشحال وواش كاين التوصيل لأكادير؟",
    "ary-Latn": "bch7al w wach kayn tawsil l agadir?", "arb": "كم السعر وهل يوجد توصيل إلى أكادير؟",
    "en": "How much is it and do you deliver to Agadir?",
    "zgh": "mnck attig nns, is illa tawsil s agadir?", "mixed": "c'est combien w wach kayn livraison l agadir ?",
}  # fmt: skip
HOLLOW = {"fr": "trop belle 😍😍", "ary-Arab": "زوينة بزاف تبارك الله", "ary-Latn": "zwina bzaf tbarkellah",
          "arb": "ما شاء الله رائع", "en": "so pretty, love it 😍", "zgh": "ifulki bahra tbarkellah",
          "mixed": "trop zwina tbarkellah 😍"}  # fmt: skip


@pytest.fixture(scope="module")
def scorer() -> TextScorer:
    return load_scorer(SHIPPED)


def ads(scorer: TextScorer, *texts: str) -> np.ndarray:
    return scorer.answers(pl.Series("text", texts), "post").of("ad")


def said(scorer: TextScorer, head: str, text: str) -> bool:
    return bool(scorer.answers(pl.Series("text", [text]), "comment").flags(head)[0])


@pytest.mark.parametrize("variety", AD)
def test_a_plain_ad_and_a_plain_day_are_told_apart(variety: str, scorer: TextScorer):
    answers = scorer.answers(pl.Series("text", [AD[variety].format(name="SARA", n=10), NO_AD[variety]]), "post")
    assert answers.flags("ad").tolist() == [True, False]


@pytest.mark.parametrize("variety", AD)
def test_names_prices_emoji_and_case_do_not_flip_an_ad(variety: str, scorer: TextScorer):
    texts = [AD[variety].format(name=name, n=n) + tail for name, n, tail in
             (("SARA", 10, ""), ("OMAR", 25, ""), ("HIBA", 15, " 🔥🔥"), ("YASMINE", 30, " !!!!"))]  # fmt: skip
    answers = scorer.answers(pl.Series("text", [*texts, texts[0].upper()]), "post")
    assert answers.flags("ad").all()


@pytest.mark.parametrize(("spelling", "variety"), [*product(SPELLINGS, AD)])
def test_spelling_does_not_flip_an_ad(spelling: str, variety: str, scorer: TextScorer):
    texts = [SPELLINGS[spelling](text) for text in (AD[variety].format(name="SARA", n=10), NO_AD[variety])]
    assert scorer.answers(pl.Series("text", texts), "post").flags("ad").tolist() == [True, False]


@pytest.mark.parametrize("variety", CALL)
def test_a_call_to_buy_raises_the_score(variety: str, scorer: TextScorer):
    before, after = ads(scorer, NO_AD[variety], f"{NO_AD[variety]}. {CALL[variety]}")
    assert after > before + 0.2


@pytest.mark.parametrize("variety", COMPLAINT)
def test_a_complaint_about_a_code_is_no_ad(variety: str, scorer: TextScorer):
    assert not scorer.answers(pl.Series("text", [COMPLAINT[variety]]), "post").flags("ad")[0]


@pytest.mark.parametrize("variety", TAG)
def test_a_disclosure_changes_the_disclosure_and_not_the_ad(variety: str, scorer: TextScorer):
    plain = AD[variety].format(name="SARA", n=10)
    texts = pl.Series("text", [plain, f"{TAG[variety]} {plain}"])
    assert disclosed(texts).to_list() == ["none", "clear"]
    assert scorer.answers(texts, "post").flags("ad").all()


@pytest.mark.parametrize("variety", SPAM)
def test_plain_comments(variety: str, scorer: TextScorer):
    assert said(scorer, "spam", SPAM[variety])
    assert said(scorer, "intent", INTENT[variety])
    assert not said(scorer, "spam", INTENT[variety])
    assert not said(scorer, "genuine", HOLLOW[variety])
    assert not said(scorer, "spam", HOLLOW[variety])
