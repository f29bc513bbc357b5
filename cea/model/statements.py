"""What a report says that no computation can: statements about a study, given with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOPICS: Mapping[str, str] = {
    "background": "Background",
    "analysis_plan": "Plan of the analysis",
    "population": "Population",
    "setting": "Setting",
    "comparators": "Why these strategies",
    "perspective": "Why this perspective",
    "horizon": "Why this horizon",
    "discounting": "Why these discount rates",
    "outcomes": "How outcomes were chosen, measured and valued",
    "model_rationale": "Why this model",
    "distributional_effects": "Effects on different people, and priority groups",
    "engagement": "Involvement of patients and others",
    "engagement_effect": "What that involvement changed",
    "knowledge": "What the findings add to what is known, and where they hold",
    "funding": "Funding",
    "conflicts": "Conflicts of interest",
}
"""The topics of statements, with their headings."""


@dataclass(frozen=True)
class Statements:
    """Statements by topic, reasons why a topic does not apply, and limits of the study; all may be missing."""

    given: Mapping[str, str] = field(default_factory=dict)
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    limitations: tuple[str, ...] = ()
