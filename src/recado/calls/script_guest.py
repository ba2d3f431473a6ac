"""QuickJS as a WebAssembly guest: one script in one fresh memory, which is all that it can reach.

The guest is the build of QuickJS that quickjs-rs carries (its version is pinned), driven without quickjs-rs's own
Python layer: that one gives scripts our standard output and a memory limit that does not hold. Here the memory is
limited by wasmtime, no host function is Python, and of WASI there is a clock and luck; environment, arguments,
directories and streams are empty.
"""

import importlib.util
import json
import struct
from pathlib import Path
from typing import Any, cast

import wasmtime

MEMORY = 64 * 1024 * 1024
# The largest that wasmtime takes; the thread that runs a guest needs more stack than this.
STACK = 2 * 1024 * 1024
LARGEST = 64_000 + 100
# Nothing to interrupt with, nothing to call, no modules to load.
NO_HOST = """(module
  (func (export "host_interrupt") (result i32) i32.const 0)
  (func (export "host_call") (param i32 i32 i32 i32 i32) (result i32) i32.const -1)
  (func (export "host_module_normalize") (param i32 i32 i32 i32 i32) (result i32) i32.const 0)
  (func (export "host_module_load") (param i32 i32 i32) (result i32) i32.const 0))"""
PRELUDE = Path(__file__).with_name("script_prelude.js").read_text("utf-8")


class Guest:
    """The compiled engine. `compiled` is what an earlier one was compiled to, or empty: then it is compiled now."""

    def __init__(self, compiled: bytes = b"") -> None:
        config = wasmtime.Config()
        config.max_wasm_stack = STACK
        config.parallel_compilation = False
        self._engine = wasmtime.Engine(config)
        self._module = (
            wasmtime.Module.deserialize(self._engine, compiled)
            if compiled
            else wasmtime.Module(self._engine, _quickjs())
        )
        self._no_host = wasmtime.Module(self._engine, NO_HOST)

    def compiled(self) -> bytes:
        """Gives the machine code, so that another process need not compile it again."""
        return bytes(self._module.serialize())

    def run(self, code: str, inputs: str) -> str:
        """Runs a function body with inputs (JSON text); gives a word for how it went, a line feed, and JSON."""
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=MEMORY)
        store.set_wasi(wasmtime.WasiConfig())
        try:
            memory = Memory(store, self._instance(store))
            return memory.evaluate(f"{PRELUDE}({json.dumps(code)}, {json.dumps(inputs)})")
        finally:
            store.close()

    def _instance(self, store: wasmtime.Store) -> wasmtime.Instance:
        linker = wasmtime.Linker(self._engine)
        linker.define_wasi()
        linker.define_instance(store, "env", linker.instantiate(store, self._no_host))
        return linker.instantiate(store, self._module)


class Memory:
    """One instance of the engine, by the functions that it exports."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        self._store = store
        self._exports = instance.exports(store)
        self._memory = cast(wasmtime.Memory, self._exports["memory"])

    def evaluate(self, source: str) -> str:
        """Evaluates source whose value is a text, and gives that text."""
        try:
            return self._evaluate(source.encode())
        except wasmtime.Trap as trap:
            if trap.trap_code == wasmtime.TrapCode.STACK_OVERFLOW:
                return 'exception\n"too much recursion"'
        except wasmtime.WasmtimeError:
            pass  # the guest gave up: below is why
        return "memory\n" if self._full() else "crashed\n"

    def _evaluate(self, source: bytes) -> str:
        place, out = self._call("qjs_alloc", len(source)), self._call("qjs_alloc", 4)
        self._memory.write(self._store, source, place)
        if self._call("eval_code", place, len(source), out) or self._call(
            "get_string", struct.unpack("<i", self._memory.read(self._store, out, out + 4))[0]
        ):
            return "memory\n" if self._full() else "crashed\n"
        length = self._call("qjs_last_len")
        if length > LARGEST:
            return "too_large\n"
        start = self._call("qjs_last_ptr")
        said = self._memory.read(self._store, start, start + length).decode("utf-8", "replace")
        return "memory\n" if self._out_of_memory(said) else said

    def _out_of_memory(self, said: str) -> bool:
        """Recognises QuickJS's word for it, and what is thrown when there is no room even for the word."""
        failed = said.startswith(("exception\n", "bad_result\n"))
        if failed and said.endswith('InternalError: out of memory"'):
            return True
        return said in ('exception\n"null"', 'exception\n"InternalError"') and self._full()

    def _full(self) -> bool:
        return self._memory.data_len(self._store) > MEMORY * 9 // 10

    def _call(self, name: str, *arguments: int) -> Any:
        return cast(wasmtime.Func, self._exports[name])(self._store, *arguments)


def _quickjs() -> bytes:
    found = importlib.util.find_spec("quickjs_rs")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("quickjs_rs")
    return Path(found.origin).with_name("_guest.wasm").read_bytes()
