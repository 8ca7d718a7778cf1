"""World files that are legal, drawn at random: every key, at its bounds as well, in small worlds."""

from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from thiqa.data.world.settings import World

SMALL = {
    "creators": st.integers(10, 60), "months": st.integers(3, 9), "campaigns": st.integers(1, 12),
    "placements": st.integers(3, 150),
}  # fmt: skip
SHARES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, float]:
    weights = [draw(st.integers(0, 20)) for _ in range(3)]
    total = sum(weights) or 1
    nano, micro = (weight / total for weight in weights[:2])
    return {"nano": nano, "micro": micro, "macro": 1 - nano - micro if nano + micro < 1 else 0.0}


def _number(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of(*(_number(each) for each in schema["anyOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if schema["type"] == "integer":
        return st.integers(low, min(high, 2**40))
    bounds = [bound for bound in (low, high) if not _open(schema, bound)]
    inside = st.floats(low, high, exclude_min="exclusiveMinimum" in schema, exclude_max="exclusiveMaximum" in schema)
    return st.one_of(st.sampled_from([float(bound) for bound in bounds]), inside) if bounds else inside


def _open(schema: dict[str, Any], bound: float) -> bool:
    return bound in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))


def _of(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw every key of a part of the file, by the ranges that the model itself states."""
    if model.__name__ == "TierShares":
        return tiers()
    if model.__name__ == "Size":
        return st.fixed_dictionaries(SMALL)
    schemas = model.model_json_schema()["properties"]
    keys = {}
    for name, field in model.model_fields.items():
        part = field.annotation
        is_part = isinstance(part, type) and issubclass(part, BaseModel)
        keys[name] = _of(part) if is_part else _number(schemas[name])
    return st.fixed_dictionaries(keys)


def legal_files() -> st.SearchStrategy[dict[str, Any]]:
    """Draw whole world files."""
    return _of(World)
