"""`recado flow check`: sentences, JSON, exit codes, and `--fix`, which loses nothing and keeps its hands off other forms."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recado.cli import app

DIALECTS = Path(__file__).parents[1] / "engine" / "dialects" / "flows"
FOREIGN = DIALECTS / "01_padaria_botoes_handoff.json"
SOUND: dict[str, Any] = {
    "format": "recado/1",
    "nodes": [{"id": "start", "type": "start"}, {"id": "end", "type": "end"}],
    "edges": [{"id": "1", "source": "start", "target": "end"}],
}
BROKEN: dict[str, Any] = {
    **SOUND,
    "nodes": [{"id": "start", "type": "start"}, {"id": "end", "type": "end", "data": {"cor": 1}}],
    "edges": [{"id": "1", "source": "start", "target": "end", "sourceHandle": "nextt"}],
}
MISSPELT: dict[str, Any] = {**SOUND, "edges": BROKEN["edges"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flow.json"


def check(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["flow", "check", str(file), *options])


def words(result: Result) -> str:
    """Gives what was printed, whatever the width of the terminal."""
    return " ".join(result.output.split())


def write(file: Path, document: Any) -> bytes:
    file.write_text(json.dumps(document), encoding="utf-8")
    return file.read_bytes()


def test_the_exit_code_says_whether_a_flow_can_run(file: Path) -> None:
    write(file, SOUND)
    good = check(file)
    write(file, BROKEN)
    bad = check(file)

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "2 nodes, ready to run." in words(good)
    assert "ready to run" not in words(bad)


@pytest.mark.parametrize(
    ("language", "there", "missing"),
    [("pt-BR", "O campo “cor”", "There is no field"), ("en", "There is no field", "O campo")],
)
def test_one_language_or_both(file: Path, language: str, there: str, missing: str) -> None:
    write(file, BROKEN)

    one, both = words(check(file, "--language", language)), words(check(file))

    assert there in one
    assert missing not in one
    assert there in both
    assert missing in both


def test_json_tells_every_problem_with_its_fix(file: Path) -> None:
    before = write(file, BROKEN)

    result = check(file, "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["file"], told["ready"], told["mended"]) == (str(file), False, [])
    found = {problem["code"]: problem for problem in told["problems"]}
    assert {code: problem["fix"]["loses"] for code, problem in found.items()} == {
        "misspelt_port": False,
        "unknown_field": True,
    }
    assert found["unknown_field"]["field"] == "cor"
    assert found["unknown_field"]["fix"]["label"] == {
        "pt-BR": "Apagar o campo",
        "en": "Delete the field",
    }
    assert found["unknown_field"]["fix"]["changes"] == [
        {"op": "drop", "path": ["nodes", 1, "data", "cor"], "id": "end", "was": 1}
    ]
    assert file.read_bytes() == before


def test_fix_writes_what_loses_nothing_and_tells_the_rest(file: Path) -> None:
    write(file, BROKEN)

    result = check(file, "--fix")

    assert result.exit_code == 1
    assert "mended 1: misspelt_port." in words(result)
    document = json.loads(file.read_text("utf-8"))
    assert document["edges"][0]["sourceHandle"] == "next"
    assert document["nodes"][1]["data"] == {"cor": 1}
    again = check(file, "--fix")
    assert "nothing to mend by itself" in words(again)


def test_fix_ends_with_0_where_nothing_is_left(file: Path) -> None:
    write(file, MISSPELT)

    told = check(file, "--fix", "--json")

    assert told.exit_code == 0
    assert json.loads(told.stdout)["mended"] == ["misspelt_port"]
    assert json.loads(told.stdout)["ready"]


def test_a_file_without_anything_to_mend_is_not_written(file: Path) -> None:
    before = write(file, SOUND)

    check(file, "--fix")

    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("format"),
        lambda raw: raw.update(author="Ana"),
        lambda raw: raw["edges"][0].update(animated=True),
        lambda raw: raw["nodes"][1].update(type="text", data={"nodeType": "message"}),
    ],
    ids=["no_format", "more_at_the_root", "more_in_an_edge", "other_node"],
)
def test_fix_leaves_files_in_other_forms_alone(file: Path, change: Any) -> None:
    raw = json.loads(json.dumps(MISSPELT))
    change(raw)
    before = write(file, raw)

    result = check(file, "--fix")

    assert result.exit_code == 1
    assert "recado flow import" in words(result)
    assert file.read_bytes() == before


def test_a_flow_of_another_builder_is_checked_but_not_written(file: Path) -> None:
    file.write_bytes(FOREIGN.read_bytes())

    checked = json.loads(check(file, "--json").stdout)
    refused = check(file, "--fix", "--json")

    assert checked["problems"]
    assert refused.exit_code == 1
    assert "recado flow import" in json.loads(refused.stdout)["refused"]
    assert file.read_bytes() == FOREIGN.read_bytes()


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"nodes":' + "[" * 100_000])
def test_what_is_no_flow_is_told_in_both_outputs(file: Path, text: str) -> None:
    file.write_text(text)

    plain, as_json = check(file, "--fix"), check(file, "--json")

    assert (plain.exit_code, as_json.exit_code) == (1, 1)
    assert "is not a flow document" in words(plain)
    assert "is not a flow document" in json.loads(as_json.stdout)["refused"]


def test_a_link_stays_a_link_and_rights_stay(file: Path, tmp_path: Path) -> None:
    write(file, MISSPELT)
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)

    check(link, "--fix")

    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(file.read_text("utf-8"))["edges"][0]["sourceHandle"] == "next"


def test_where_writing_fails_the_old_file_is_there_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(28, os.strerror(28))

    before = write(file, MISSPELT)
    monkeypatch.setattr(os, "fsync", full)

    result = check(file, "--fix")

    assert result.exit_code == 1
    assert "Cannot write" in words(result)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_missing_ids_are_no_reason_not_to_mend(file: Path) -> None:
    edges = [{"source": "start", "sourceHandle": "nextt", "target": "end"}]
    write(file, {**SOUND, "edges": edges})

    result = check(file, "--fix")

    assert result.exit_code == 0, result.output
    assert json.loads(file.read_text("utf-8"))["edges"] == [{**edges[0], "sourceHandle": "next"}]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (
            """{
    "nodes": [
        {"type": "start", "id": "start"},
        {
            "id": "a", "type": "mesage",
            "data": {"contents": "Ol\u00e1"}
        }
    ],
    "edges": [{"source": "start", "target": "a"}],
    "format": "recado/1"
}
""",
            """{
    "nodes": [
        {"type": "start", "id": "start"},
        {
            "id": "a",
            "type": "message",
            "data": {"content": "Ol\u00e1"}
        }
    ],
    "edges": [{"source": "start", "target": "a"}],
    "format": "recado/1"
}
""",
        ),
        (
            '{"format":"recado/1","nodes":[{"id":"start","type":"start"},{"id":"a","type":"ende"}],"edges":[{"source":"start","target":"a"}]}',
            '{"format":"recado/1","nodes":[{"id":"start","type":"start"},{"id":"a","type":"end"}],"edges":[{"source":"start","target":"a"}]}',
        ),
        (
            '{"format": "recado/1", "nodes": [{"id": "start", "type": "start"}, {"id": "\\u00e1", "type": "ende"}]}',
            '{"format": "recado/1", "nodes": [{"id": "start", "type": "start"}, {"id": "\\u00e1", "type": "end"}]}',
        ),
    ],
    ids=["lines", "none", "escapes"],
)
def test_a_mended_file_keeps_its_layout(file: Path, text: str, mended: str) -> None:
    file.write_text(text, encoding="utf-8")

    check(file, "--fix")

    assert file.read_text("utf-8") == mended


def test_rounds_find_their_places_after_edges_went(file: Path) -> None:
    nodes = [
        {"id": "start", "type": "start"},
        {"id": "a", "type": "mesage", "data": {"content": "Oi"}},
        {"id": "end", "type": "end"},
    ]
    edges = [
        {"source": "start", "target": "a"},
        {"source": "start", "target": "a"},
        {"source": "a", "sourceHandle": "nextt", "target": "end"},
    ]
    write(file, {**SOUND, "nodes": nodes, "edges": edges})

    told = json.loads(check(file, "--fix", "--json").stdout)

    assert told["mended"] == ["misspelt_type", "port_twice", "misspelt_port"]
    assert told["ready"]
    assert json.loads(file.read_text("utf-8"))["edges"] == [
        edges[0],
        {**edges[2], "sourceHandle": "next"},
    ]


def test_each_mend_is_told_with_its_place_and_what_stood_there(file: Path) -> None:
    nodes = [
        {"id": "start", "type": "start"},
        {"id": "a", "type": "message", "data": {"contents": "Oi"}},
    ]
    edges = [
        {"id": "1", "source": "start", "target": "a", "sourceHandle": "nextt"},
        {"id": "2", "source": "a", "target": "a", "sourceHandle": "nextt"},
        {"id": "3", "source": "a", "target": "a", "sourceHandle": "nextt"},
    ]
    write(file, {**SOUND, "nodes": nodes, "edges": edges})

    said = check(file, "--fix").output

    assert "  misspelt_field: node a: contents -> content\n" in said
    assert '  misspelt_port: edge 1: sourceHandle "nextt" -> "next"\n' in said
    assert "  port_twice: edge 3 deleted, was {" in said


def test_several_files_are_checked_and_one_that_is_wrong_is_enough(
    file: Path, tmp_path: Path
) -> None:
    other, none = tmp_path / "other.json", tmp_path / "none.json"
    write(file, SOUND)
    write(other, BROKEN)

    plain = check(file, str(none), str(other))
    as_json = check(file, str(none), str(other), "--json")
    good = check(file, str(file))

    assert (plain.exit_code, as_json.exit_code, good.exit_code) == (1, 1, 0)
    assert "2 nodes, ready to run." in words(plain)
    assert "Cannot read" in words(plain)
    assert "“cor”" in words(plain)
    told = json.loads(as_json.stdout)
    assert [(each["file"], each["ready"]) for each in told] == [
        (str(file), True),
        (str(none), False),
        (str(other), False),
    ]


@pytest.mark.parametrize("raw", [{"a": 1}, {}])
def test_what_has_no_nodes_at_all_is_no_flow(file: Path, raw: dict[str, Any]) -> None:
    write(file, raw)

    assert "is not a flow document: it has no nodes." in words(check(file))


@pytest.mark.parametrize("raw", [{"nodes": []}, {"format": "recado/1"}])
def test_a_flow_that_is_empty_has_no_start(file: Path, raw: dict[str, Any]) -> None:
    write(file, raw)

    assert "The flow has no start node." in words(check(file))


@pytest.mark.parametrize(
    ("language", "more"),
    [("pt-BR", "Mais é verificado"), ("en", "More is checked once these are mended.")],
)
def test_that_more_is_checked_later_is_told(file: Path, language: str, more: str) -> None:
    write(file, BROKEN)
    broken, told = check(file, "--language", language), check(file, "--json")
    write(file, SOUND)
    sound = check(file, "--json")

    assert more in words(broken)
    assert "checked once" not in words(check(file))
    assert (json.loads(told.stdout)["complete"], json.loads(sound.stdout)["complete"]) == (
        False,
        True,
    )
