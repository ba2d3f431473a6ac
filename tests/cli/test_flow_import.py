"""`recado flow import`: a line for each file, our form and a report beside it, and exit code 1 where one is refused."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from recado.cli import app
from recado.cli.flow_import import import_files
from recado.engine.dialects import read
from recado.engine.problems import Language

FLOWS = Path(__file__).parents[1] / "engine" / "dialects" / "flows"
BAKERY = FLOWS / "01_padaria_botoes_handoff.json"


def imported(files: list[Path], out: Path, *, language: Language = "pt-BR") -> tuple[bool, str]:
    written = StringIO()
    console = Console(file=written, highlight=False, soft_wrap=True)
    return import_files(files, out, console, language=language), written.getvalue()


def test_every_file_gets_a_line_and_our_form(tmp_path: Path) -> None:
    files = sorted(FLOWS.glob("*.json"))

    done, printed = imported(files, tmp_path / "new" / "out")

    assert done
    lines = printed.splitlines()
    assert len(lines) == len(files) == 10
    assert "dialect A, 9 nodes, 12 changed, 5 lost" in lines[0]
    for file in files:
        raw = json.loads((tmp_path / "new" / "out" / file.name).read_text("utf-8"))
        assert raw["format"] == "recado/1"
        assert read(raw)[1].changed == ()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("pt-BR", "- node-8: Confira se aqui existe a equipe “Balcão”, ou escolha outra."),
        ("en", "- node-8: See that there is a team “Balcão” here, or choose another."),
    ],
)
def test_the_report_is_in_the_language_that_was_asked_for(
    tmp_path: Path, language: Language, sentence: str
) -> None:
    imported([BAKERY], tmp_path, language=language)

    report = (tmp_path / "01_padaria_botoes_handoff.report.txt").read_text("utf-8")
    assert report.startswith("Padaria - menu\n\n")
    assert sentence in report.splitlines()


def test_a_file_that_is_refused_does_not_keep_the_others_back(tmp_path: Path) -> None:
    bad, empty, large = tmp_path / "bad.json", tmp_path / "empty.json", tmp_path / "large.json"
    bad.write_text("{")
    empty.write_text("{}")
    large.write_bytes(b" " * 10_000_001)

    done, printed = imported([bad, empty, large, tmp_path / "none.json", BAKERY], tmp_path / "out")

    assert not done
    assert [line.split(" ")[0] for line in printed.splitlines()[:4]] == ["refused"] * 4
    assert "it has no nodes" in printed
    assert "is larger than 10,000,000 bytes" in printed
    assert [path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".json"] == [
        BAKERY.name
    ]


def test_deep_json_is_refused_in_a_sentence(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text('{"nodes":' + "[" * 200_000)

    done, printed = imported([deep], tmp_path / "out")

    assert not done
    assert printed.startswith("refused")


def test_a_document_is_not_written_over_its_own_source(tmp_path: Path) -> None:
    copy = tmp_path / "flow.json"
    copy.write_bytes(BAKERY.read_bytes())

    done, printed = imported([copy], tmp_path)

    assert not done
    assert "would be written over" in printed
    assert copy.read_bytes() == BAKERY.read_bytes()


def test_two_files_of_one_name_get_a_name_each(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "flow.json").write_bytes(BAKERY.read_bytes())

    done, _ = imported([tmp_path / "a" / "flow.json", tmp_path / "b" / "flow.json"], tmp_path)

    assert done
    assert {path.name for path in tmp_path.glob("*.json")} == {"flow.json", "flow-2.json"}


def test_the_command_exits_with_1_where_one_is_refused(tmp_path: Path) -> None:
    run = CliRunner().invoke

    good = run(app, ["flow", "import", str(BAKERY), "--out", str(tmp_path)])
    bad = run(app, ["flow", "import", str(tmp_path / "none.json"), "--out", str(tmp_path)])

    assert (good.exit_code, bad.exit_code) == (0, 1)
