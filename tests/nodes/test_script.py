"""What the compiler warns of in the code of a script."""

import pytest

from recado.nodes.script import Script


@pytest.mark.parametrize("code", ["return {{nome}}", "return 'Oi, {{ contact.name }}!'"])
def test_a_placeholder_in_the_code_is_warned_of(code: str) -> None:
    (problem,) = Script(code=code).problems()

    assert (problem.code, problem.severity) == ("placeholder_in_code", "warning")
    assert "{" not in problem.say("pt-BR") + problem.say("en")


@pytest.mark.parametrize("code", ["return {a: {b: 1}}", "return `${{a: 1}.a}}`", "{{ a(); }}"])
def test_braces_of_the_language_are_not(code: str) -> None:
    assert not list(Script(code=code).problems())
