"""InternViT in PyTorch, eager, with a linear head, trained with AdamW."""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch_training import Training


def linear(value, weight, bias):
    return F.linear(value, weight, bias)


def onednn_linear(value, weight, bias):
    """The same product as a 1×1 convolution, which PyTorch gives to oneDNN, forwards and backwards."""
    rows = value.reshape(1, -1, 1, value.shape[-1]).permute(0, 3, 1, 2)
    result = F.conv2d(rows, weight[:, :, None, None], bias)
    return result.permute(0, 2, 3, 1).reshape(*value.shape[:-1], len(weight))


class Encoder:
    """`eager` with F.linear, `onednn` with the same products by oneDNN."""

    def __init__(self, tensors, settings):
        self.config = settings["config"]
        self.pixels, self.labels = tensors["pixels"], tensors["labels"]
        parameters = load_file(settings["checkpoint"])
        heads = {k: v for k, v in tensors.items() if k not in ("pixels", "labels")}
        names = settings["parameters"]
        every = {**parameters, **heads}
        self.training = Training(
            {name: every[name] for name in names},
            self.loss,
            lambda all: torch.optim.AdamW(
                all, lr=settings["rate"], weight_decay=settings["decay"]
            ),
        )

    def loss(self, p, form):
        product = onednn_linear if form == "onednn" else linear
        config = self.config
        width, patch, epsilon = config["hidden_size"], config["patch_size"], config["layer_norm_eps"]
        embeddings = "embeddings."
        patches = F.conv2d(
            self.pixels,
            p[f"{embeddings}patch_embedding.weight"],
            p[f"{embeddings}patch_embedding.bias"],
            stride=patch,
        )
        tokens = patches.flatten(2).transpose(1, 2)
        first = p[f"{embeddings}class_embedding"].expand(len(tokens), 1, width)
        hidden = torch.cat([first, tokens], dim=1) + p[f"{embeddings}position_embedding"]
        for layer in range(config["num_hidden_layers"]):

            def own(name):
                return p[f"encoder.layers.{layer}.{name}"]

            def norm(value, name):
                return F.layer_norm(
                    value, (width,), own(f"{name}.weight"), own(f"{name}.bias"), epsilon
                )

            def mapped(value, name):
                return product(value, own(f"{name}.weight"), own(f"{name}.bias"))

            parts = mapped(norm(hidden, "norm1"), "attn.qkv")
            n, count, _ = parts.shape
            parts = parts.reshape(n, count, 3, config["num_attention_heads"], -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
            mixed = F.scaled_dot_product_attention(query, key, value)
            mixed = mixed.transpose(1, 2).reshape(n, count, width)
            hidden = hidden + mapped(mixed, "attn.proj") * own("ls1")
            wide = F.gelu(mapped(norm(hidden, "norm2"), "mlp.fc1"))
            hidden = hidden + mapped(wide, "mlp.fc2") * own("ls2")
        feature = torch.cat([hidden[:, 0], hidden[:, 1:].mean(dim=1)], dim=1)
        logits = F.linear(feature, p["head.weight"], p["head.bias"])
        return F.cross_entropy(logits, self.labels)

    def step(self, form):
        self.training.step(form)

    def first(self, form):
        return self.training.first(form)
