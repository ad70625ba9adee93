"""A service with pydantic types, whose schema the tests compare with that of the same in Rust."""

from enum import Enum
from typing import Dict, List, Optional

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


SERVICE = {"id": "typed", "config": {"visibility": "public", "require_context": True}, "forecast": forecast}
