"""Python's side of the augmentation benchmark: reads one JSON request a line, answers with one JSON line.

Requests: {"task": "crop to floats" | "crop to bytes" | "segmentation", "files": [{"image", "label"}, ...],
"draws": [...], "size": pixels, "hashes": bool}. Answers: {"ms": milliseconds for all files, "cpuMs": of
processor time, "hashes": SHA-256 of each
one's bytes before normalisation and of its labels, or null, "stages": milliseconds by stage}.

Crops are torchvision's steps (crop, resize, flip, ToTensor, Normalize) with Pillow and NumPy; segmentation is
MMSegmentation's (mmcv's functions are the cv2 calls below). Class shares are counted once, with numpy.bincount, where
MMSegmentation sorts the labels with numpy.unique, up to ten times.
"""

import hashlib
import json
import sys
import time

import numpy
import PIL
from PIL import Image, features

try:
    import cv2

    cv2.setNumThreads(1)
except ImportError:
    cv2 = None

MEAN = numpy.array([0.485, 0.456, 0.406], dtype=numpy.float32)[:, None, None]
STD = numpy.array([0.229, 0.224, 0.225], dtype=numpy.float32)[:, None, None]
MEAN_BYTES = numpy.array([[123.675, 116.28, 103.53]], dtype=numpy.float64)
STD_BYTES = numpy.array([[58.395, 57.12, 57.375]], dtype=numpy.float64)

stages = {}
last = 0.0
floats = numpy.empty((3, 448, 448), dtype=numpy.float32)


def ended(stage):
    global last
    now = time.perf_counter()
    stages[stage] = stages.get(stage, 0.0) + (now - last) * 1e3
    last = now


def crop(file, draw, size, normalised):
    image = Image.open(file["image"]).convert("RGB")
    ended("read and decode")
    left, top = draw["window"]["left"], draw["window"]["top"]
    box = (left, top, left + draw["window"]["width"], top + draw["window"]["height"])
    part = image.crop(box).resize((size, size), Image.Resampling.BICUBIC)
    if draw["flip"]:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = numpy.asarray(part)
    ended("crop, resize and flip")
    if normalised:
        # Into memory that is used again, the quickest of the ways that were tried.
        numpy.copyto(floats, pixels.transpose(2, 0, 1))
        numpy.divide(floats, 255, out=floats)
        numpy.subtract(floats, MEAN, out=floats)
        numpy.divide(floats, STD, out=floats)
    ended("normalise")
    return [pixels]


def convert(samples, alpha=1, beta=0):
    samples = samples.astype(numpy.float32) * alpha + beta
    return numpy.clip(samples, 0, 255).astype(numpy.uint8)


def distort(image, step):
    if step["kind"] == "brightness":
        return convert(image, beta=step["delta"])
    if step["kind"] == "contrast":
        return convert(image, alpha=step["factor"])
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    if step["kind"] == "saturation":
        hsv[:, :, 1] = convert(hsv[:, :, 1], alpha=step["factor"])
    else:
        hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + step["shift"]) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def segment(file, draw, size):
    image = cv2.imread(file["image"], cv2.IMREAD_COLOR)
    label = cv2.imread(file["label"], cv2.IMREAD_UNCHANGED)
    label[label >= 11] = 255
    ended("decode both")
    to = (draw["size"]["width"], draw["size"]["height"])
    image = cv2.resize(image, to, interpolation=cv2.INTER_LINEAR)
    label = cv2.resize(label, to, interpolation=cv2.INTER_NEAREST)
    left, top = draw["window"]["left"], draw["window"]["top"]
    right, bottom = left + draw["window"]["width"], top + draw["window"]["height"]
    counts = numpy.bincount(label[top:bottom, left:right].ravel(), minlength=256)[:255]
    enough = numpy.count_nonzero(counts) > 1 and counts.max() / counts.sum() < 0.75
    image, label = image[top:bottom, left:right], label[top:bottom, left:right]
    if draw["flip"]:
        image, label = numpy.flip(image, axis=1), numpy.flip(label, axis=1)
    # cv2 wants contiguous rows.
    image = numpy.ascontiguousarray(image)
    for step in draw["distortion"]:
        image = distort(image, step)
    ended("resize, crop, flip and distort")
    values = cv2.cvtColor(image.astype(numpy.float32), cv2.COLOR_BGR2RGB)
    cv2.subtract(values, MEAN_BYTES, values)
    cv2.multiply(values, 1 / STD_BYTES, values)
    below, beside = size - values.shape[0], size - values.shape[1]
    if below > 0 or beside > 0:
        values = cv2.copyMakeBorder(values, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=0)
        padded = cv2.copyMakeBorder(label, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=255)
    else:
        padded = label
    numpy.ascontiguousarray(values.transpose(2, 0, 1))
    numpy.ascontiguousarray(padded)
    ended("normalise and pad")
    return [numpy.ascontiguousarray(image[:, :, ::-1]), numpy.ascontiguousarray(label)], enough


def make(task, file, draw, size):
    if task == "segmentation":
        return segment(file, draw, size)[0]
    return crop(file, draw, size, task == "crop to floats")


def main():
    global last
    versions = {"pillow": PIL.__version__, "numpy": numpy.__version__}
    versions["libjpeg-turbo"] = features.version("libjpeg_turbo") or "?"
    if cv2 is not None:
        versions["opencv"] = cv2.__version__
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        stages.clear()
        hashes = []
        start, start_cpu = time.perf_counter(), time.process_time()
        for file, draw in zip(request["files"], request["draws"]):
            last = time.perf_counter()
            made = make(request["task"], file, draw, request["size"])
            if request["hashes"]:
                digest = hashlib.sha256()
                for data in made:
                    digest.update(data.tobytes())
                hashes.append(digest.hexdigest())
        ms = (time.perf_counter() - start) * 1e3
        cpu_ms = (time.process_time() - start_cpu) * 1e3
        answer = {"ms": ms, "cpuMs": cpu_ms, "hashes": hashes if request["hashes"] else None, "stages": stages}
        print(json.dumps(answer), flush=True)


main()
