# SPDX-License-Identifier: Apache-2.0
"""The picture of `gso explain`: the frame above, its segments below, and every field in a table."""

from xml.sax.saxutils import escape

from gso_model.explanation import Explanation

_WIDTH, _MARGIN = 1060, 24
_BAR = 30  # height of a frame's bar
_HEAD = 250  # width of the headers in a bar; not to scale
_ROW = 18
_COLOURS = ("#dbe9f6", "#d9efd8", "#fbe6cd", "#eadcf2", "#f6d9dc", "#d6eff0", "#ececd2")
_PAYLOAD = ("#f3f3f3", "#e2e2e2")
_STYLE = (
    "text{font-family:sans-serif;font-size:12px;fill:#222}"
    ".title{font-size:16px;font-weight:bold}"
    ".small{font-size:10.5px}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".value{font-family:monospace;font-size:11.5px;text-anchor:end}"
    ".same{fill:#999}.head{font-weight:bold}"
    ".box{stroke:#345;stroke-width:1}.fan{fill:#889;fill-opacity:.12}"
    ".changed{fill:#ffe08a}.line{stroke:#ccd;stroke-width:1}"
)


class _Canvas:
    """Collects the parts of the picture; `y` is how far down it goes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.y = 0.0

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        self.parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, look: str) -> None:
        self.parts.append(
            f'<rect {look} x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
        )


def picture(where: str, explained: Explanation) -> str:
    """The SVG file's text."""
    canvas = _Canvas()
    d = explained.descriptor
    count = len(explained.segments)
    made = f"{count:,} segment{'s' if count > 1 else ''} of up to {d.mss:,} payload bytes"
    canvas.text(_MARGIN, 32, where, "title")
    canvas.text(
        _MARGIN, 52, f"{len(explained.frame):,} bytes become {made if d.mss else 'one frame'}"
    )
    _bars(canvas, explained)
    _table(canvas, explained)
    height = canvas.y + _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" '
            f'width="{_WIDTH}" height="{height:g}">',
            f"<title>{escape(where)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{height:g}" fill="#fff"/>',
            *canvas.parts,
            "</svg>",
            "",
        ]
    )


def _colour(explained: Explanation, header: str) -> str:
    return _COLOURS[explained.headers.index(header) % len(_COLOURS)]


def _headers(canvas: _Canvas, explained: Explanation, x: float, y: float, width: float) -> None:
    """One bar's headers, a box each; a mark below every field that is rewritten."""
    scale = width / explained.header_length
    for header in explained.headers:
        rows = [row for row in explained.rows if row.field.header == header and row.old]
        start, end = rows[0].field.start, rows[-1].field.end
        left, size = x + scale * start, scale * (end - start)
        look = f'class="box" fill="{_colour(explained, header)}"'
        canvas.box(left, y, size, _BAR, look)
        if 6.2 * len(header) < size:
            canvas.text(left + size / 2, y + 19, header, "small middle")


def _bars(canvas: _Canvas, explained: Explanation) -> None:
    right = _WIDTH - _MARGIN
    top = 72.0
    payload = len(explained.frame) - explained.header_length
    start = _MARGIN + _HEAD
    _headers(canvas, explained, _MARGIN, top, _HEAD)
    scale = (right - start) / max(1, payload)
    bottom = top + _BAR + 46
    pieces = len(explained.shown)
    room = (right - _MARGIN - 16 * (pieces - 1)) / pieces
    if payload:
        canvas.box(start, top, right - start, _BAR, f'class="box" fill="{_PAYLOAD[0]}"')
    for column, (first, end) in enumerate(explained.payload):
        left = start + scale * first
        size = scale * (end - first)
        x = _MARGIN + column * (room + 16)
        head = room * 0.55
        if end > first:
            canvas.box(left, top, size, _BAR, f'class="box" fill="{_PAYLOAD[1]}"')
            tail = x + room
            canvas.parts.append(
                f'<path class="fan" d="M{left:g} {top + _BAR:g}L{left + size:g} {top + _BAR:g}'
                f'L{tail:g} {bottom:g}L{x + head:g} {bottom:g}z"/>'
            )
            canvas.box(x + head, bottom, room - head, _BAR, f'class="box" fill="{_PAYLOAD[1]}"')
            words = f"payload {first:,} to {end - 1:,}"
            canvas.text(x + head + (room - head) / 2, bottom + 19, words, "small middle")
        _headers(canvas, explained, x, bottom, head)
        _marks(canvas, explained, column, x, bottom + _BAR, head)
        index = explained.shown[column]
        words = f"segment {index + 1}: {len(explained.segments[index]):,} bytes"
        canvas.text(x, bottom + _BAR + 22, words, "head")
        if column and index > explained.shown[column - 1] + 1:
            canvas.text(x - 8, bottom + 20, "…", "middle head")
    canvas.text(start + 6, top - 6, f"payload, {payload:,} bytes", "small")
    canvas.text(_MARGIN, top - 6, f"headers, {explained.header_length} bytes", "small")
    canvas.y = bottom + _BAR + 40


def _marks(
    canvas: _Canvas, explained: Explanation, column: int, x: float, y: float, width: float
) -> None:
    """A yellow mark below each byte of a segment's header that is not the frame's."""
    scale = width / explained.header_length
    for row in explained.rows:
        for at, (old, new) in enumerate(zip(row.old, row.new[column], strict=False)):
            if old != new:
                left = x + scale * (row.field.start + at)
                canvas.box(left, y + 1, scale, 6, 'fill="#e0a800"')


def _table(canvas: _Canvas, explained: Explanation) -> None:
    names = ["frame", *(f"segment {at + 1}" for at in explained.shown)]
    edges = [_WIDTH - _MARGIN - 150 * (len(names) - 1 - at) for at in range(len(names))]
    y = canvas.y + _ROW
    canvas.text(_MARGIN, y, "bytes", "head")
    canvas.text(_MARGIN + 70, y, "field", "head")
    for edge, name in zip(edges, names, strict=True):
        canvas.text(edge - 6, y, name, "head end")
    header = ""
    for row in explained.rows:
        if row.field.header != header:
            header = row.field.header
            y += _ROW + 4
            look = f'fill="{_colour(explained, header)}"'
            canvas.box(_MARGIN, y - 13, _WIDTH - 2 * _MARGIN, _ROW, look)
            canvas.text(_MARGIN + 6, y, header, "head")
        y += _ROW
        last = row.field.end - 1
        place = f"{row.field.start}-{last}" if last > row.field.start else f"{last}"
        canvas.text(_MARGIN + 6, y, place, "small")
        canvas.text(_MARGIN + 70, y, row.field.name)
        canvas.text(edges[0] - 6, y, _value(row.old), "value")
        for edge, value in zip(edges[1:], row.new, strict=True):
            if value != row.old:
                canvas.box(edge - 146, y - 13, 146, _ROW - 1, 'class="changed"')
                canvas.text(edge - 6, y, _value(value), "value")
            else:
                canvas.text(edge - 6, y, "copied", "value same")
    y += _ROW + 8
    canvas.text(
        _MARGIN,
        y,
        f"Of {explained.header_length} header bytes "
        f"{explained.header_length - explained.rewritten_bytes} are copied into every segment, "
        f"{explained.rewritten_bytes} rewritten (yellow).",
    )
    canvas.y = y


def _value(value: bytes) -> str:
    text = value.hex(" ", 2) if value else "-"
    return text if len(text) <= 20 else f"{value[:4].hex()}..{value[-4:].hex()}"
