"""Markdown tables that are readable in a terminal too."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all but the first two columns are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        """Return one line."""
        aligned = (
            cell.ljust(width) if number < 2 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(aligned)} |"

    rule = [
        "-" * width if number < 2 else f"{'-' * (width - 1)}:"
        for number, width in enumerate(widths)
    ]
    return "\n".join(map(line, (head, rule, *rows)))
