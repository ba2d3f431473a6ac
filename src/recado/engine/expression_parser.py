"""Reads an expression into code: a Pratt parser, so the table of bindings below is the whole grammar of operators."""

from decimal import Decimal

from recado.engine import expression_operators as operators
from recado.engine.compare import Operator
from recado.engine.expression_functions import FUNCTIONS
from recado.engine.expression_mistakes import Refused
from recado.engine.expression_tokens import Token, tokens
from recado.engine.expression_values import Code
from recado.engine.values import parse_path, spell

MAX_DEPTH = 100
MAX_DIGITS = 34
TERNARY, OR, AND, NOT, COMPARES, PIPE, ADDS, MULTIPLIES, SIGN, STEP = range(1, 11)
BINDINGS = {
    "?": TERNARY, "if": TERNARY, "or": OR, "||": OR, "and": AND, "&&": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not"), COMPARES),
    "+": ADDS, "-": ADDS, "*": MULTIPLIES, "/": MULTIPLIES, "%": MULTIPLIES,
    "|": PIPE, "[": STEP,
}  # fmt: skip
CONSTANTS = {"true": True, "false": False, "null": None, "none": None}


class Parser:
    """One reading of a text, token by token; raises Refused at its first mistake."""

    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._place = 0
        self._level = 0

    def whole(self) -> Code:
        """Reads the text to its end."""
        if self._now.kind == "end":
            raise Refused("empty")
        code = self._expression()
        if self._now.kind != "end":
            raise self._unexpected(self._now)
        return code

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._now
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _expression(self, least: int = 0) -> Code:
        """Reads as far as operators bind more than `least`."""
        self._level += 1
        self._check_depth(self._level)
        code = self._begun(self._next())
        while self._binding() > least:
            code = self._continued(code, self._next())
            self._check_depth(code.depth)
        self._level -= 1
        return code

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Refused("too_deep", self._now.at)

    def _binding(self) -> int:
        token = self._now
        if token.kind == "step":
            return STEP
        if token.kind != "sign":
            return 0
        if token.value == "not" and not self._is_sign("in", ahead=1):
            return 0
        return BINDINGS.get(token.value, 0)

    def _begun(self, token: Token) -> Code:
        """Reads what can stand at the beginning of a value."""
        match token.kind, token.value:
            case "number", value:
                return operators.constant(_number(value, token.at))
            case "text", value:
                return operators.constant(value)
            case "name", _:
                return self._named(token)
            case "sign", "true" | "false" | "null" | "none":
                return operators.constant(CONSTANTS[token.value])
            case "sign", "-":
                return operators.negative(self._expression(SIGN))
            case "sign", "!":
                return operators.opposite(self._expression(SIGN))
            case "sign", "not":
                return operators.opposite(self._expression(NOT))
            case "sign", "(":
                code = self._expression()
                self._expect(")")
                # What is in brackets is no path any more: `(a.b)[0]` walks the value.
                return Code(code.run, code.depth, code.names)
            case "sign", "[":
                return operators.listed(self._listed("]"))
            case "sign", "{":
                return self._object()
        raise self._unexpected(token)

    def _continued(self, left: Code, token: Token) -> Code:
        """Reads what an operator makes of the value before it."""
        match token.kind, token.value:
            case "step", name:
                return self._stepped(left, name)
            case _, "[":
                return self._indexed(left)
            case _, "|":
                return self._piped(left)
            case _, "?":
                then = self._expression()
                self._expect(":")
                return operators.chosen(left, then, self._expression())
            case _, "if":
                test = self._expression(TERNARY)
                self._expect("else")
                return operators.chosen(test, left, self._expression())
            case _, "or" | "||":
                return operators.either(left, self._expression(OR))
            case _, "and" | "&&":
                return operators.both(left, self._expression(AND))
            case _, "+" | "-" | "*" | "/" | "%" as sign:
                return operators.calculated(sign, left, self._expression(BINDINGS[sign]))
        return self._compared(left, token)

    def _compared(self, left: Code, token: Token) -> Code:
        if token.value == "not":
            self._next()
        operator = Operator.NOT_IN if token.value == "not" else Operator(token.value)
        right = self._expression(COMPARES)
        if self._binding() == COMPARES:
            raise Refused("chained", self._now.at)
        return operators.compared(operator, left, right)

    def _named(self, token: Token) -> Code:
        if self._is_sign("("):
            self._next()
            return self._called(token, [])
        if parse_path(token.value) != (token.value,):
            raise Refused("bad_name", token.at, token.value)
        if token.value == "secret":
            raise Refused("secret", token.at)
        return operators.variable(token.value)

    def _piped(self, left: Code) -> Code:
        """Reads `value | name(more)`, which is `name(value, more)`."""
        token = self._next()
        if token.kind != "name":
            raise self._unexpected(token)
        if not self._is_sign("("):
            return self._call(token, [left])
        self._next()
        return self._called(token, [left])

    def _called(self, token: Token, given: list[Code]) -> Code:
        return self._call(token, [*given, *self._listed(")")])

    def _call(self, token: Token, parts: list[Code]) -> Code:
        function = FUNCTIONS.get(token.value)
        if function is None:
            raise Refused("unknown_function", token.at, token.value)
        if len(parts) < function.least:
            raise Refused("too_few_arguments", token.at, token.value)
        if function.most is not None and len(parts) > function.most:
            raise Refused("too_many_arguments", token.at, token.value)
        return operators.called(function, parts)

    def _stepped(self, left: Code, name: str) -> Code:
        if left.path is not None:
            return operators.variable(spell(f"{left.path}.{name}"), left.depth + 1)
        return operators.member(left, operators.constant(name))

    def _indexed(self, left: Code) -> Code:
        """Reads `[key]`; a written key makes a longer path, any other one is looked up when it is known."""
        key, after = self._now, self._tokens[self._place + 1 : self._place + 2]
        closed = [(token.kind, token.value) for token in after] == [("sign", "]")]
        if left.path is not None and closed and (step := _step(key)):
            self._place += 2
            return operators.variable(spell(left.path + step), left.depth + 1)
        code = self._expression()
        self._expect("]")
        return operators.member(left, code)

    def _listed(self, end: str) -> list[Code]:
        parts: list[Code] = []
        while not self._is_sign(end):
            if parts:
                self._expect(",", end)
            parts.append(self._expression())
        self._next()
        return parts

    def _object(self) -> Code:
        keys: list[str] = []
        parts: list[Code] = []
        while not self._is_sign("}"):
            if keys:
                self._expect(",", "}")
            keys.append(self._key(self._next()))
            self._expect(":")
            parts.append(self._expression())
        self._next()
        return operators.keyed(keys, parts)

    def _key(self, token: Token) -> str:
        if (token.kind, token.value) == ("sign", "{"):
            raise Refused("braces", token.at - 1)
        if token.kind not in ("name", "text"):
            raise self._unexpected(token)
        return token.value

    def _is_sign(self, sign: str, *, ahead: int = 0) -> bool:
        place = self._place + ahead
        token = self._tokens[place] if place < len(self._tokens) else self._now
        return token.kind == "sign" and token.value == sign

    def _expect(self, sign: str, instead: str | None = None) -> None:
        token = self._next()
        if (token.kind, token.value) == ("sign", sign):
            return
        if token.kind == "end":
            raise Refused("sign_missing", token.at, instead or sign)
        raise self._unexpected(token)

    def _unexpected(self, token: Token) -> Refused:
        if token.kind == "end":
            before = self._tokens[-2] if len(self._tokens) > 1 else token
            return Refused("value_missing", token.at, before.value)
        if (token.kind, token.value) == ("sign", "="):
            return Refused("assignment", token.at)
        step = "." if token.kind == "step" else ""
        return Refused("unexpected", token.at, step + token.value)


def _number(text: str, at: int) -> Decimal:
    if len(text) > 1 and text[0] == "0" and text[1] != ".":
        raise Refused("leading_zero", at, text)
    if len(text) > MAX_DIGITS:
        raise Refused("long_number", at, text)
    return Decimal(text)


def _step(key: Token) -> str | None:
    if key.kind == "number" and key.value.isdigit() and len(key.value) < 10:
        return f"[{int(key.value)}]"
    if key.kind == "text":
        escaped = key.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'["{escaped}"]'
    return None
