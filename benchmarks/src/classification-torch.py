"""PyTorch's side of the classification curves: the heads of the recipe, trained on what our pipeline drew.

Usage: classification-torch.py <checkpoint> <threads>. Answers one JSON line for each JSON line:
{"kind": "features" | "linear" | "attention-pooling", "folder": …, "batch": …, "classes": …, "steps": …, "perEpoch": …,
 "rates": [peak learning rates], "warmup": …, "oneBehind": …, "ema": decay or null, "clip": …}
with {"losses": [[one for each rate] for each step], "doubles": the same in float64, "epochs": [{set: [[raw, average]
for each rate]} for each epoch]}.
"""

import copy
import importlib.util
import json
import math
import os
import sys

import numpy
import torch
from safetensors.torch import load_file

CHUNK = 32


def load_build():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "encoder-torch.py")
    spec = importlib.util.spec_from_file_location("encoder_torch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build


class AttentionPooling(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for part in "qkv":
            setattr(self, f"norm1_{part}", torch.nn.LayerNorm(width, eps=1e-5))
        self.cross_attn = torch.nn.Module()
        for part in "qkv":
            setattr(self.cross_attn, part, torch.nn.Linear(width, width, bias=False))
            self.cross_attn.register_parameter(f"{part}_bias", torch.nn.Parameter(torch.zeros(width)))
        self.cross_attn.proj = torch.nn.Linear(width, width)

    def forward(self, tokens):
        mean = tokens.mean(1, keepdim=True)
        parts = []
        for part, source in (("q", mean), ("k", tokens), ("v", tokens)):
            normed = getattr(self, f"norm1_{part}")(source)
            full = getattr(self.cross_attn, part)(normed) + getattr(self.cross_attn, f"{part}_bias")
            parts.append(full.unflatten(2, (self.heads, -1)).transpose(1, 2))
        pooled = torch.nn.functional.scaled_dot_product_attention(*parts)
        return self.cross_attn.proj(pooled.transpose(1, 2).flatten(2)[:, 0])


class Head(torch.nn.Module):
    def __init__(self, width, heads, classes, kind):
        super().__init__()
        if kind == "attention-pooling":
            self.attn_pooling = AttentionPooling(width, heads)
        inputs = width if kind == "attention-pooling" else 2 * width
        self.norm = torch.nn.BatchNorm1d(inputs, eps=1e-6, momentum=0.1)
        self.head = torch.nn.Linear(inputs, classes)
        self.kind = kind

    def forward(self, value):
        if self.kind == "attention-pooling":
            value = self.attn_pooling(value)
        elif value.dim() == 3:
            value = torch.cat([value[:, 0], value[:, 1:].mean(1)], 1)
        return self.head(self.norm(value))


def rate_of(step, peak, total, request):
    if request["oneBehind"]:
        step = max(step - 1, 0)
    if step < request["warmup"]:
        return peak * step / request["warmup"]
    return 0.5 * peak * (1 + math.cos(math.pi * step / total))


class Training:
    """One head, its optimizer and its average."""

    def __init__(self, request, encoder, peak, dtype=torch.float32):
        config = encoder.config
        self.request, self.peak, self.dtype = request, peak, dtype
        self.module = Head(
            config.hidden_size, config.num_attention_heads, request["classes"], request["kind"]
        )
        initial = load_file(os.path.join(request["folder"], "initial.safetensors"))
        missing, unexpected = self.module.load_state_dict(initial, strict=False)
        if unexpected or set(missing) - {"norm.num_batches_tracked"}:
            raise ValueError(f"initial head: missing {missing}, unexpected {unexpected}")
        self.module.to(dtype)
        self.average = copy.deepcopy(self.module) if request["ema"] else None
        self.optimizer = torch.optim.SGD(
            self.module.parameters(), lr=peak, momentum=0.9, nesterov=True
        )

    def step(self, at, value, targets):
        for group in self.optimizer.param_groups:
            group["lr"] = rate_of(at, self.peak, self.request["steps"], self.request)
        self.module.train()
        value = value.to(self.dtype)
        targets = targets.to(self.dtype) if targets.is_floating_point() else targets
        logits = self.module(value)
        loss = torch.nn.functional.cross_entropy(logits, targets)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.request["clip"])
        self.optimizer.step()
        if self.average is not None:
            decay, own = self.request["ema"], self.module.state_dict()
            with torch.no_grad():
                for name, value in self.average.state_dict().items():
                    value.copy_(decay * value + (1 - decay) * own[name])
        return loss.item()

    @torch.no_grad()
    def top1(self, parts, labels):
        scores = []
        for module in (self.module, self.average):
            if module is None:
                continue
            module.eval()
            answers = torch.cat([module(part).argmax(1) for part in parts()])
            scores.append(100 * (answers == labels).double().mean().item())
        return scores


@torch.no_grad()
def encode(encoder, pixels):
    return torch.cat([encoder(part).last_hidden_state for part in pixels.split(CHUNK)])


def normalised(pixels):
    mean = torch.tensor([0.485, 0.456, 0.406])
    std = torch.tensor([0.229, 0.224, 0.225])
    return ((pixels.float() / 255 - mean) / std).permute(0, 3, 1, 2)


def run(request, encoder):
    folder, batch = request["folder"], request["batch"]
    size, width = encoder.config.image_size[0], encoder.config.hidden_size
    read = lambda name, kind, shape: numpy.memmap(
        os.path.join(folder, name), dtype=kind, mode="r", shape=tuple(shape)
    )
    tensor = lambda rows: torch.from_numpy(numpy.array(rows))
    trainings = [Training(request, encoder, peak) for peak in request["rates"]]
    # How far rounding alone leads: the same in float64.
    exact = [Training(request, encoder, peak, torch.float64) for peak in request["rates"]]
    losses, doubles, epochs = [], [], []
    steps = request["steps"]
    if request["kind"] == "features":
        inputs = read("inputs.bin", "float32", [steps, batch, 2 * width])
        labels = read("labels.bin", "int64", [steps, batch])
    else:
        inputs = read("inputs.bin", "float32", [steps, batch, 3, size, size])
        targets = read("targets.bin", "float32", [steps, batch, request["classes"]])
    tests = {}
    for name, count in request["sets"].items():
        right = tensor(read(f"{name}-labels.bin", "int64", [count]))
        if request["kind"] == "features":
            value = tensor(read(f"{name}.bin", "float32", [count, 2 * width]))
        else:
            pixels = tensor(read(f"{name}.bin", "uint8", [count, size, size, 3]))
            value = torch.cat([encode(encoder, normalised(part)) for part in pixels.split(CHUNK)])
        tests[name] = (value, right)
    for step in range(steps):
        if request["kind"] == "features":
            value, target = tensor(inputs[step]), tensor(labels[step])
        else:
            value, target = encode(encoder, tensor(inputs[step])), tensor(targets[step])
        losses.append([training.step(step, value, target) for training in trainings])
        doubles.append([training.step(step, value, target) for training in exact])
        if (step + 1) % request["perEpoch"] == 0:
            epochs.append(
                {
                    name: [training.top1(lambda: value.split(256), right) for training in trainings]
                    for name, (value, right) in tests.items()
                }
            )
    return {"losses": losses, "doubles": doubles, "epochs": epochs}


def main():
    checkpoint, threads = sys.argv[1:]
    if int(threads) > 0:
        torch.set_num_threads(int(threads))
    encoder = load_build()(checkpoint, "sdpa")
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(run(request, encoder)), flush=True)


if __name__ == "__main__":
    main()
