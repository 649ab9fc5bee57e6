"""``scmigen schema``: the JSON Schemas of what users write and programs read."""

from scmigen.cli.declare import argument, command
from scmigen.cli.report import say_document, say_json
from scmigen.cli.values import OneOf


@command(
    argument("format_", "FORMAT", read=OneOf("agents", "faults", "grants", "project", "runtime")),
    help="""Print the JSON Schema of agents files, project files, runtime configurations, grants
of a server or faults.

Editors use it to complete and check: docs/howto/schemas.md.
""",
)
def schema(format_: str) -> None:
    # Each needs other parts of the compiler.
    if format_ == "runtime":
        from scmigen.runtime import json_schema

        say_document(json_schema().decode())
    elif format_ == "grants":
        from scmigen.runtime import grants_schema

        say_document(grants_schema().decode())
    elif format_ == "faults":
        from scmigen.server.faults_file import faults_schema

        say_json(faults_schema())
    elif format_ == "project":
        from scmigen.project.schema import project_schema

        say_json(project_schema())
    else:
        from scmigen.assignment.schema import agents_schema
        from scmigen.explain import switchable
        from scmigen.targets.registry import names

        say_json(agents_schema(switchable(), names()))
