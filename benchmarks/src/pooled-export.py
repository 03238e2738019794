"""The graphs of the pooled benchmark: torch.onnx's with last_hidden_state and pooler_output, and what is left of it when
onnx cuts it to pooler_output.

Usage: pooled-export.py <checkpoint> <folder>. Writes torch-sdpa-both.onnx and torch-sdpa-pooled.onnx, which read one
file of weights, into the folder, unless they are there. Prints the versions as JSON.
"""

import importlib
import json
import os
import sys

import onnx
import torch
import transformers

encoder_torch = importlib.import_module("encoder-torch")


def main():
    checkpoint, folder = sys.argv[1:]
    both = os.path.join(folder, "torch-sdpa-both.onnx")
    pooled = os.path.join(folder, "torch-sdpa-pooled.onnx")
    if not os.path.exists(both):
        encoder_torch.export(
            encoder_torch.build(checkpoint, "sdpa"),
            both,
            encoder_torch.LastHiddenStateAndPooled,
            ("last_hidden_state", "pooler_output"),
        )
    if not os.path.exists(pooled):
        extractor = onnx.utils.Extractor(onnx.load(both, load_external_data=False))
        onnx.save(extractor.extract_model(["pixel_values"], ["pooler_output"]), pooled)
    versions = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "onnx": onnx.__version__,
    }
    print(json.dumps(versions))


if __name__ == "__main__":
    main()
