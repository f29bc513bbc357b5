"""The grammar: what a text means, and what is said about text that is not in the language."""

from __future__ import annotations

import copy
import pickle

import pytest

from cea.formula import (
    Binary,
    Call,
    Compare,
    FormulaError,
    Logic,
    Lookup,
    Name,
    Negate,
    Not,
    Number,
    evaluate,
    lookups,
    names,
    parse,
    to_excel,
    to_latex,
    to_text,
    walk,
)

A, B, C, D = (Name(letter) for letter in "abcd")
TWO, THREE = Number(2.0), Number(3.0)

TREES = {
    "1": Number(1.0),
    ".5": Number(0.5),
    "0.5": Number(0.5),
    "1e-3": Number(0.001),
    "1.5E+3": Number(1500.0),
    "0e999": Number(0.0),
    "a - b - c": Binary("-", Binary("-", A, B), C),
    "a - (b - c)": Binary("-", A, Binary("-", B, C)),
    "a + b * c": Binary("+", A, Binary("*", B, C)),
    "a / b * c": Binary("*", Binary("/", A, B), C),
    "-2 ^ 2": Negate(Binary("^", TWO, TWO)),
    "(-2) ^ 2": Binary("^", Negate(TWO), TWO),
    "2 ^ -3": Binary("^", TWO, Negate(THREE)),
    "2 ^ - -3": Binary("^", TWO, Negate(Negate(THREE))),
    "a * -b": Binary("*", A, Negate(B)),
    "-a * b": Binary("*", Negate(A), B),
    "(a ^ b) ^ c": Binary("^", Binary("^", A, B), C),
    "a ^ (b ^ c)": Binary("^", A, Binary("^", B, C)),
    "a < b": Compare("<", A, B),
    "a + b >= c": Compare(">=", Binary("+", A, B), C),
    "(a < b) < c": Compare("<", Compare("<", A, B), C),
    "a or b and not c == d": Logic("or", (A, Logic("and", (B, Not(Compare("==", C, D)))))),
    "a and b and c": Logic("and", (A, B, C)),
    "(a and b) and c": Logic("and", (Logic("and", (A, B)), C)),
    "not not a": Not(Not(A)),
    "not a and b": Logic("and", (Not(A), B)),
    "if(a != b, 1, 2)": Call("if", (Compare("!=", A, B), Number(1.0), TWO)),
    "max(a, b, c)": Call("max", (A, B, C)),
    "lookup(life_table, male, a + 1)": Lookup("life_table", "male", Binary("+", A, Number(1.0))),
    "order + android + nothing": Binary("+", Binary("+", Name("order"), Name("android")), Name("nothing")),
    " a\n  +\tb ": Binary("+", A, B),
    "((((a))))": A,
}


@pytest.mark.parametrize("text", TREES)
def test_a_text_has_one_tree(text: str) -> None:
    assert parse(text) == TREES[text]
    assert parse(to_text(TREES[text])) == TREES[text]


def test_trees_that_differ_are_not_equal() -> None:
    texts = list(TREES)
    assert [(x, y) for x in texts for y in texts if x < y and parse(x) == parse(y)] == [(".5", "0.5")]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(a*b)+c", "a * b + c"),
        ("a-(b-c)", "a - (b - c)"),
        ("a/(b*c)", "a / (b * c)"),
        ("(a and b) or c", "a and b or c"),
        ("not(a<b)", "not a < b"),
        ("-(a^2)", "-a ^ 2"),
        ("1000000*0.10", "1000000 * 0.1"),
        ("1e-9 + 1e300", "1e-09 + 1e+300"),
    ],
)
def test_canonical_text(text: str, written: str) -> None:
    assert to_text(parse(text)) == written


def test_spans_are_the_parts_as_written() -> None:
    text = "cost * (rate + 1) - exp( -x )"
    spans = {text[slice(*node.span)] for node in walk(parse(text))}
    assert spans == {text, "cost * (rate + 1)", "cost", "(rate + 1)", "rate", "1", "exp( -x )", "-x", "x"}


def test_names_and_lookups() -> None:
    expression = parse("if(a < b, lookup(t, male, a), lookup(t, female, c + a)) * 2")
    assert names(expression) == {"a", "b", "c"}
    assert lookups(expression) == {("t", "male"), ("t", "female")}


def test_a_tree_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse("a + b").op = "-"  # type: ignore[attr-defined]


MISTAKES = [
    # text, the part pointed at, words in what is wrong, words in the remedy
    ("", "", "empty", "Write a number"),
    (" \n ", " ", "empty", "Write a number"),
    ("a ^ b ^ c", "a ^ b ^ c", "chain of powers", "brackets"),
    ("2 ^ -a ^ 2", "2 ^ -a ^ 2", "chain of powers", "brackets"),
    ("a < b <= c", "a < b <= c", "chain of comparisons", "a < b and b < c"),
    ("a == b == c", "a == b == c", "chain of comparisons", "brackets"),
    ("a && b", "&&", "`&&`", "`and`"),
    ("a & b", "&", "`&`", "`and`"),
    ("a || b", "||", "`||`", "`or`"),
    ("a | b", "|", "`|`", "`or`"),
    ("a ** 2", "**", "`**`", "`^`"),
    ("5 % b", "%", "`%`", "fraction"),
    ("a // b", "//", "`//`", "floor(a / b)"),
    ("a <> b", "<>", "`<>`", "`!=`"),
    ("a => b", "=>", "`=>`", "`>=`"),
    ("=a + b", "=", "start with `=`", "Leave"),
    ("a = 1", "=", "`=` is not a comparison", "`==`"),
    ("a := 1", ":=", "assign", "name of its own"),
    ("a += 1", "+=", "assign", "name of its own"),
    ("!a", "!", "`!`", "`not`"),
    ("'a'", "'", "no text", "without quotation marks"),
    ('a + "b"', '"', "no text", "without quotation marks"),
    ("a.b", ".", "no parts", "underscores"),
    ("a.__class__", ".", "no parts", "underscores"),
    ("a[0]", "[", "round brackets", "( and )"),
    ("{a}", "{", "round brackets", "( and )"),
    ("max(a; b)", ";", "`;`", "commas"),
    ("$5", "$", "`$`", "unit"),
    ("1_000", "1_000", "underscores", "digits"),
    ("a if b else c", "if", "`if` is a function", "if(condition, a, b)"),
    ("a AND b", "AND", "small letters", "a and b"),
    ("a \u2212 b", "\u2212", "cannot stand", "`-`"),
    ("2 \u00d7 b", "\u00d7", "cannot stand", "`*`"),
    ("a \u2264 b", "\u2264", "cannot stand", "`<=`"),
    ("a\u00a0+ b", "\u00a0", "cannot stand", "plain space"),
    ("r\u00e9sum\u00e9", "\u00e9", "cannot stand", "unaccented"),
    ("a\x00", "\x00", "U+0000", "unaccented"),
    ("\u0661 + a", "\u0661", "cannot stand", "unaccented"),
    ("log(a)", "log", "no function `log`", "ln(x)"),
    ("pow(a, b)", "pow", "no function `pow`", "`^`"),
    ("MAX(a, b)", "MAX", "no function `MAX`", "small letters"),
    ("lokup(t, c, a)", "lokup", "no function `lokup`", "lookup(table, column, key)"),
    ("rate_to_probability(a, b)", "rate_to_probability", "no function", "rate_to_prob(rate, years)"),
    ("zzz(a)", "zzz", "no function `zzz`", "The functions are if, min"),
    ("__import__(a)", "__import__", "no function", "The functions are"),
    ("exp(a, b)", "exp(a, b)", "2 arguments", "exp(x)"),
    ("exp()", "exp()", "0 arguments", "exp(x)"),
    ("if(a, b)", "if(a, b)", "takes 3", "if(condition, a, b)"),
    ("min(a)", "min(a)", "1 argument here; it takes 2 to 255", "min(a, b, ...)"),
    ("lookup(t, c)", "lookup(t, c)", "takes 3", "lookup(table, column, key)"),
    ("lookup(1, c, a)", "1", "table of a lookup", "lookup(table, column, key)"),
    ("lookup(t, c + 1, a)", "c + 1", "column of a lookup", "lookup(table, column, key)"),
    ("exp + 1", "exp", "`exp` is a function", "exp(x)"),
    ("lookup", "lookup", "`lookup` is a function", "lookup(table, column, key)"),
    ("1e999", "1e999", "too large", "between"),
    ("1e308", "1e308", "too large", "between"),
    ("1e-400", "1e-400", "too small", "between"),
    ("nan", "nan", "not a value", "must be a number"),
    ("-Inf", "Inf", "not a value", "large number"),
    ("True", "True", "not a value", "Write 1"),
    ("false", "false", "not a value", "Write 0"),
    ("Rate + 1", "Rate", "cannot be a name", "small letters"),
    ("_a", "_a", "cannot be a name", "start with a letter"),
    ("2 a", "a", "operator is missing", "2 * x"),
    ("2a", "a", "operator is missing", "2 * x"),
    ("a (b)", "a", "no function `a`", "The functions are"),
    ("(a) (b)", "(", "operator is missing", "2 * x"),
    ("0,5", ",", "comma", "0.5"),
    ("(a, b)", ",", "comma", "name of the function"),
    ("(a + b", "(", "not closed", "`)`"),
    ("max(a, (b)", "(", "not closed", "`)`"),
    ("a + b)", ")", "closes nothing", "Leave it out"),
    ("a +", "+", "ends where a value is missing", "missing"),
    ("a * / b", "/", "value is missing before `/`", "Write a number"),
    ("+a", "+", "value is missing before `+`", "Write a number"),
    ("max(a,)", ")", "value is missing before `)`", "Write a number"),
    ("()", ")", "value is missing", "Write a number"),
    ("a + not b", "not", "binds less", "(not a)"),
    ("a ^ and", "and", "value is missing", "Write a number"),
    ("1.", ".", "cannot stand here", "numbers, names"),
    ("a @ b", "@", "cannot stand here", "numbers, names"),
    ("a ? b : c", "?", "cannot stand here", "numbers, names"),
    ("a \\ b", "\\", "cannot stand here", "numbers, names"),
    ("lambda: a", ":", "cannot stand here", "numbers, names"),
]


@pytest.mark.parametrize(("text", "part", "what", "remedy"), MISTAKES, ids=[repr(row[0]) for row in MISTAKES])
def test_a_mistake_is_said_where_and_what_would_be_right(text: str, part: str, what: str, remedy: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert what in error.what
    assert remedy in error.remedy
    assert text[slice(*error.span)] == part
    assert error.text == text


def test_caret_points_below_the_mistake() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("cost_a * exp(rate, 2)")
    assert caught.value.caret() == "cost_a * exp(rate, 2)\n         ^^^^^^^^^^^^"
    assert str(caught.value).endswith(caught.value.caret())


def test_caret_shows_the_line_of_the_mistake() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("a +\n\tb && c\n+ d")
    assert caught.value.caret() == " b && c\n   ^^"


def test_caret_hides_control_characters() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("a + \x1b[2J")
    assert caught.value.caret() == "a +  [2J\n    ^"


def test_an_error_survives_pickling() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("a +")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.what, again.span, again.text) == (caught.value.what, (2, 3), "a +")


@pytest.mark.parametrize("count", [51, 350])
@pytest.mark.parametrize(
    ("before", "after"), [("(", ")"), ("- ", ""), ("not ", ""), ("2^-", ""), ("exp(", ")"), ("a-(", ")")]
)
def test_nesting_beyond_the_limit_is_refused(before: str, after: str, count: int) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(before * count + "a" + after * count)
    assert "nested" in caught.value.what or "chain of powers" in caught.value.what


@pytest.mark.parametrize(("before", "after"), [("(", ")"), ("-", ""), ("not ", ""), ("sqrt(", ")"), ("a-(", ")")])
def test_nesting_within_the_limit_works_in_every_back_end(before: str, after: str) -> None:
    expression = parse(before * 45 + "a" + after * 45)
    assert parse(to_text(expression)) == expression
    assert evaluate(expression, {"a": 1.0}) in (0.0, 1.0, -1.0)
    assert to_latex(expression)
    assert to_excel(expression, str.upper, lambda table, column: table, str)


@pytest.mark.parametrize("sign", "+-*/")
def test_a_flat_chain_can_fill_the_whole_length(sign: str) -> None:
    text = sign.join(["a"] * 1000)
    expression = parse(text)
    value = {"+": 1000.0, "-": -998.0, "*": 1.0, "/": 1.0}[sign]
    assert evaluate(expression, {"a": 1.0}) == value
    assert to_text(expression).replace(" ", "") == text
    assert expression == parse(text + " ")
    assert hash(expression) == hash(parse(text + " "))
    assert copy.deepcopy(expression) == expression
    assert len(repr(expression)) > 1000
    assert to_excel(expression, str, lambda table, column: table, str) == text
    assert to_latex(expression)


def test_a_chain_that_leans_left_through_brackets_can_be_as_deep_as_brackets_allow() -> None:
    assert evaluate(parse("(" * 50 + "a" + "+a)*a" * 50), {"a": 1.0}) == 51.0


def test_length_is_limited() -> None:
    assert len("+".join(["a"] * 1000) + " ") == 2000
    parse("+".join(["a"] * 1000) + " ")
    with pytest.raises(FormulaError, match="2001 characters") as caught:
        parse("a" * 2001)
    assert len(caught.value.text) < 100


def test_a_very_long_text_is_refused_at_once() -> None:
    with pytest.raises(FormulaError, match="10000000 characters"):
        parse("(" * 10_000_000)


@pytest.mark.parametrize("word", ["and", "or"])
def test_conditions_in_a_row_are_limited_as_in_a_spreadsheet(word: str) -> None:
    parse(f" {word} ".join(["a"] * 255))
    with pytest.raises(FormulaError, match="256 conditions"):
        parse(f" {word} ".join(["a"] * 256))
