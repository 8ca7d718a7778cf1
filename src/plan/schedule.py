"""When posts are published: spread over the weeks of the campaign, and evenly filled weeks."""

from datetime import timedelta
from typing import Any

from .campaign import Campaign


def calendar(campaign: Campaign, posts: dict[str, int]) -> list[dict[str, Any]]:
    """Assign the posts of each creator to weeks.

    Posts go to weeks in turn, in an order in which neighbours are far apart, so that the posts of a creator are spread
    and no week has more than one post above another: the limit ``pace.per_week`` on the sum holds for each week.

    :return: For each week: ``week`` (from 1), ``starts_at``, ``posts`` in all and by ``creators``.
    """
    order = far_apart(campaign.weeks)
    weeks: list[dict[str, int]] = [{} for _ in order]
    turn = 0
    for creator in sorted(posts):
        for _ in range(posts[creator]):
            week = weeks[order[turn % len(order)]]
            week[creator] = week.get(creator, 0) + 1
            turn += 1
    return [
        {"week": number + 1, "starts_at": str(campaign.starts_at + timedelta(days=7 * number)),
         "posts": sum(week.values()), "creators": week}
        for number, week in enumerate(weeks)
    ]  # fmt: skip


def far_apart(count: int) -> list[int]:
    """Order 0 … count - 1 so that neighbours are far apart (van der Corput: bits reversed).

    >>> far_apart(8)
    [0, 4, 2, 6, 1, 5, 3, 7]
    """
    bits = max(1, (count - 1).bit_length())
    return sorted(range(count), key=lambda number: int(f"{number:0{bits}b}"[::-1], 2))
