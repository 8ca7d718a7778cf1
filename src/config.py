"""Configuration: YAML read once into frozen, typed models that refuse unknown keys by their full name."""

from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import InputError

Share = Annotated[float, Field(ge=0, le=1)]
Band = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)] | None]


class Frozen(BaseModel):
    """A part of a configuration: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


Model = TypeVar("Model", bound=BaseModel)


class _Once(yaml.SafeLoader):
    """Reads YAML without keys that are given twice: of two values the reader would never know which one counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(problem=f"key {twice} given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Read YAML.

    :raises InputError: If the file is not there, is not YAML or gives a key twice, with the line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Once)  # noqa: S506 a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{path}{place}: not valid YAML ({getattr(error, 'problem', error)})") from None


def parse(model: type[Model], values: Any, place: str) -> Model:
    """Check values against a model.

    :raises InputError: With one line for each fault, naming the key in full, what was found and what was expected.
    """
    try:
        return model.model_validate({} if values is None else values)
    except ValidationError as error:
        raise InputError([_fault(model, fault, place) for fault in error.errors()]) from None


def load(model: type[Model], path: Path) -> Model:
    """Read a YAML file into a model.

    :raises InputError: As :func:`read_yaml` and :func:`parse` do.
    """
    return parse(model, read_yaml(path), str(path))


def _fault(model: type[BaseModel], fault: Any, place: str) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "the whole file"
    if fault["type"] == "extra_forbidden":
        return f"{place}: unknown key {key}; expected one of {', '.join(_keys_beside(model, fault['loc']))}"
    if fault["type"] == "missing":
        return f"{place}: key {key} missing"
    message = fault["msg"].removeprefix("Value error, ")
    message = message.removeprefix("Input should be ")
    return f"{place}: {key}: found {fault['input']!r:.60}, expected {message}"


def _keys_beside(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Name the keys that are known where an unknown one was found."""
    here: Any = model
    for part in location[:-1]:
        if isinstance(part, int):  # an item of a list
            here = next((item for item in get_args(here) if hasattr(item, "model_fields")), None)
        else:
            field = getattr(here, "model_fields", {}).get(part)
            here = field.annotation if field else None
    return sorted(getattr(here, "model_fields", {}))
