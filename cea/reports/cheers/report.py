"""A whole report in the order of CHEERS 2022: built once, for every writer."""

from __future__ import annotations

from cea.reports.cheers import methods, outcome
from cea.reports.cheers.checklist import checklist
from cea.reports.cheers.evidence import evidence
from cea.reports.cheers.findings import Findings
from cea.reports.cheers.summary import summary
from cea.reports.document.tree import Document, Section, numbered
from cea.reports.wording import setting


def build(found: Findings) -> Document:
    """The report of a run. Every number in it is one of the run's."""
    behind = evidence(found)
    sections: tuple[Section, ...] = (
        summary(found),
        methods.context(found),
        methods.methods(found),
        *((behind,) if behind else ()),
        methods.inputs(found),
        outcome.results(found),
        outcome.validation(found),
        outcome.discussion(found),
        outcome.declarations(found),
        methods.formulas(found),
    )
    sections = (*sections, checklist(numbered(sections), found.statements))
    layers = [layer.label for layer in found.model.layers if not layer.edit]
    edits = {
        name: node.value
        for layer in found.model.layers
        if layer.edit
        for name, node in layer.parameter_values().items()
    }
    about = [setting(found.model, found.results.perspective)]
    about += [f"Layers: {', '.join(layers)}"] if layers else []
    about += ["Set: " + ", ".join(f"{name} = {value:g}" for name, value in edits.items())] if edits else []
    title = f"{found.model.title}: a model-based cost-effectiveness analysis"
    return Document(title, tuple(about), sections, found.stamp)
