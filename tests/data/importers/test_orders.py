"""Orders of three kinds of shop, linked to the deals whose codes brought them."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thiqa.data.importers import Attribution, import_answers, import_orders
from thiqa.errors import InputError

DEALS = [
    line.split(",")
    for line in """\
deal,username,campagne,marque,date accord,debut,fin,code promo,utm,cachet
d1,@Amal,printemps,Zahra,01/03/2024,05/03/2024,20/03/2024,Amal10,,1 500 DH
d2,driss,printemps,Zahra,01/03/2024,05/03/2024,20/03/2024,,driss_reel,900""".splitlines()
]
SHOPIFY = [
    line.split(",")
    for line in """\
Name,Email,Financial Status,Fulfillment Status,Total,Discount Code,Created at,Cancelled at,Phone,Landing site
#1,a@b.c,paid,fulfilled,200.00,AMAL 1O,2024-03-06 10:00:00 +0100,,+212 600-000001,
#1,,,,,,2024-03-06 10:00:00 +0100,,,
#2,,pending,fulfilled,150.00,,2024-03-07 10:00:00 +0100,,0600000002,/?utm_source=ig&utm_campaign=driss_reel
#3,,refunded,fulfilled,150.00,amal10,2024-03-08 10:00:00 +0100,,0600000003,
#4,,voided,,90.00,AMAL10,2024-03-08 11:00:00 +0100,2024-03-09,0600000004,
#5,,paid,fulfilled,200.00,amal-10,2024-03-06 20:00:00 +0100,,0600000001,""".splitlines()
]
WOO = [
    line.split(",")
    for line in """\
Order Number,Order Status,Order Date,Order Total,Coupon Code,Billing Phone,utm_campaign
11,wc-completed,2024-03-10 09:00:00,300,amal10,0611,
12,processing,2024-03-11 09:00:00,300,,0612,Driss Reel
13,on-hold,2024-06-01 09:00:00,300,AMAL10,0613,
14,completed,2024-03-12 09:00:00,300,NOEL,0614,
15,marchait pas,2024-03-12 09:00:00,300,amal10,0615,""".splitlines()
]
YOUCAN = [["رقم الطلب", "الحالة", "تاريخ الطلب", "المجموع", "كوبون", "الهاتف"],
          ["Y1", "تم التوصيل", "2024-03-13 10:00", "١٢٠ درهم", "АMAL10", "٠٦٠٠٠٠٠٠٢١"],
          ["Y2", "ملغي", "2024-03-13 11:00", "120,00", "amal10", "0600000022"],
          ["Y3", "مؤكد", "2024-03-14 11:00", "120,00", "", "0600000023"]]  # fmt: skip


def save(path: Path, rows: list[list[str]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """Two accounts, known by user name."""
    videos = [{"id": str(n), "create_time": 1709000000, "username": name} for n, name in enumerate(("amal", "driss"))]
    (tmp_path / "v.json").write_text(json.dumps({"data": {"videos": videos}}))
    import_answers("tiktok-research", tmp_path / "v.json", tmp_path / "t")
    return tmp_path / "t"


def placements(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["placement_id"]: row for row in pl.read_parquet(folder / "placements.parquet").to_dicts()}


def unlinked(folder: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in (folder / "unlinked.jsonl").read_text().splitlines()]
    return {row["order_id"]: row["reason"] for row in rows}


def test_shopify_orders_by_code_and_by_utm(imported: Path, tmp_path: Path):
    save(tmp_path / "e/deals.csv", DEALS)
    save(tmp_path / "e/orders_export.csv", SHOPIFY)
    counts = import_orders(tmp_path / "e", imported)
    assert counts["orders_export.csv"] == {"read": 6, "accepted": 6, "rejected": 0}
    found = placements(imported)
    amal, driss = found["d1"], found["d2"]
    # ordered: #1 (a code that looks alike), #3 that came back, #4 that was cancelled; #5 is #1 ordered again
    assert [amal[name] for name in ("ordered", "confirmed", "delivered", "revenue_mad")] == [3, 2, 1, 200.0]
    assert [driss[name] for name in ("ordered", "confirmed", "delivered", "revenue_mad")] == [1, 1, 0, 0.0]
    assert (amal["fee_mad"], amal["agreed_at"].day) == (1500.0, 29)  # midnight in Casablanca, an hour ahead of UTC
    assert unlinked(imported) == {"#5": "the same customer ordered the same again"}
    written = b"".join(path.read_bytes() for path in imported.iterdir())
    assert b"600000001" not in written


def test_woocommerce_and_youcan_and_what_is_not_linked(imported: Path, tmp_path: Path):
    deals = save(tmp_path / "deals.csv", DEALS)
    save(tmp_path / "e/woo.csv", WOO)
    save(tmp_path / "e/youcan.csv", YOUCAN)
    counts = import_orders(tmp_path / "e", imported, deals=deals)
    assert counts["woo.csv"] == {"read": 5, "accepted": 4, "rejected": 1}
    (rejected,) = [json.loads(line) for line in (imported / "rejected.jsonl").read_text().splitlines()]
    assert (rejected["found"], rejected["column"], rejected["row"]) == ("marchait pas", "status", 5)
    assert unlinked(imported) == {
        "13": "of a deal that did not run then", "14": "its code belongs to no deal",
        "Y3": "neither code nor UTM"}  # fmt: skip
    found = placements(imported)
    assert [found["d1"][name] for name in ("ordered", "confirmed", "delivered", "revenue_mad")] == [3, 2, 2, 420.0]
    assert [found["d2"][name] for name in ("ordered", "confirmed", "delivered")] == [1, 1, 0]
    summary = json.loads((imported / "import.json").read_text())["orders"]
    assert (summary["orders"], summary["linked"], summary["unlinked"]) == (7, 4, 3)


def test_twice_is_once_and_a_later_export_tells_how_it_went_on(imported: Path, tmp_path: Path):
    save(tmp_path / "e/deals.csv", DEALS)
    save(tmp_path / "e/woo 2024-03-15.csv", WOO[:4])
    import_orders(tmp_path / "e", imported)
    once = {path.name: path.read_bytes() for path in imported.iterdir()}
    import_orders(tmp_path / "e", imported)
    assert {path.name: path.read_bytes() for path in imported.iterdir()} == once
    later = [WOO[0], ["12", "completed", *WOO[2][2:]]]
    import_orders(save(tmp_path / "woo 2024-04-15.csv", later), imported)
    assert placements(imported)["d2"]["delivered"] == 1
    assert placements(imported)["d1"]["ordered"] == 1


def test_a_leaked_code_and_the_rules(imported: Path, tmp_path: Path):
    head = [*WOO[0], "Referrer"]
    honest = [[str(n), "completed", "2024-03-10 09:00", "100", "amal10", f"07000000{n}", "", ""] for n in range(10, 14)]
    leaked = [[str(n), "completed", "2024-03-10 09:00", "100", "amal10", f"07000000{n}", "", "https://www.igraal.com/x"]
              for n in range(20, 27)]  # fmt: skip
    save(tmp_path / "e/deals.csv", DEALS)
    save(tmp_path / "e/woo.csv", [head, *honest, *leaked])
    import_orders(tmp_path / "e", imported)
    assert placements(imported)["d1"]["delivered"] == 4
    assert set(unlinked(imported).values()) == {"the code leaked to a coupon site"}
    assert json.loads((imported / "import.json").read_text())["orders"]["leaked codes"] == ["AMAL10"]
    import_orders(tmp_path / "e", imported, rules=Attribution(keep_leaked=True))
    assert placements(imported)["d1"]["delivered"] == 11


def test_deals_of_nobody_and_orders_without_deals(imported: Path, tmp_path: Path):
    orders = save(tmp_path / "woo.csv", WOO[:4])
    with pytest.raises(InputError, match="give a table of deals"):
        import_orders(orders, imported)
    stranger = save(tmp_path / "deals.csv", [DEALS[0], [*DEALS[1][:1], "nobody", *DEALS[1][2:]]])
    with pytest.raises(InputError, match="expected a creator whose account was imported before"):
        import_orders(orders, imported, deals=stranger)
