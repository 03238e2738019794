"""PyTorch's side of the memory benchmark: the same training, eager, with fused attention and the default AdamW.

Usage: training-memory-torch.py <plain | checkpoint> <threads>. The first line says versions; then one JSON line, a step, is
answered with {"ms", "loss", "stateMB", "baselineMB", "peakMB"} of this process's resident set. The baseline is taken with
the weights and AdamW's moments in memory, after a forward and backward pass of one picture (so that libraries are loaded
and do not count as activations), with freed memory given back; the peak is reset then.
"""

import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
from torch_measure import resident_mb, start_peak, use_threads

BATCH, SIDE, PATCH, WIDTH, HEADS, LAYERS, CLASSES = 8, 224, 14, 384, 6, 12, 10


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, 1e-6)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.ls1 = nn.Parameter(0.1 * torch.ones(WIDTH))
        self.norm2 = nn.LayerNorm(WIDTH, 1e-6)
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)
        self.ls2 = nn.Parameter(0.1 * torch.ones(WIDTH))

    def attention(self, value):
        n, tokens, _ = value.shape
        parts = self.qkv(value).reshape(n, tokens, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(n, tokens, WIDTH))

    def forward(self, hidden):
        hidden = hidden + self.attention(self.norm1(hidden)) * self.ls1
        return hidden + self.fc2(F.gelu(self.fc1(self.norm2(hidden)))) * self.ls2


class Classifier(nn.Module):
    def __init__(self, recompute):
        super().__init__()
        self.recompute = recompute
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.first = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.position = nn.Parameter(0.02 * torch.randn(1, 1 + (SIDE // PATCH) ** 2, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.head = nn.Linear(2 * WIDTH, CLASSES, bias=False)

    def forward(self, pixels):
        tokens = self.patches(pixels).flatten(2).transpose(1, 2)
        first = self.first.expand(len(tokens), -1, -1)
        hidden = torch.cat([first, tokens], 1) + self.position
        for block in self.blocks:
            hidden = checkpoint(block, hidden, use_reentrant=False) if self.recompute else block(hidden)
        return self.head(torch.cat([hidden[:, 0], hidden[:, 1:].mean(1)], 1))


def main():
    variant = sys.argv[1]
    use_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    model = Classifier(variant == "checkpoint")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0)
    pixels, labels = torch.randn(BATCH, 3, SIDE, SIDE), torch.arange(BATCH)

    F.cross_entropy(model(pixels[:1]), labels[:1]).backward()
    optimizer.zero_grad()
    memory = start_peak(optimizer)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(pixels), labels)
        loss.backward()
        optimizer.step()
        answer = {
            "ms": 1e3 * (time.perf_counter() - start),
            "loss": loss.item(),
            **memory,
            "peakMB": resident_mb("VmHWM"),
        }
        print(json.dumps(answer), flush=True)


main()
