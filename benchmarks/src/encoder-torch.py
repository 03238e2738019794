"""PyTorch's side of the encoder benchmark: transformers' InternVLVisionModel in float32 with the benchmark's weights.

Usage: encoder-torch.py <checkpoint> <folder> <threads>. Exports the model with torch.onnx into the folder, once with
each attention implementation, unless the files are there. Then reads one JSON request a line:
{"batch": n, "input": path, "output": path or null}, float32 [n, 3, 448, 448] in, last_hidden_state out, and answers
{"ms": milliseconds}. Times are taken here, without the files.
"""

import contextlib
import json
import os
import sys
import time

import numpy
import onnx
import torch
import transformers
from safetensors.torch import load_file
from transformers import InternVLVisionConfig, InternVLVisionModel

NAMES = [
    ("class_embedding", "cls_token"),
    ("position_embedding", "position_embeddings"),
    ("patch_embedding.", "patch_embeddings.projection."),
    ("encoder.layers.", "encoder.layer."),
    ("norm1", "layernorm_before"),
    ("norm2", "layernorm_after"),
    ("attn.proj", "attention.projection_layer"),
    (".ls1", ".lambda_1"),
    (".ls2", ".lambda_2"),
]


def build(folder, attention):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    width = config["hidden_size"]
    model = InternVLVisionModel(
        InternVLVisionConfig(
            hidden_size=width,
            num_hidden_layers=config["num_hidden_layers"],
            num_attention_heads=config["num_attention_heads"],
            attention_bias=config["qkv_bias"],
            use_qk_norm=config["qk_normalization"],
            intermediate_size=config["intermediate_size"],
            norm_type=config["norm_type"],
            layer_norm_eps=config["layer_norm_eps"],
            image_size=[config["image_size"]] * 2,
            patch_size=[config["patch_size"]] * 2,
            attn_implementation=attention,
        )
    ).eval()
    state = {}
    for name, tensor in load_file(os.path.join(folder, "model.safetensors")).items():
        for ours, theirs in NAMES:
            name = name.replace(ours, theirs)
        if "attn.qkv" in name:
            for part, rows in zip("qkv", tensor.float().split(width)):
                state[name.replace("attn.qkv", f"attention.{part}_proj")] = rows.clone()
        else:
            state[name] = tensor.float()
    model.load_state_dict(state)
    return model


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model(pixel_values).last_hidden_state


class LastHiddenStateAndPooled(LastHiddenState):
    """transformers' model has no pooler_output; OpenGVLab's is the class token."""

    def forward(self, pixel_values):
        hidden = super().forward(pixel_values)
        return hidden, hidden[:, 0]


def export(model, path, module=LastHiddenState, outputs=("last_hidden_state",)):
    if os.path.exists(path):
        return
    example = torch.randn(2, 3, *model.config.image_size)
    with contextlib.redirect_stdout(sys.stderr):
        torch.onnx.export(
            module(model).eval(),
            (example,),
            path,
            input_names=["pixel_values"],
            output_names=list(outputs),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=True,
            dynamo=True,
        )


def main():
    checkpoint, folder, threads = sys.argv[1:]
    if int(threads) > 0:
        torch.set_num_threads(int(threads))
    os.makedirs(folder, exist_ok=True)
    for attention in ("eager", "sdpa"):
        model = build(checkpoint, attention)
        export(model, os.path.join(folder, f"torch-{attention}.onnx"))
    versions = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "onnx": onnx.__version__,
        "torch threads": str(torch.get_num_threads()),
    }
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        pixels = numpy.fromfile(request["input"], dtype=numpy.float32)
        pixels = torch.from_numpy(pixels.reshape(request["batch"], 3, *model.config.image_size))
        with torch.inference_mode():
            start = time.perf_counter()
            hidden = model(pixels).last_hidden_state
            ms = (time.perf_counter() - start) * 1e3
        if request["output"] is not None:
            hidden.numpy().tofile(request["output"])
        print(json.dumps({"ms": ms}), flush=True)


if __name__ == "__main__":
    main()
