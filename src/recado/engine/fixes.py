"""One-click fixes: the remedies of the problems that have one, and the mending of a document with them.

A fix that `loses` deletes, cuts or replaces what an author wrote: it is made only where somebody asked for it by code.
All others leave everything there is: they rename, give free ids, drop copies and edges that no port misses.
"""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from recado.engine.changes import Fix, apply_all
from recado.engine.compile import Compiled, compile
from recado.engine.drawing import Drawing
from recado.engine.fixes_edges import edge_fix
from recado.engine.fixes_nodes import node_fix
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.problems import Problem
from recado.engine.resources import Resources

# A repaired place may show the next mistake; more than that nobody writes in one place.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Mended:
    """A mended document: what was mended, round by round, and what came of compiling it then.

    The paths of a fix are those of the document that its round found.
    """

    document: FlowDocument
    compiled: Compiled
    rounds: tuple[tuple[tuple[Problem, Fix], ...], ...] = ()

    @property
    def done(self) -> tuple[str, ...]:
        """Gives the codes of what was mended."""
        return tuple(problem.code for made in self.rounds for problem, _ in made)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Gives the problems that the document still has."""
        return self.compiled.problems


def fixes(problems: Sequence[Problem], document: FlowDocument) -> list[Fix | None]:
    """Gives the remedy of each problem of a document, in the compiler's order; linear in both."""
    drawing = Drawing(document)
    times: Counter[tuple[object, ...]] = Counter()
    found: list[Fix | None] = []
    for problem in problems:
        kind = (problem.code, problem.node, problem.edge, problem.params.get("port"))
        found.append(edge_fix(problem, times[kind], drawing) or node_fix(problem, drawing))
        times[kind] += 1
    return found


def mend(
    document: FlowDocument,
    node_types: NodeTypes,
    resources: Resources | None = None,
    *,
    codes: Set[str] | None = None,
    node: str | None = None,
    edge: str | None = None,
) -> Mended:
    """Applies the remedies of the given codes, or without codes those of errors that lose nothing.

    `node` and `edge` keep it to the problems at one place. Something is lost only for problems that the document had
    from the beginning, never for one that another remedy brought.
    """
    compiled = compile(document, node_types, resources)
    shown = {_key(problem) for problem in compiled.problems}
    rounds: list[tuple[tuple[Problem, Fix], ...]] = []
    for _ in range(ROUNDS):
        chosen = [
            (problem, fix)
            for problem, fix in _remedies(compiled.problems, document, codes)
            if node in (None, problem.node)
            and edge in (None, problem.edge)
            and (not fix.loses or (codes is not None and _key(problem) in shown))
        ]
        document, made = apply_all(document, [fix for _, fix in chosen])
        if not any(made):
            break
        rounds.append(tuple(pair for pair, taken in zip(chosen, made, strict=True) if taken))
        compiled = compile(document, node_types, resources)
    return Mended(document, compiled, tuple(rounds))


def _remedies(
    problems: Sequence[Problem], document: FlowDocument, codes: Set[str] | None
) -> list[tuple[Problem, Fix]]:
    wanted = [p for p in problems if (p.severity == "error" if codes is None else p.code in codes)]
    if not wanted:
        return []
    pairs = zip(wanted, fixes(wanted, document), strict=True)
    return [(problem, fix) for problem, fix in pairs if fix is not None]


def _key(problem: Problem) -> tuple[str | None, ...]:
    return problem.code, problem.node, problem.edge, problem.field
