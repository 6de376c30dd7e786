"""Tables that can be read in a terminal and pasted into a document."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown; what follows the first two columns is set to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        """Return one line."""
        set_right = (
            cell.ljust(width) if number < 2 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(set_right)} |"

    rule = [
        "-" * width if number < 2 else f"{'-' * (width - 1)}:"
        for number, width in enumerate(widths)
    ]
    return "\n".join(map(line, (head, rule, *rows)))
