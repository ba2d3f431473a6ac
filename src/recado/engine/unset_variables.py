"""Judges whether the variables that a node reads are sure to be there, and says what is wrong where one is not."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from recado.engine.node import Node
from recado.engine.problems import Problem, warning
from recado.engine.spelling import Spelling
from recado.engine.variable_reads import Read, reads


@dataclass(slots=True)
class Names:
    """Gives each variable a bit, so that a set of them is one number."""

    bits: dict[str, int] = field(default_factory=dict)

    def mask(self, names: Iterable[str]) -> int:
        """Makes the number of a set of variables."""
        total = 0
        for name in names:
            # A Mac writes é as e and an accent: the same name, as `values.find` has it.
            plain = name if name.isascii() else unicodedata.normalize("NFC", name)
            total |= self.bits.setdefault(plain, 1 << len(self.bits))
        return total


class Judge:
    """Says of what a node reads whether it is sure to be there; `settable` is all that the flow sets anywhere."""

    def __init__(self, names: Names, settable: frozenset[str], spelling: Spelling) -> None:
        self._names, self._settable, self._spelling = names, settable, spelling
        self._somewhere = names.mask(settable)

    def problems(self, id: str, node: Node, certain: int) -> Iterator[Problem]:
        """Finds the variables that a node reads and some way to it leaves unset, each once."""
        told: set[str] = set()
        for read in reads(node):
            name = read.whole if self._somewhere & self._names.mask([read.whole]) else read.name
            if name not in told and not self._there(read, node, certain):
                told.add(name)
                yield self._problem(id, name, read.field)

    def _there(self, read: Read, node: Node, certain: int) -> bool:
        mask = self._names.mask
        now = certain & ~mask(node.unsets_before(read.field)) | mask(node.sets_before(read.field))
        return now & mask((read.name, read.whole)) != 0

    def _problem(self, id: str, name: str, field: str) -> Problem:
        if self._somewhere & self._names.mask([name]):
            return warning("variable_unset_on_some_way", node=id, field=field, name=name)
        if meant := self._spelling.nearest(name, self._settable):
            return warning("variable_misspelt", node=id, field=field, name=name, meant=meant)
        return warning("variable_never_set", node=id, field=field, name=name)
