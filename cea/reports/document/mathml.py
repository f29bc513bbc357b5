"""Formulas as MathML, for HTML."""

from __future__ import annotations

import html

from cea.reports.document.mathematics import Cases, Fence, Fraction, Part, Root, Row, Script, Symbol, read

_TAGS = {"name": "mi", "number": "mn", "sign": "mo", "words": "mtext"}


def mathml(latex: str, alternative: str) -> str:
    """A `math` element; `alternative` is the formula as text, for programs that read a page aloud."""
    return f'<math alttext="{html.escape(alternative)}">{_element(read(latex))}</math>'


def _element(part: Part) -> str:
    match part:
        case Symbol(text, kind):
            return f"<{_TAGS[kind]}>{html.escape(text)}</{_TAGS[kind]}>"
        case Row(parts):
            return f"<mrow>{''.join(map(_element, parts))}</mrow>"
        case Fraction(above, below):
            return f"<mfrac>{_element(above)}{_element(below)}</mfrac>"
        case Root(body):
            return f"<msqrt>{_element(body)}</msqrt>"
        case Script(base, None, exponent) if exponent is not None:
            return f"<msup>{_element(base)}{_element(exponent)}</msup>"
        case Script(base, index, None) if index is not None:
            return f"<msub>{_element(base)}{_element(index)}</msub>"
        case Script(base, index, exponent):
            scripts = "".join(_element(row) if row else "<mrow></mrow>" for row in (index, exponent))
            return f"<msubsup>{_element(base)}{scripts}</msubsup>"
        case Fence(left, body, right):
            return f"<mrow><mo>{html.escape(left)}</mo>{_element(body)}<mo>{html.escape(right)}</mo></mrow>"
        case Cases(rows):
            cells = ("".join(f"<mtd>{_element(cell)}</mtd>" for cell in row) for row in rows)
            return f"<mrow><mo>{{</mo><mtable>{''.join(f'<mtr>{row}</mtr>' for row in cells)}</mtable></mrow>"
