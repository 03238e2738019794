"""PyTorch's side of the segmentation benchmark: one setting in a process of its own.

Usage: torch_peer.py <{"config", "settings", "form", "threads", "initial", "inputs"}>. The first line says versions; then
{"do": "iteration" | "head", "steps"} a line in, {"ms", "cpuMs", "loss", "stateMB", "baselineMB", "peakMB"} a line out.
Memory is the resident set: the baseline has weights and AdamW's moments, after a step of two pictures, so that libraries
are loaded, with freed memory given back; the peak is counted from there.
"""

import ctypes
import json
import re
import sys
import time

import torch
from safetensors.torch import load_file
from torch_model import Segmentor, optimizer_of


def resident_mb(field):
    """Of /proc/self/status, in MB of 10^6 bytes."""
    with open("/proc/self/status") as status:
        return int(re.search(rf"{field}:\s+(\d+) kB", status.read())[1]) * 1024 / 1e6


def main():
    request = json.loads(sys.argv[1])
    settings = request["settings"]
    if request["threads"] > 0:
        torch.set_num_threads(request["threads"])
    tensors = load_file(request["inputs"])
    pixels, labels = tensors.pop("pixels"), tensors.pop("labels").long()
    drop_path = tensors.pop("drop_path", None)

    model = Segmentor(request["config"], settings, request["form"])
    state = load_file(request["initial"])
    optimizer = optimizer_of(model, settings)

    def step(maps=None):
        found = model.backbone.maps(pixels, drop_path) if maps is None else maps
        loss = model.loss(found, labels, tensors)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    pair = model.backbone.maps(pixels[:2], None if drop_path is None else drop_path[:, :, :2])
    model.loss(pair, labels[:2], {name: mask[:2] for name, mask in tensors.items()}).backward()
    del pair
    optimizer.zero_grad()
    model.load_state_dict(state)
    del state
    trained = [each for group in optimizer.param_groups for each in group["params"]]
    for parameter in trained:
        # Filled, or the pages are not there yet.
        optimizer.state[parameter] = {
            "step": torch.tensor(0.0),
            "exp_avg": torch.empty_like(parameter).fill_(0),
            "exp_avg_sq": torch.empty_like(parameter).fill_(0),
        }
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    baseline = resident_mb("VmRSS")
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
    state_mb = 3 * 4 * sum(parameter.numel() for parameter in trained) / 1e6
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        steps = request["steps"]
        maps = model.backbone.maps(pixels) if request["do"] == "head" else None
        start, processors = time.perf_counter(), time.process_time()
        for _ in range(steps):
            loss = step(maps)
        answer = {
            "ms": (time.perf_counter() - start) * 1e3 / steps,
            "cpuMs": (time.process_time() - processors) * 1e3 / steps,
            "loss": loss,
            "stateMB": state_mb,
            "baselineMB": baseline,
            "peakMB": resident_mb("VmHWM"),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
