"""Pillow's side of the resize benchmark: reads one JSON request a line, answers with one JSON line.

Requests: {"task": "resize" | "clip" | "clip-decode", "file": path, "side": pixels, "pixels": bool}.
Answers: {"ms": milliseconds, "pixels": base64 of the uint8 result or null}. Times are taken here, without the pipe.

With {"files": [path, ...], "side": pixels, "hashes": bool} all files go from JPEG to normalised floats; the answer is
{"ms": milliseconds for all of them, "hashes": SHA-256 of each one's floats or null}.
"""

import base64
import hashlib
import json
import sys
import time

import numpy
import PIL
from PIL import Image, features

MEAN = numpy.array([0.485, 0.456, 0.406], dtype=numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], dtype=numpy.float32)


def clip_crop(image, side):
    width, height = image.size
    if width <= height:
        size = (side, int(side * height / width))
    else:
        size = (int(side * width / height), side)
    resized = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return resized.crop((left, top, left + side, top + side))


def pixel_values(image):
    samples = (numpy.asarray(image).astype(numpy.float64) * (1 / 255)).astype(numpy.float32)
    return numpy.ascontiguousarray(((samples - MEAN) / STD).transpose(2, 0, 1))


def run(task, file, decoded, side):
    start = time.perf_counter()
    if task == "resize":
        result = decoded.resize((side, side), Image.Resampling.BICUBIC)
    else:
        image = decoded if task == "clip" else Image.open(file).convert("RGB")
        result = clip_crop(image, side)
        pixel_values(result)
    return (time.perf_counter() - start) * 1e3, result


def run_files(files, side, with_hashes):
    hashes = [] if with_hashes else None
    start = time.perf_counter()
    for file in files:
        values = pixel_values(clip_crop(Image.open(file).convert("RGB"), side))
        if with_hashes:
            hashes.append(hashlib.sha256(values.tobytes()).hexdigest())
    return {"ms": (time.perf_counter() - start) * 1e3, "hashes": hashes}


def main():
    jpeg = features.version("libjpeg_turbo") or "?"
    print(json.dumps({"pillow": PIL.__version__, "numpy": numpy.__version__, "libjpeg-turbo": jpeg}), flush=True)
    decoded = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "files" in request:
            answer = run_files(request["files"], request["side"], request["hashes"])
            print(json.dumps(answer), flush=True)
            continue
        file = request["file"]
        if file not in decoded:
            decoded[file] = Image.open(file).convert("RGB")
        ms, result = run(request["task"], file, decoded[file], request["side"])
        pixels = base64.b64encode(result.tobytes()).decode() if request["pixels"] else None
        print(json.dumps({"ms": ms, "pixels": pixels}), flush=True)


main()
