"""A service with pydantic types, whose schema the tests compare with that of the same in Rust."""

from enum import Enum
from typing import Dict, List, Optional, Set, Tuple

from hypha_rpc.utils.schema import schema_function
from pydantic import BaseModel, Field


class Unit(str, Enum):
    celsius = "celsius"
    kelvin = "kelvin"


class Place(BaseModel):
    """A place."""

    city: str = Field(..., description="name of the city")
    height: Optional[float] = None


class Options(BaseModel):
    places: List[Place]
    unit: Unit = Unit.celsius
    limits: Dict[str, int] = {}


@schema_function
def forecast(
    location: str = Field(..., description="where"),
    options: Options = Field(..., description="what else"),
    days: int = Field(3, description="how many"),
    near: Optional[Place] = Field(None, description="a place"),
    note: Optional[str] = Field(None, description="anything"),
    unit: Unit = Field(Unit.kelvin, description="of the answer"),
    title: str = Field("t", description="a title"),
    context=None,
):
    """Forecasts the weather."""
    return f"{location} {options.unit.value} {days} {unit}"


class Means(str, Enum):
    """How a trip is made."""

    foot = "on foot"
    train = "by train"


class Stop(BaseModel):
    """Where a trip stops."""

    place: Place = Field(..., description="the place itself")
    tags: List[str] = Field([], description="what it is known for")
    nights: Optional[int] = None
    next: Optional[Means] = None


@schema_function
def plan(
    stops: List[Stop] = Field(..., description="where it goes"),
    by_name: Dict[str, Place] = Field(..., description="places that are met on the way"),
    within: Tuple[float, float] = Field(..., description="first and last day"),
    avoid: Set[str] = Field(...),
    wishes: List[str] = Field(..., description="what else"),
    dry: bool = Field(False),
    means: Optional[Means] = Field(None, description="how"),
    lengths: Optional[List[Optional[float]]] = Field(None),
    people: int = Field(2),
):
    """Plans a trip."""
    return wishes


@schema_function
def ready():
    """Takes nothing."""
    return True


SERVICE = {
    "id": "typed",
    "config": {"visibility": "public", "require_context": ["forecast"]},
    "forecast": forecast,
    "plan": plan,
    "ready": ready,
}
