"""Formulas as cell text and as LaTeX."""

from __future__ import annotations

import pytest

from cea.formula import FormulaError, parse, to_excel, to_latex


def excel(text: str) -> str:
    return to_excel(
        parse(text),
        reference=lambda name: name.upper(),
        table_reference=lambda table, column: f"{table}!{column or 'keys'}",
        until=lambda table: f"{table}!until",
    )


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("-2 ^ 2", "(-(2^2))"),
        ("(a ^ 2) ^ 3", "(A^2)^3"),
        ("0.5 ^ -a", "0.5^MIN((-A),1021.43)"),
        ("2 ^ a", "2^MAX(A,-1021.43)"),
        ("2 ^ -3", "2^(-3)"),
        ("1 ^ a", "1^A"),
        ("a ^ 0.5", "IF(A>=0,A^0.5,NA())"),
        ("a ^ b", "IF(OR(A>0,IF(A=0,B>0,B=INT(B))),A^B,NA())"),
        ("a - (b - c) * d / e", "A-(B-C)*D/E"),
        ("a / (b * c)", "A/(B*C)"),
        ("a - -b", "A-(-B)"),
        ("a < b + c", "IF(A-(B+C)<-1E-9,1,0)"),
        ("if(a <= b and not c, 1, 2)", "IF(AND(A-B<=1E-9,NOT(ABS(C)>1E-9)),1,2)"),
        ("if(a or b == 1, 1, 2)", "IF(OR(ABS(A)>1E-9,ABS(B-1)<=1E-9),1,2)"),
        ("(a > b) * 2", "IF(A-B>1E-9,1,0)*2"),
        ("max(a, b) + 1", "MAX(A,B)+1"),
        ("floor(a + 1)", "IF(ABS(A+1)<1000000,INT(A+1+1E-9),NA())"),
        ("rate_to_prob(a, 1 / 12)", "IF(AND(A>=0,1/12>=0),1-EXP(-(A*(1/12))),NA())"),
        ("prob_to_rate(a, b)", "IF(AND(A>=0,A<=0.99999999999999,B>0),(-LN(1-A))/B,NA())"),
        ("lookup(life, male, a)", "IF(A+1E-9<life!until,INDEX(life!male,MATCH(A+1E-9,life!keys,1)),NA())"),
        ("0.1 + 1e-5", "0.1+1E-05"),
    ],
)
def test_cell_text(text: str, cell: str) -> None:
    assert excel(text) == cell


def test_a_cell_that_is_too_long_is_refused() -> None:
    with pytest.raises(FormulaError, match="8192 characters") as caught:
        excel("floor(" * 20 + "a" + ")" * 20)
    assert "Split it" in caught.value.remedy


def test_a_cell_that_is_nested_too_deep_is_refused() -> None:
    assert excel("-(not " * 10 + "a" + ")" * 10).startswith("(-IF(NOT(ABS((-IF(NOT(ABS(")
    with pytest.raises(FormulaError, match="64 deep"):
        excel("-(not " * 20 + "a" + ")" * 20)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("rate_a * 2", r"\mathit{rate\_a} \cdot 2"),
        ("a / (b + c)", r"\frac{\mathit{a}}{\mathit{b} + \mathit{c}}"),
        ("(a / b) ^ 2", r"{\left(\frac{\mathit{a}}{\mathit{b}}\right)}^{2}"),
        ("a - (b - c)", r"\mathit{a} - \left(\mathit{b} - \mathit{c}\right)"),
        ("a - -b", r"\mathit{a} - \left(-\mathit{b}\right)"),
        ("- -a", r"-\left(-\mathit{a}\right)"),
        ("2e-7", r"2 \times 10^{-7}"),
        ("(a >= b) * c", r"\mathbb{1}\left[\mathit{a} \ge \mathit{b}\right] \cdot \mathit{c}"),
        (
            "if(a and b != 1, 0, 1)",
            r"\begin{cases} 0 & \text{if } \mathit{a} \neq 0 \text{ and } \mathit{b} \neq 1 \\ "
            r"1 & \text{otherwise} \end{cases}",
        ),
        ("min(a, exp(b))", r"\min\left(\mathit{a}, \exp\left(\mathit{b}\right)\right)"),
        ("floor(a)", r"\left\lfloor \mathit{a} \right\rfloor"),
        ("sqrt(abs(a))", r"\sqrt{\left|\mathit{a}\right|}"),
        ("1 - rate_to_prob(a + b, 2)", r"1 - \left(1 - e^{-\left(\mathit{a} + \mathit{b}\right) \cdot 2}\right)"),
        ("prob_to_rate(a, b)", r"\frac{-\ln\left(1 - \mathit{a}\right)}{\mathit{b}}"),
        ("lookup(life_table, male, a)", r"\mathit{life\_table}_{\mathit{male}}\left(\mathit{a}\right)"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert to_latex(parse(text)) == latex


def test_latex_symbols_can_be_chosen() -> None:
    assert to_latex(parse("a + b"), {"a": r"\alpha", "b": r"\beta"}.__getitem__) == r"\alpha + \beta"
