"""The shape of a model document: which keys there are and what kind of value each takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

FormulaText = str | int | float
Number = Annotated[float, Field(allow_inf_nan=False)]
Grade = Literal["published", "derived", "assumption", "unverified"]
Correction = Literal["start", "end", "all_points", "half_cycle", "simpson", "life_table", "transposed_simpson"]


class Shape(BaseModel):
    """Base of all shapes: unknown keys are errors, numbers are not read from text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


S = TypeVar("S", bound=Shape)


# Where a value can be written in two ways, its kind decides which one it is held against.
Names = Annotated[
    Annotated[str, Tag("scalar")] | Annotated[list[str], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "scalar"),
]
StateFormulas = Annotated[
    Annotated[dict[str, FormulaText], Tag("mapping")] | Annotated[FormulaText, Tag("scalar")],
    Discriminator(lambda value: "mapping" if isinstance(value, dict) else "scalar"),
]


class SourceShape(Shape):
    """Where a value comes from."""

    ref: str | None = None
    where: str | None = None
    grade: Grade
    note: str | None = None


class TimeShape(Shape):
    """Cycle length and horizon; durations in years."""

    cycles_per_year: Annotated[int, Field(ge=1, le=366)]
    start_age: FormulaText | None = None
    until_age: FormulaText | None = None
    years: FormulaText | None = None


class SettingsShape(Shape):
    """Choices that hold for the whole model."""

    country: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    price_year: str = ""
    perspective: str
    effect: str
    correction: Correction = "half_cycle"
    transition_method: Literal["competing_risks", "matrix_exponential"] = "competing_risks"
    discount_costs: FormulaText
    discount_effects: FormulaText


class PerspectiveShape(Shape):
    """Which costs count; or the reason why the perspective is not possible here."""

    label: str = ""
    indirect: bool = False
    refused: str | None = None


class ThresholdsShape(Shape):
    """Cost-effectiveness thresholds, currency per unit of effect."""

    values: Annotated[list[Annotated[Number, Field(gt=0)]], Field(min_length=1)]
    default: Annotated[Number, Field(gt=0)]
    source: SourceShape


class StateShape(Shape):
    """A state of the cohort."""

    label: str
    dead: bool = False
    tunnel_years: FormulaText | None = None
    then: str | None = None


class StrategyShape(Shape):
    """A strategy: values of the switches."""

    label: str
    set: dict[str, Number] = {}


class WindowShape(Shape):
    """Repeated courses: when one begins and how many there are."""

    every: FormulaText
    courses: FormulaText


class FormulaShape(Shape):
    """A named formula."""

    formula: FormulaText
    label: str = ""
    unit: str | None = None


FormulaEntry = Annotated[
    Annotated[FormulaShape, Tag("mapping")] | Annotated[FormulaText, Tag("scalar")],
    Discriminator(lambda value: "mapping" if isinstance(value, dict) else "scalar"),
]


class TransitionShape(Shape):
    """One way along an arrow: an annual rate or a probability per cycle."""

    rate: FormulaText | None = None
    probability: FormulaText | None = None
    when: FormulaText | None = None
    event: str | None = None
    label: str = ""


TransitionEntry = Annotated[
    Annotated[TransitionShape, Tag("mapping")]
    | Annotated[Annotated[list[TransitionShape], Field(min_length=1)], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "mapping"),
]


class OutcomeShape(Shape):
    """A cost, an effect or a count, per year in a state, at given times or on an event."""

    kind: Literal["cost", "effect", "count"]
    label: str = ""
    category: str = ""
    unit: str | None = None
    of: str | None = None
    indirect: bool = False
    per_year: StateFormulas | None = None
    at_years: Annotated[list[FormulaText], Field(min_length=1)] | None = None
    per: str | None = None
    on: Names | None = None
    within: Annotated[Names | None, Field(alias="in")] = None
    value: FormulaText | None = None
    when: FormulaText | None = None


class ColumnShape(Shape):
    """A column of a table."""

    column: str
    unit: str


class TableShape(Shape):
    """A table that formulas look values up in."""

    file: str
    key: str
    key_unit: str = "1"
    columns: dict[str, ColumnShape]
    until: Number | None = None
    source: SourceShape


class JointShape(Shape):
    """Parameters that are drawn together."""

    parameters: Annotated[list[str], Field(min_length=2)]
    correlation: str | None = None
    draws: str | None = None


class HeadlineShape(Shape):
    """A comparison that stands at the top of the results."""

    label: str
    strategy: str
    comparator: str
    price: str | None = None


class BandShape(Shape):
    """A severity band: from these shortfalls on, this weight."""

    proportional: Number
    absolute: Number
    weight: Number


class ShortfallShape(Shape):
    """QALY shortfall against the general population, over life until an age, at its own discount rate."""

    hazard: str
    utility: str
    discount: FormulaText
    until_age: FormulaText
    bands: list[BandShape]
    source: SourceShape


class SolveShape(Shape):
    """The target that a solved parameter meets."""

    measure: Literal["hazard_ratio", "event_ratio"]
    strategies: Annotated[list[str], Field(min_length=2, max_length=2)]
    target: FormulaText
    in_draws: FormulaText | None = None
    between: Annotated[list[Number], Field(min_length=2, max_length=2)]
    years: FormulaText | None = None
    event: str | None = None
    held: bool = False


class ParameterShape(Shape):
    """A parameter with its uncertainty and its source."""

    label: str
    unit: str
    value: Number | None = None
    formula: FormulaText | None = None
    same_as: str | None = None
    solve: SolveShape | None = None
    group: str = ""
    distribution: dict[str, Any] | None = None
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    bounds: Annotated[list[Number | None], Field(min_length=2, max_length=2)] | None = None
    share_draw: str | None = None
    decision: bool = False
    cohort: bool = False
    source: SourceShape


class CitationShape(Shape):
    """An entry of sources.yaml."""

    citation: str
    url: str | None = None
    note: str | None = None
    seen: str | None = None
    accessed: str | None = None


class ModelShape(Shape):
    """The whole document: model.yaml with parameters, sources and a layer's changes merged in."""

    format: Literal[1]
    title: str
    question: str = ""
    layers: list[str] = ["jurisdictions", "populations", "scenarios"]
    time: TimeShape
    settings: SettingsShape
    perspectives: Annotated[dict[str, PerspectiveShape], Field(min_length=1)]
    thresholds: ThresholdsShape
    states: Annotated[dict[str, StateShape], Field(min_length=2)]
    strategies: Annotated[dict[str, StrategyShape], Field(min_length=1)]
    start: dict[str, FormulaText]
    windows: dict[str, WindowShape] = {}
    formulas: dict[str, FormulaEntry] = {}
    transitions: dict[str, TransitionEntry]
    events: dict[str, str] = {}
    outcomes: Annotated[dict[str, OutcomeShape], Field(min_length=1)]
    tables: dict[str, TableShape] = {}
    joint: dict[str, JointShape] = {}
    headlines: dict[str, HeadlineShape] = {}
    beside: list[str] = []
    shortfall: ShortfallShape | None = None
    equal_value: str | None = None
    parameters: dict[str, ParameterShape] = {}
    sources: dict[str, CitationShape] = {}


class LayerShape(Shape):
    """The keys of a layer's file; what its sections hold is checked once they are merged."""

    label: str
    description: str = ""
    structural: bool = False
    requires: dict[Literal["currency"], str] = {}
    source: SourceShape | None = None
    strategies: Annotated[
        Annotated[list[str], Tag("list")] | Annotated[dict[str, Any], Tag("mapping")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "mapping"),
    ] = {}
    add: dict[str, dict[str, Any]] = {}
    parameters: dict[str, Any] = {}
    formulas: dict[str, Any] = {}
    transitions: dict[str, Any] = {}
    states: dict[str, Any] = {}
    start: dict[str, Any] = {}
    windows: dict[str, Any] = {}
    events: dict[str, Any] = {}
    outcomes: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    joint: dict[str, Any] = {}
    perspectives: dict[str, Any] = {}
    thresholds: dict[str, Any] = {}
    headlines: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    time: dict[str, Any] = {}
    shortfall: dict[str, Any] | None = None
    equal_value: str | None = None
    sources: dict[str, Any] = {}
