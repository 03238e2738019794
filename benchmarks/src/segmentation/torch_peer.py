"""PyTorch's side of the segmentation benchmark: one setting in a process of its own.

Usage: torch_peer.py <{"config", "settings", "form", "threads", "initial", "inputs"}>. The first line says versions; then
{"do": "iteration" | "head", "steps"} a line in, {"ms", "cpuMs", "loss", "stateMB", "baselineMB", "peakMB"} a line out.
Memory is the resident set: the baseline has weights and AdamW's moments, after a step of two pictures, so that libraries
are loaded, with freed memory given back; the peak is counted from there.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from torch_measure import resident_mb, start_peak, time_steps, use_threads
from torch_model import Segmentor, optimizer_of


def main():
    request = json.loads(sys.argv[1])
    settings = request["settings"]
    use_threads(request["threads"])
    tensors = load_file(request["inputs"])
    pixels, labels = tensors.pop("pixels"), tensors.pop("labels").long()
    drop_path = tensors.pop("drop_path", None)

    model = Segmentor(request["config"], settings, request["form"])
    state = load_file(request["initial"])
    optimizer = optimizer_of(model, settings)

    losses = []

    def step(maps):
        found = model.backbone.maps(pixels, drop_path) if maps is None else maps
        loss = model.loss(found, labels, tensors)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    pair = model.backbone.maps(pixels[:2], None if drop_path is None else drop_path[:, :, :2])
    model.loss(pair, labels[:2], {name: mask[:2] for name, mask in tensors.items()}).backward()
    del pair
    optimizer.zero_grad()
    model.load_state_dict(state)
    del state
    memory = start_peak(optimizer)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        # Of the head alone the maps are computed beforehand.
        maps = model.backbone.maps(pixels) if request["do"] == "head" else None
        times = time_steps(request["steps"], lambda: step(maps))
        answer = {**times, "loss": losses[-1], **memory, "peakMB": resident_mb("VmHWM")}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
