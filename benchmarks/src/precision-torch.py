"""PyTorch's side of the precision benchmark: the same model in bfloat16 and float32, and ONNX Runtime's own dynamic
int8 of the torch.onnx export.

Usage: precision-torch.py <checkpoint> <folder> <threads>. Exports and quantizes into the folder unless the files are
there. Then reads one JSON request a line: {"batch": n, "input": path, "dtype": "bfloat16" or "float32"}, float32
[n, 3, 448, 448] in, and answers {"ms": milliseconds}.
"""

import contextlib
import importlib
import json
import os
import sys
import time

import numpy
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

encoder_torch = importlib.import_module("encoder-torch")


def main():
    checkpoint, folder, threads = sys.argv[1:]
    if int(threads) > 0:
        torch.set_num_threads(int(threads))
    os.makedirs(folder, exist_ok=True)
    model = encoder_torch.build(checkpoint, "sdpa")
    plain = os.path.join(folder, "torch-sdpa.onnx")
    encoder_torch.export(model, plain)
    quantized = os.path.join(folder, "torch-sdpa-int8.onnx")
    if not os.path.exists(quantized):
        with contextlib.redirect_stdout(sys.stderr):
            quantize_dynamic(
                plain,
                quantized,
                per_channel=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul"],
            )
    models = {"float32": model, "bfloat16": encoder_torch.build(checkpoint, "sdpa").bfloat16()}
    print(
        json.dumps(
            {"torch": torch.__version__, "torch threads": str(torch.get_num_threads())}
        ),
        flush=True,
    )
    for line in sys.stdin:
        request = json.loads(line)
        dtype = getattr(torch, request["dtype"])
        pixels = numpy.fromfile(request["input"], dtype=numpy.float32)
        pixels = torch.from_numpy(pixels.reshape(request["batch"], 3, *model.config.image_size))
        with torch.inference_mode():
            start = time.perf_counter()
            hidden = models[request["dtype"]](pixels.to(dtype)).last_hidden_state.float()
            ms = (time.perf_counter() - start) * 1e3
        if request.get("output"):
            hidden.numpy().tofile(request["output"])
        print(json.dumps({"ms": ms}), flush=True)


if __name__ == "__main__":
    main()
