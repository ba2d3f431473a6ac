"""A trace says once which flow version its visits stand in, and reads those of before as it would write them now."""

from typing import Any

import msgspec

from recado.engine.trace import Trace, VisitTrace


def visit(node: str, **more: Any) -> VisitTrace:
    return VisitTrace(node=node, type="message", visit=f"visit of {node}", **more)


def through_two_flows() -> Trace:
    trace = Trace()
    trace.add(visit("hi"), "one")
    trace.add(visit("jump"), "one")
    trace.add(visit("bye"), "two")
    trace.add(visit("back"), "one")
    return trace


def test_the_version_is_written_once_and_where_it_is_another() -> None:
    written = msgspec.json.decode(msgspec.json.encode(through_two_flows()))

    assert written["version"] == "one"
    assert [each.get("version") for each in written["visits"]] == [None, None, "two", None]


def test_a_trace_that_comes_back_is_the_same() -> None:
    trace = through_two_flows()

    back = msgspec.json.decode(msgspec.json.encode(trace), type=Trace)

    assert back == trace
    assert [back.version_of(each) for each in back.visits] == ["one", "one", "two", "one"]


def test_a_trace_of_before_reads_as_one_of_now() -> None:
    versions = {"hi": "one", "jump": "one", "bye": "two", "back": "one"}
    stored = {
        "visits": [
            {"node": node, "type": "message", "visit": f"visit of {node}", "version": version}
            for node, version in versions.items()
        ]
    }

    assert msgspec.convert(stored, Trace) == through_two_flows()


def test_a_trace_without_versions_stays_without() -> None:
    stored = {"visits": [{"node": "hi", "type": "message", "visit": "visit of hi"}]}

    read = msgspec.convert(stored, Trace)

    assert msgspec.to_builtins(read) == stored
    assert read.version_of(read.visits[0]) is None
