"""The flow that every server of the comparison runs: a name, an age, and whether it is enough."""

from itertools import pairwise
from typing import Any

Json = dict[str, Any]
ADULT = 18


def flow(nodes: int = 0) -> Json:
    """Draws it; with more nodes than it needs the rest stands behind the way out that no customer takes."""
    drawn = [
        _node("start", "start"),
        _question("nome", "Qual é o seu nome?"),
        _question("idade", "Qual é a sua idade?", answer="number"),
        _node(
            "maior",
            "condition",
            cases=[
                {
                    "id": "adulto",
                    "rules": [{"variable": "idade", "operator": ">=", "value": ADULT}],
                }
            ],
        ),
        _node("pode", "message", content="{{nome}} liberado"),
        _node("nao_pode", "message", content="{{nome}} bloqueado"),
        _node("fim", "end"),
    ]
    more = [
        _node(f"m{index}", "message", content=f"Parte {index}, {{{{nome}}}}.")
        for index in range(max(nodes - len(drawn), 0))
    ]
    behind = ["nao_pode", *(node["id"] for node in more), "fim"]
    edges = [
        _edge("start", "nome"),
        _edge("nome", "idade"),
        _edge("idade", "maior"),
        _edge("maior", "pode", port="adulto"),
        _edge("maior", "nao_pode", port="else"),
        _edge("pode", "fim"),
        *(_edge(*pair) for pair in pairwise(behind)),
    ]
    settings = {"burst": "each"}
    return {"name": "Portaria", "nodes": drawn + more, "edges": edges, "settings": settings}


def _question(id: str, content: str, **more: str) -> Json:
    return _node(id, "question", content=content, variableName=id, **more)


def _node(id: str, type: str, **data: Any) -> Json:
    return {"id": id, "type": type, "data": data}


def _edge(source: str, target: str, *, port: str | None = None) -> Json:
    edge = {"id": f"{source}-{target}", "source": source, "target": target}
    return edge if port is None else {**edge, "sourceHandle": port}
