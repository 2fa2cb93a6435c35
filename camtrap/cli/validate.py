"""`camtrap validate`: is a Camtrap DP, ours or anybody's, what the standard asks for?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder with a datapackage.json.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Check a Camtrap DP 1.0.2; says what is wrong where, and exits 1 when anything is."""
    import json

    from camtrap.outputs.exports.check_camtrap_dp import check

    report = check(folder)
    if as_json:
        said = {
            "errors": report.errors,
            "warnings": report.warnings,
            "rows": dict(report.rows),
            "findings": [finding.as_dict() for finding in report.findings],
        }
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        for finding in report.findings:
            typer.echo(str(finding))
        if (hidden := report.errors + report.warnings - len(report.findings)) > 0:
            typer.echo(f"and {hidden:,} more of the same kinds")
        rows = " + ".join(f"{count:,} {name}" for name, count in report.rows.items())
        typer.echo(
            f"{folder}: {rows or 'no rows'}: {report.errors:,} errors, {report.warnings:,} warnings"
        )
    if report.errors:
        raise typer.Exit(1)
