"""Pillow's side of the tiling benchmark: reads one JSON request a line, answers with one JSON line.

Requests: {"task": "tile" | "tile-normalize", "file": path, "tileSize": pixels, "columns": n, "rows": n, "pixels": bool}.
Answers: {"ms": milliseconds, "pixels": base64 of the uint8 tiles or null}. Times are taken here, without the pipe.
"""

import base64
import json
import sys
import time

import numpy
import PIL
from PIL import Image, features

MEAN = numpy.array([0.485, 0.456, 0.406], dtype=numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], dtype=numpy.float32)


def tiles_of(image, side, columns, rows):
    resized = image.resize((side * columns, side * rows), Image.Resampling.BICUBIC)
    corners = [(column * side, row * side) for row in range(rows) for column in range(columns)]
    tiles = [resized.crop((left, top, left + side, top + side)) for left, top in corners]
    return [*tiles, image.resize((side, side), Image.Resampling.BICUBIC)]


def pixel_values(image):
    samples = (numpy.asarray(image).astype(numpy.float64) * (1 / 255)).astype(numpy.float32)
    return ((samples - MEAN) / STD).transpose(2, 0, 1)


def run(request, image):
    start = time.perf_counter()
    tiles = tiles_of(image, request["tileSize"], request["columns"], request["rows"])
    if request["task"] == "tile-normalize":
        numpy.stack([pixel_values(tile) for tile in tiles])
    return (time.perf_counter() - start) * 1e3, tiles


def main():
    jpeg = features.version("libjpeg_turbo") or "?"
    print(json.dumps({"pillow": PIL.__version__, "numpy": numpy.__version__, "libjpeg-turbo": jpeg}), flush=True)
    decoded = {}
    for line in sys.stdin:
        request = json.loads(line)
        file = request["file"]
        if file not in decoded:
            decoded[file] = Image.open(file).convert("RGB")
        ms, tiles = run(request, decoded[file])
        pixels = base64.b64encode(b"".join(tile.tobytes() for tile in tiles)).decode() if request["pixels"] else None
        print(json.dumps({"ms": ms, "pixels": pixels}), flush=True)


main()
