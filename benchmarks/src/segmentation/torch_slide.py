"""PyTorch's side of the sliding windows: MMSegmentation's test pipeline from decoded bytes to labels.

Usage: torch_slide.py <threads>. Answers one JSON line for each JSON line: {"do": "open", "config", "settings", "initial",
"picture"} reads weights and a picture, {"do": "labels", "path"} writes the labels of its pixels, {"do": "run", "form",
"steps"} segments it so often and answers {"ms", "cpuMs"} of once.
"""

import json
import math
import sys

import cv2
import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch_measure import time_steps, use_threads
from torch_model import MEAN, STD, Segmentor, slide_logits


@torch.no_grad()
def segment(model, picture, settings):
    height, width = picture.shape[:2]
    size, patch = settings["size"], settings["patch"]
    factor = size / min(height, width)
    first = [int(side * factor + 0.5) for side in (width, height)]
    image = cv2.resize(picture, first, interpolation=cv2.INTER_LINEAR)
    rounded = [math.ceil(side / patch) * patch for side in first]
    if rounded != first:
        image = cv2.resize(image, rounded, interpolation=cv2.INTER_LINEAR)
    image = image.astype(numpy.float32)
    cv2.subtract(image, numpy.array([MEAN]), image)
    cv2.multiply(image, 1 / numpy.array([STD]), image)
    pixels = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    logits = slide_logits(model, pixels, settings["classes"], size, settings["stride"])
    whole = F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=False)
    return F.softmax(whole, dim=1).argmax(dim=1)[0]


def main():
    threads = int(sys.argv[1])
    use_threads(threads)
    if threads > 0:
        cv2.setNumThreads(threads)
    versions = {"torch": torch.__version__, "opencv": cv2.__version__}
    print(json.dumps(versions), flush=True)
    models, picture, settings = {}, None, {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if request["do"] == "open":
            settings = {**request["settings"], "patch": request["config"]["patch_size"]}
            state = load_file(request["initial"])
            for form in ("eager", "sdpa"):
                models[form] = Segmentor(request["config"], settings, form).eval()
                models[form].load_state_dict(state)
            picture = load_file(request["picture"])["pixels"].numpy()
        elif request["do"] == "labels":
            labels = segment(models["eager"], picture, settings)
            labels.to(torch.uint8).numpy().tofile(request["path"])
        else:
            model = models[request["form"]]
            answer = time_steps(request["steps"], lambda: segment(model, picture, settings))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
