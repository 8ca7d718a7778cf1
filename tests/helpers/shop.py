"""A small agency's files by hand: saved answers of Instagram, a table of deals with their codes, a shop's orders."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

CREATORS = 12
CAPTIONS = (
    "Mon café du matin",
    "Avec le code {code} chez @zahra",
    "Testée depuis un mois, voilà mon avis",
    "جربتها شهر كامل",
)
COMMENTS = ("Tu l'as acheté où ?", "top", "chhal taman?", "زوين بزاف", "merci pour l'avis", "❤❤❤")


def write_agency(folder: Path, generator: np.random.Generator) -> Path:
    """Write ``answers/`` and ``shop/`` into a folder; all of it is invented."""
    (folder / "answers").mkdir(parents=True)
    (folder / "shop").mkdir()
    deals, orders = [], []
    for number in range(CREATORS):
        (folder / f"answers/creator_{number:02}_2024-06-30.json").write_text(
            json.dumps(_account(number, generator)), encoding="utf-8"
        )
        for month in (3, 4):
            start = datetime(2024, month, 1 + number)  # noqa: DTZ001 as a shop writes it
            code = f"CREA{number}M{month}"
            deals.append(
                [f"d{number}-{month}", f"creator{number}", "printemps", "Zahra", f"{start:%d/%m/%Y}", code, 800]
            )
            for order in range(int(generator.poisson(1 + number / 2))):
                orders.append(_order(len(orders), start + timedelta(days=order % 20), code, generator))
    _write(
        folder / "shop/deals.csv",
        ["deal", "username", "campagne", "marque", "date accord", "code promo", "cachet"],
        deals,
    )
    _write(
        folder / "shop/orders.csv",
        ["Order Number", "Order Date", "Order Status", "Order Total", "Coupon Code", "Billing Phone"],
        orders,
    )
    return folder


def _account(number: int, generator: np.random.Generator) -> dict[str, Any]:
    followers = int(1_000 * 1.8**number)
    media = [_media(number, post, followers, generator) for post in range(15)]
    return {
        "business_discovery": {
            "id": f"1784140{number:04}",
            "username": f"creator{number}",
            "followers_count": followers,
            "media": {"data": media},
        },
        "id": "17841400000000000",
    }


def _media(number: int, post: int, followers: int, generator: np.random.Generator) -> dict[str, Any]:
    day = datetime(2024, 1, 5) + timedelta(days=8 * post)  # noqa: DTZ001
    native = f"9{number:03}{post:03}"
    comments = [
        {
            "id": f"{native}{index}",
            "text": str(generator.choice(COMMENTS)),
            "username": f"user{generator.integers(40)}",
            "timestamp": f"{day + timedelta(hours=index + 1):%Y-%m-%dT%H:%M:%S}+0000",
        }
        for index in range(int(generator.integers(1, 5)))
    ]
    return {
        "id": native,
        "media_type": "IMAGE",
        "timestamp": f"{day:%Y-%m-%dT%H:%M:%S}+0000",
        "caption": str(generator.choice(CAPTIONS)).format(code=f"CREA{number}M3"),
        "comments_count": len(comments),
        "like_count": int(followers * generator.uniform(0.01, 0.06)),
        "comments": {"data": comments},
        "insights": {"data": [{"name": "reach", "period": "lifetime", "values": [{"value": followers // 3}]}]},
    }


def _order(number: int, day: datetime, code: str, generator: np.random.Generator) -> list[Any]:
    state = generator.choice(["completed", "completed", "processing", "cancelled", "refunded"])
    return [number, f"{day:%Y-%m-%d %H:%M}", state, 250, code.lower(), f"06{number:08}"]


def _write(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
