"""The browser benchmark's peer model: a checkpoint of InternViT as transformers' ViTModel, exported to ONNX.

Usage: browser-torch.py <checkpoint> <folder>. Writes the folder as transformers.js reads it: config.json,
preprocessor_config.json and onnx/model.onnx, one file with the weights in it. A ViT has no layer scales: they are
multiplied into the projections before them, in float64. InternViT has no norm after the last layer: the ViT's is left
out, so that both compute the same last_hidden_state. Prints the versions as JSON.
"""

import contextlib
import json
import os
import sys

import torch
import transformers
from safetensors.torch import load_file
from transformers import ViTConfig, ViTModel

EMBEDDINGS = {
    "class_embedding": "cls_token",
    "position_embedding": "position_embeddings",
    "patch_embedding.weight": "patch_embeddings.projection.weight",
    "patch_embedding.bias": "patch_embeddings.projection.bias",
}
LAYER = {"norm1": "layernorm_before", "norm2": "layernorm_after", "mlp.fc1": "mlp.fc1"}
SCALED = {
    "attn.proj": ("attention.o_proj", "ls1"),
    "mlp.fc2": ("mlp.fc2", "ls2"),
}


def build(folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    width = config["hidden_size"]
    layers = config["num_hidden_layers"]
    model = ViTModel(
        ViTConfig(
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=config["num_attention_heads"],
            intermediate_size=config["intermediate_size"],
            qkv_bias=config["qkv_bias"],
            layer_norm_eps=config["layer_norm_eps"],
            image_size=config["image_size"],
            patch_size=config["patch_size"],
            # The plain products and softmax: sdpa's export has a mask and a search for NaN beside them.
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    ).eval()
    ours = load_file(os.path.join(folder, "model.safetensors"))
    state = {f"embeddings.{theirs}": ours[f"embeddings.{name}"] for name, theirs in EMBEDDINGS.items()}
    for layer in range(layers):
        source, target = f"encoder.layers.{layer}.", f"layers.{layer}."
        for part in ("weight", "bias"):
            rows = ours[f"{source}attn.qkv.{part}"].split(width)
            for name, tensor in zip("qkv", rows):
                state[f"{target}attention.{name}_proj.{part}"] = tensor.clone()
            for name, theirs in LAYER.items():
                state[f"{target}{theirs}.{part}"] = ours[f"{source}{name}.{part}"]
            for name, (theirs, scale) in SCALED.items():
                tensor = ours[f"{source}{name}.{part}"].double()
                factor = ours[f"{source}{scale}"].double()
                scaled = tensor * (factor[:, None] if part == "weight" else factor)
                state[f"{target}{theirs}.{part}"] = scaled.float()
    model.layernorm = torch.nn.Identity()
    model.load_state_dict(state)
    return model


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model(pixel_values).last_hidden_state


def export(model, path):
    size = model.config.image_size
    with contextlib.redirect_stdout(sys.stderr):
        torch.onnx.export(
            LastHiddenState(model).eval(),
            (torch.randn(2, 3, size, size),),
            path,
            input_names=["pixel_values"],
            output_names=["last_hidden_state"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            dynamo=True,
        )


def main():
    checkpoint, folder = sys.argv[1:]
    path = os.path.join(folder, "onnx/model.onnx")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        model = build(checkpoint)
        model.config.save_pretrained(folder)
        size = model.config.image_size
        processor = {
            "image_processor_type": "ViTImageProcessor",
            "do_resize": True,
            "size": {"height": size, "width": size},
            "resample": 3,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.485, 0.456, 0.406],
            "image_std": [0.229, 0.224, 0.225],
        }
        with open(os.path.join(folder, "preprocessor_config.json"), "w") as file:
            json.dump(processor, file)
        export(model, path)
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
