"""`{{ placeholders }}` and names of variables in our words: system names of elsewhere, and names that are our own here.

Only whole names are read; an expression between the braces stays as it is, for the compiler to judge.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recado.engine.dialects.report import Notes
from recado.engine.events import Json
from recado.engine.node import RESERVED

PLACEHOLDER = re.compile(r"\{\{\s*(?P<path>[^\W\d][\w.\[\]]*)\s*\}\}")
WORD = re.compile(r"[^\W\d]\w*")
# As a path, and as a text shows it.
SYSTEM: Mapping[str, tuple[str, str]] = {
    "contact.email": ("contact.fields.email", "contact.fields.email"),
    "contact.company": ("contact.fields.company", "contact.fields.company"),
    "contact.position": ("contact.fields.position", "contact.fields.position"),
    "current_date": ("today", 'today | date("%d/%m/%Y")'),
    "current_time": ("now", 'now | date("%H:%M")'),
}
NAMED = frozenset({"variableName", "save_to", "variable"})
LISTED = frozenset({"inputs", "pass"})
# Texts for people or for another language than ours.
LEFT = frozenset({"code", "format", "id"})


@dataclass(slots=True)
class Wording:
    """What is called otherwise in a document: `renamed` are its variables, `system` the names that are no variables.

    `dates` are variables, by our names, that are kept as dates and were texts, each with the pattern they are shown by.
    """

    renamed: dict[str, str] = field(default_factory=dict)
    system: dict[str, tuple[str, str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def path(self, path: str) -> str:
        """Gives a path in our words."""
        if path in self.system:
            return self.system[path][0]
        if path in self.renamed:
            return self.renamed[path]
        first, dot, rest = path.partition(".")
        return f"{self.renamed[first]}{dot}{rest}" if first in self.renamed else path

    def text(self, text: str) -> str:
        """Gives a text with its placeholders in our words."""
        return PLACEHOLDER.sub(self._shown, text) if "{{" in text else text

    def _shown(self, found: re.Match[str]) -> str:
        path = found["path"]
        shown = self.system[path][1] if path in self.system else self.path(path)
        if shown in self.dates:
            shown = f'{shown} | date("{self.dates[shown]}")'
        return found[0] if shown == path else f"{{{{ {shown} }}}}"


def wording(theirs: Iterable[str], ours: Iterable[str]) -> Wording:
    """Finds new names for variables of elsewhere that have a name of our own; `ours` are those that keep theirs."""
    written = {*theirs}
    own = written | {*ours}
    taken = own | RESERVED
    renamed: dict[str, str] = {}
    for name in sorted(written):
        if name.partition(".")[0] in RESERVED:
            renamed[name] = _free(f"{name.replace('.', '_')}_var", taken)
            taken.add(renamed[name])
    return Wording(renamed, {name: ours for name, ours in SYSTEM.items() if name not in own})


def _free(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name


def reword(
    data: dict[str, Json], words: Wording, *, node: str | None, notes: Notes
) -> dict[str, Json]:
    """Gives a node's fields in our words, and notes what is called otherwise now."""
    changed: dict[str, str] = {}
    new = _reworded(data, words, changed)
    for old, shown in changed.items():
        notes.change("text_mapped", node=node, old=old, new=shown)
    return {name: new[name] for name in data}


def _reworded(value: Json, words: Wording, changed: dict[str, str], key: str = "") -> Json:
    """Goes through a value; as deep as a document may be, so the recursion is bounded."""
    match value:
        case {"as": "expression", "value": str() as expression}:
            shown = WORD.sub(lambda found: words.renamed.get(found[0], found[0]), expression)
            return {**value, "variable": words.path(value.get("variable", "")), "value": shown}
        case dict():
            return {
                name: item if name in LEFT else _reworded(item, words, changed, name)
                for name, item in value.items()
            }
        case list():
            return [_reworded(item, words, changed, key if key in LISTED else "") for item in value]
        case str() if key in NAMED or key in LISTED:
            new = words.path(value)
        case str():
            return _said(value, words, changed)
        case _:
            return value
    if new != value and value in words.system:
        changed[value] = new
    return new


def _said(text: str, words: Wording, changed: dict[str, str]) -> str:
    new = words.text(text)
    if new != text:
        for found in PLACEHOLDER.finditer(text):
            if found["path"] in words.system or words.path(found["path"]) in words.dates:
                changed[found[0]] = words.text(found[0])
    return new


def mentioned(code: str, names: Iterable[str]) -> list[str]:
    """Lists the variables that a script's code mentions."""
    words = {*WORD.findall(code)}
    return sorted(name for name in {*names} if name in words)
