"""Scripts run in processes of their own: bombs end, the next script still answers, none sees another."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from msgspec.structs import replace

from recado.calls import script
from recado.calls.script import Scripts, perform
from recado.calls.script_answer import Ran
from recado.engine.events import CallResult
from recado.engine.requests import Script

AMPLE = 30

BOMBS = {
    "a loop": ("for (;;);", "timeout"),
    "a loop that catches": ("for (;;) { try { for (;;); } catch {} }", "timeout"),
    "a loop of recursion": ("function f() { try { f() } finally { f() } } f()", "exception"),
    "a regular expression": ("return /(a+)+$/.test('a'.repeat(40) + 'b')", "timeout"),
    "a replacement": ("return 'a'.repeat(40).replace(/(a|a)*b/g, '')", "timeout"),
    "objects": ("const all = []; for (;;) all.push({a: [1]})", "memory"),
    "arrays": ("const all = []; for (;;) all.push(new Array(1000).fill(1))", "memory"),
    "buffers": ("const all = []; for (;;) all.push(new Uint8Array(1e6))", "memory"),
    "one buffer": ("return new ArrayBuffer(1e9)", "memory"),
    "a doubling text": ("let text = 'x'; for (;;) text = [text, text].join('')", "memory"),
    "a text that grows by itself": ("let text = 'x'; for (;;) text += text", "exception"),
    "recursion": ("function f() { return f() + 1 } return f()", "exception"),
    "recursion in a getter": ("const a = {get b() { return this.b }}; return a", "exception"),
    "a map": ("const all = new Map(); for (let i = 0; ; i++) all.set('key' + i, i)", "memory"),
    "big numbers": ("let n = 3n; for (;;) n = n * n", None),
    "closures": ("let f = () => 1; for (;;) { const g = f; f = () => g }", "memory"),
    "a generator": ("function* all() { for (;;) yield 1 } return [...all()]", "memory"),
    "code": ("for (let i = 0; ; i++) new Function('return ' + i)()", "timeout"),
    "a sort": (
        "return new Array(1e5).fill().map((x, i) => i).sort(() => { for (;;); })",
        "timeout",
    ),
    "jobs": ("const go = () => queueMicrotask(go); go(); return 1", None),
}


@pytest_asyncio.fixture
async def scripts() -> AsyncIterator[Scripts]:
    pool = Scripts(processes=1)
    yield pool
    await pool.close()


@pytest.mark.asyncio
async def test_a_script_sees_its_inputs_by_name_and_gives_json(scripts: Scripts) -> None:
    code = "const total = itens.reduce((sum, item) => sum + item, 0); return {nome, total}"

    ran = await scripts.run(code, {"nome": "Ana", "itens": [1, 2.5]}, timeout=AMPLE)

    assert ran == Ran(value={"nome": "Ana", "total": 3.5})


@pytest.mark.asyncio
async def test_a_declaration_may_have_the_name_of_an_input(scripts: Scripts) -> None:
    code = "let nome = 'Bia'; return [nome, inputs.nome, inputs['nome completo']]"
    inputs = {"nome": "Ana", "nome completo": "Ana Lima"}

    assert (await scripts.run(code, inputs, timeout=AMPLE)).value == ["Bia", "Ana", "Ana Lima"]


@pytest.mark.asyncio
async def test_an_exception_says_where_and_what(scripts: Scripts) -> None:
    ran = await scripts.run("const a = 1\nif (a) {\n  nada()\n}", {}, timeout=AMPLE)

    assert ran == Ran(error="exception", detail="line 3: ReferenceError: nada is not defined")


@pytest.mark.asyncio
async def test_the_largest_inputs_fit(scripts: Scripts) -> None:
    inputs = {f"v{number}": "ã" * 31_000 for number in range(4)}

    ran = await scripts.run("return Object.values(inputs).join('').length", inputs, timeout=AMPLE)

    assert ran == Ran(value=124_000)


@pytest.mark.asyncio
async def test_a_thousand_calls_deep_is_no_bomb(scripts: Scripts) -> None:
    code = "const sum = n => n ? n + sum(n - 1) : 0; return sum(1000)"

    assert await scripts.run(code, {}, timeout=AMPLE) == Ran(value=500_500)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_ends_and_the_next_script_answers(scripts: Scripts, name: str) -> None:
    code, error = BOMBS[name]

    ran = await scripts.run(code, {}, timeout=1 if error == "timeout" else AMPLE)

    assert ran.error == error if error else ran.error != "crashed"
    assert await scripts.run("return 7", {}, timeout=AMPLE) == Ran(value=7)
    assert len(scripts.pids()) == 1


@pytest.mark.asyncio
async def test_bombs_on_all_sides_leave_no_more_processes_than_agreed() -> None:
    scripts = Scripts(processes=2)
    bombs = [scripts.run("for (;;);", {}, timeout=0.2) for _ in range(6)]

    ran = await asyncio.gather(*bombs)

    assert ran == [Ran(error="timeout")] * 6
    assert await scripts.run("return 7", {}, timeout=AMPLE) == Ran(value=7)
    assert len(scripts.pids()) <= 2
    await scripts.close()
    assert scripts.pids() == []


@pytest.mark.asyncio
async def test_scripts_share_a_process_and_nothing_in_it(scripts: Scripts) -> None:
    await scripts.run("globalThis.kept = 1; Object.prototype.kept = 2", {}, timeout=AMPLE)
    first = scripts.pids()

    ran = await scripts.run("return [typeof kept, typeof ({}).kept]", {}, timeout=AMPLE)

    assert ran.value == ["undefined", "undefined"]
    assert scripts.pids() == first


@pytest.mark.asyncio
async def test_a_process_is_replaced_after_so_many_scripts(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "MOST_SERVED", 2)
    seen = set()

    for _ in range(4):
        await scripts.run("return 1", {}, timeout=AMPLE)
        seen |= set(scripts.pids())

    assert len(seen) == 2
    assert scripts.pids() == []


@pytest.mark.asyncio
async def test_a_process_that_died_while_idle_is_replaced(scripts: Scripts) -> None:
    await scripts.run("return 1", {}, timeout=AMPLE)
    first = scripts.pids()
    await scripts._idle[0].end()

    assert await scripts.run("return 2", {}, timeout=AMPLE) == Ran(value=2)
    assert len(scripts.pids()) == 1
    assert scripts.pids() != first


@pytest.mark.asyncio
async def test_a_cancelled_script_takes_its_process_along(scripts: Scripts) -> None:
    running = await running_bomb(scripts)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert scripts.pids() == []
    assert await scripts.run("return 7", {}, timeout=AMPLE) == Ran(value=7)


@pytest.mark.asyncio
async def test_closing_ends_what_runs_and_starts_nothing_more(scripts: Scripts) -> None:
    running = await running_bomb(scripts)

    await scripts.close()

    assert await running == Ran(error="crashed")
    assert (await scripts.run("return 7", {}, timeout=AMPLE)).error == "crashed"
    assert scripts.pids() == []


async def running_bomb(scripts: Scripts) -> asyncio.Task[Ran]:
    """Sets a script going that ends only with its process."""
    await scripts.run("return 1", {}, timeout=AMPLE)
    running = asyncio.create_task(scripts.run("for (;;);", {}, timeout=AMPLE))
    await asyncio.sleep(
        0
    )  # up to where it waits for the answer of the process, which is there already
    assert not scripts._idle
    return running


@pytest.mark.asyncio
async def test_a_result_of_a_call_is_a_value_or_an_error(scripts: Scripts) -> None:
    good = await perform(Script("return nome", {"nome": "Ana"}), scripts, timeout=AMPLE)
    bad = await perform(Script("throw 'não'"), scripts, timeout=AMPLE)

    assert min(good.ms, bad.ms) > 0
    assert replace(good, ms=0) == CallResult(ok=True, value="Ana")
    assert replace(bad, ms=0) == CallResult(ok=False, error="exception", detail="não")


@pytest.mark.asyncio
async def test_an_input_may_have_the_name_of_what_javascript_brings(scripts: Scripts) -> None:
    names = ["JSON", "Object", "Function", "Promise", "RegExp", "TypeError", "zz"]
    inputs = {name: number for number, name in enumerate(names)}

    ran = await scripts.run(f"return [{', '.join(names)}]", inputs, timeout=AMPLE)
    bad = await scripts.run("return () => 1", inputs, timeout=AMPLE)

    assert ran == Ran(value=[*range(len(names))])
    assert bad == Ran(error="bad_result", detail="TypeError: a function is not JSON")
