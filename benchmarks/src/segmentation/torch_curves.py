"""PyTorch's side of the segmentation curves: trains on what our pipeline drew, then segments the pictures that are scored.

Usage: torch_curves.py <threads>. Answers one JSON line for each JSON line: {"config", "settings", "folder" with
initial.safetensors and step-N.safetensors, "scored" with val-N.safetensors, "pictures", "double"} with {"losses", "meanIou",
"seconds", "doubles": losses in float64 where "double" says so}.
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch_measure import use_threads
from torch_model import IGNORED, MEAN, STD, Segmentor, optimizer_of, set_rate, slide_logits


def train(model, request):
    settings, losses = request["settings"], []
    model.load_state_dict(load_file(os.path.join(request["folder"], "initial.safetensors")))
    dtype = next(model.parameters()).dtype
    optimizer = optimizer_of(model, settings)
    for step in range(settings["iterations"]):
        tensors = load_file(os.path.join(request["folder"], f"step-{step}.safetensors"))
        labels = tensors.pop("labels").long()
        tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
        set_rate(optimizer, settings, step)
        maps = model.backbone.maps(tensors.pop("pixels"), tensors.pop("drop_path", None))
        loss = model.loss(maps, labels, tensors)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def score(model, request):
    settings = request["settings"]
    classes = settings["classes"]
    both, predicted, labelled = (torch.zeros(classes, dtype=torch.int64) for _ in range(3))
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    model.eval()
    for at in range(request["pictures"]):
        tensors = load_file(os.path.join(request["scored"], f"val-{at}.safetensors"))
        pixels = ((tensors["pixels"].float() - mean) / std).permute(2, 0, 1)[None]
        labels = tensors["labels"].long()
        logits = slide_logits(model, pixels, classes, settings["size"], settings["stride"])
        whole = F.interpolate(logits, size=labels.shape, mode="bilinear", align_corners=False)
        answers = whole.softmax(dim=1).argmax(dim=1)[0]
        counted = labels != IGNORED
        answers, labels = answers[counted], labels[counted]
        count = lambda values: torch.bincount(values, minlength=classes)
        both += count(answers[answers == labels])
        predicted += count(answers)
        labelled += count(labels)
    union = predicted + labelled - both
    return (both / union)[union > 0].double().mean().item()


def main():
    use_threads(int(sys.argv[1]))
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        build = lambda: Segmentor(request["config"], request["settings"], "eager")
        model = build()
        start = time.perf_counter()
        answer = {"losses": train(model, request), "meanIou": score(model, request)}
        answer["seconds"] = time.perf_counter() - start
        if request["double"]:
            answer["doubles"] = train(build().double(), request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
