"""PyTorch's side of fast-linear: a head for each rate on features that are in memory, one after the other in each step.

Usage: fast-linear-torch.py <folder with features/train and features/held-out> <threads>. Answers one JSON line for each
JSON line: {"epochs": …, "batch": …, "rates": [peak learning rates], "warmup": …, "clip": …} with {"seconds": …, "heldOut":
[top-1 in percent of each head]}.
"""

import glob
import json
import math
import os
import sys
import time

import torch
from safetensors.torch import load_file
from torch_measure import use_threads

CLASSES = 1000


def load(folder):
    files = [load_file(path) for path in sorted(glob.glob(os.path.join(folder, "*.safetensors")))]
    index = torch.cat([file["index"] for file in files]).long()
    return torch.cat([file["features"] for file in files]), index % CLASSES


def rate_of(step, peak, total, warmup):
    if step < warmup:
        return peak * step / warmup
    return 0.5 * peak * (1 + math.cos(math.pi * step / total))


class Head:
    def __init__(self, width, peak):
        self.module = torch.nn.Sequential(
            torch.nn.BatchNorm1d(width, eps=1e-6), torch.nn.Linear(width, CLASSES)
        )
        torch.nn.init.normal_(self.module[1].weight, std=0.01)
        torch.nn.init.zeros_(self.module[1].bias)
        self.peak = peak
        self.sgd = torch.optim.SGD(self.module.parameters(), lr=peak, momentum=0.9, nesterov=True)

    def step(self, features, labels, rate, clip):
        self.sgd.param_groups[0]["lr"] = rate
        loss = torch.nn.functional.cross_entropy(self.module(features), labels)
        self.sgd.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), clip)
        self.sgd.step()
        return loss.item()

    @torch.no_grad()
    def score(self, features, labels):
        self.module.eval()
        right = sum(
            (self.module(rows).argmax(1) == own).sum().item()
            for rows, own in zip(features.split(1024), labels.split(1024))
        )
        self.module.train()
        return 100 * right / len(labels)


def train(data, request):
    features, labels = data["train"]
    batch, per_epoch = request["batch"], len(features) // request["batch"]
    total = per_epoch * request["epochs"]
    heads = [Head(features.shape[1], peak) for peak in request["rates"]]
    scores = []
    begin = time.perf_counter()
    for epoch in range(request["epochs"]):
        order = torch.randperm(len(features))
        for at in range(per_epoch):
            rows = order[at * batch : (at + 1) * batch]
            some, own = features[rows], labels[rows]
            for head in heads:
                rate = rate_of(epoch * per_epoch + at, head.peak, total, request["warmup"])
                head.step(some, own, rate, request["clip"])
        scores = [head.score(*data["held-out"]) for head in heads]
    return {"seconds": time.perf_counter() - begin, "heldOut": scores}


def main():
    folder = sys.argv[1]
    use_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    data = {part: load(os.path.join(folder, "features", part)) for part in ("train", "held-out")}
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(train(data, json.loads(line))), flush=True)


main()
