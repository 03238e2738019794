"""PyTorch's side of the training benchmark.

Usage: torch_peer.py <threads>. Reads one JSON request a line: {"do": "open", "case", "file", "settings"} reads tensors
and builds the training, {"do": "first", "form", "path"} writes the gradients of its first step and answers loss and
norm, {"do": "run", "form", "steps"} answers {"ms", "cpuMs"} of one of so many steps, {"do": "close"} forgets it.
"""

import gc
import json
import sys

import numpy
import torch
from torch_encoder import Encoder
from torch_heads import Pooling, Probes
from torch_measure import time_steps, use_threads
from torch_operators import Operator

CASES = {
    "probe": Probes,
    "grid": Probes,
    "norm-probe": Probes,
    "norm-grid": Probes,
    "pooling": Pooling,
    "encoder": Encoder,
    "operator": Operator,
}


def read(file):
    tensors = {}
    for name, entry in file["entries"].items():
        count = int(numpy.prod(entry["shape"]))
        data = numpy.fromfile(file["path"], entry["dtype"], count, offset=entry["start"])
        tensors[name] = torch.from_numpy(data.reshape(entry["shape"]))
    return tensors


def main():
    use_threads(int(sys.argv[1]))
    versions = {"torch": torch.__version__, "torch threads": str(torch.get_num_threads())}
    print(json.dumps(versions), flush=True)
    training = None
    for line in sys.stdin:
        request = json.loads(line)
        what = request["do"]
        answer = {}
        if what == "open":
            training = CASES[request["case"]](read(request["file"]), request["settings"])
            if request["case"] == "operator":
                answer = {"results": training.results()}
        elif what == "first":
            loss, gradients = training.first(request["form"])
            with open(request["path"], "wb") as file:
                for gradient in gradients:
                    file.write(gradient.contiguous().numpy().tobytes())
            squares = sum(gradient.double().square().sum().item() for gradient in gradients)
            answer = {"loss": loss, "norm": squares**0.5}
        elif what == "run":
            form = request["form"]
            answer = time_steps(request["steps"], lambda: training.step(form))
        else:
            training = None
            gc.collect()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
