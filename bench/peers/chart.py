"""Draws what peers.py measured: a bar for each model, how many times as fast as the faster peer."""

import html

WIDTH, LABELS, ROW, TOP = 640, 150, 24, 34
BAR = "#2f7d6b"


def draw(report):
    """The text of an SVG picture, readable on light and dark grounds."""
    models = sorted(report["models"], key=lambda model: -model["ratio"])
    greatest = max(1.2, *(model["ratio"] for model in models))
    scale = (WIDTH - LABELS - 60) / greatest
    height = TOP + ROW * len(models) + 12
    one = LABELS + scale
    title = f"Times as fast as the faster of onnxruntime and OpenVINO, {report['threads']} threads"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" fill="#808080">',
        f'<text x="0" y="16">{html.escape(title)}, batch {report["batch"]}</text>',
    ]
    for i, model in enumerate(models):
        y = TOP + ROW * i
        end = LABELS + scale * model["ratio"]
        lines += [
            f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">'
            f"{html.escape(model['model'])}</text>",
            f'<rect x="{LABELS}" y="{y}" width="{end - LABELS:.1f}" height="{ROW - 6}" '
            f'fill="{BAR}"/>',
            f'<text x="{end + 6:.1f}" y="{y + 14}">{model["ratio"]:.2f}</text>',
        ]
    lines += [
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{TOP - 6}" y2="{height - 10}" '
        f'stroke="#808080" stroke-dasharray="3 3"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
