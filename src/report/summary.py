"""What a published run says first: the main figures as sentences and small tables, in Markdown."""

from typing import Any

from .facts import Facts
from .page import Language, isolated, say, shown_number, summary

MOST_ROWS = 10  # rows of a table in a description


def markdown(facts: Facts, language: Language) -> str:
    """Write the banner, the sentences, and tables: who to work with, conversion by tier, claims, likely hidden ads."""
    banner = (
        say("simulated", language)
        if facts.origin["simulated"]
        else say("imported", language) + " " + facts.origin["name"]
    )
    parts = [f"**{_plain(banner)}**", *map(_plain, summary(facts, language))]

    def number(value: float | None) -> str:
        return shown_number(value, language)

    chosen = facts.plan.get("chosen") or []
    parts += _table("partners", language, ("creator", "tier", "posts", "fee", "deliveries", "interval", "why"), [
        [row["creator_id"], row["tier"], number(row["posts"]), number(row["fee_mad"]), number(row["deliveries"]),
         f"{number(row['low'])} – {number(row['high'])}", "; ".join((row.get("reasons") or {}).get(language, []))]
        for row in chosen[:MOST_ROWS]
    ])  # fmt: skip
    columns = ("per_1000_reached", "per_1000_followers", "per_1000_mad", "per_placement")
    parts += _table("by_tier", language, ("tier", "placements", *columns), [
        [row["tier"], number(row["placements"]), *(number(row[column]) for column in columns)]
        for row in facts.conversion.get("by_tier") or []
    ])  # fmt: skip
    parts += _table("claims", language, ("claim", "verdict", "estimate", "interval"), [
        [row.get(language) or row["claim"], say(row["verdict"], language), number(row["estimate"]),
         f"{number(row['low'])} – {number(row['high'])}"]
        for row in facts.evidence.get("claims") or []
    ])  # fmt: skip
    parts += _table("flagged", language, ("caption", "score"), [
        ["".join(part["text"] for part in post["parts"]), number(post["ad"])] for post in facts.flagged[:MOST_ROWS]
    ])  # fmt: skip
    return "\n\n".join(parts)


def _table(title: str, language: Language, heads: tuple[str, ...], rows: list[list[Any]]) -> list[str]:
    if not rows:
        return []
    lines = ["| " + " | ".join(say(head, language) for head in heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]
    return [f"### {say(title, language)}", "\n".join(lines)]


def _plain(text: str) -> str:
    """Make a text from outside harmless in Markdown: no HTML, no links, no emphasis, one line."""
    one_line = " ".join(isolated(str(text)).split())
    return "".join(f"&#{ord(sign)};" if sign in "<>&[]()!*_`|~#\\" else sign for sign in one_line)
