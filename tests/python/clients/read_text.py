"""Reads the text of pictures with rapidocr-onnxruntime: read_text.py, writes JSON."""

import json

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidocr_onnxruntime import RapidOCR

LINES = [
    "The quick brown fox", "jumps over the lazy dog", "0123456789 + 98.6 %", "Sardonyx & agate",
    "banded red and white", "WINTER 1879, page 42", "invoice no. A-1707",
]  # fmt: skip


def picture(lines: list, size: int, ink: str, paper: str) -> Image.Image:
    image = Image.new("RGB", (24 * size, 2 * size * (len(lines) + 1)), paper)
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        draw.text((size, size + 2 * size * i), line, fill=ink, font=ImageFont.load_default(size))
    return image


PICTURES = {
    "black on white": picture(LINES[:3], 32, "black", "white"),
    "white on blue": picture(LINES[3:5], 40, "white", "navy"),
    "small": picture(LINES, 20, "black", "lightyellow"),
    "blurred": picture(LINES[5:], 36, "darkred", "white").filter(ImageFilter.GaussianBlur(1.2)),
    "upside down": picture(LINES[:2], 36, "black", "white").rotate(180),
    "empty": Image.new("RGB", (320, 240), "white"),
}

if __name__ == "__main__":
    read, answers = RapidOCR(), {}
    for name, image in PICTURES.items():
        found, _ = read(np.asarray(image))
        answers[name] = [
            {"text": text, "score": float(score), "box": [[float(v) for v in p] for p in box]}
            for box, text, score in found or []
        ]
    print(json.dumps(answers))
