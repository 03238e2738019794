"""InternViT under the segmentation heads of its recipes, in PyTorch as MMSegmentation 0.30 writes them, under the names
of published checkpoints. Synchronised batch norm is batch norm in one process. What chance leaves out is an input.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

POOLS = (1, 2, 3, 6)
KEPT = 0.9
AUXILIARY_WEIGHT = 0.4
IGNORED = 255
# Of RGB, as in the configurations.
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def resized(value, like):
    return F.interpolate(value, size=like.shape[2:], mode="bilinear", align_corners=False)


class Attention(nn.Module):
    """`eager` as the reference is written, `sdpa` by PyTorch's fused attention."""

    def __init__(self, width, heads, form):
        super().__init__()
        self.heads, self.form = heads, form
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, value):
        n, tokens, width = value.shape
        parts = self.qkv(value).reshape(n, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        if self.form == "sdpa":
            mixed = F.scaled_dot_product_attention(query, key, value)
        else:
            scores = (query * (width // self.heads) ** -0.5) @ key.transpose(-2, -1)
            mixed = scores.softmax(dim=-1) @ value
        return self.proj(mixed.transpose(1, 2).reshape(n, tokens, width))


class LayerScale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, value):
        return value * self.gamma


class Block(nn.Module):
    def __init__(self, config, form):
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.norm1 = nn.LayerNorm(width, epsilon)
        self.attn = Attention(width, config["num_attention_heads"], form)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, epsilon)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(width, config["intermediate_size"])
        self.mlp.fc2 = nn.Linear(config["intermediate_size"], width)
        self.ls2 = LayerScale(width)

    def forward(self, hidden, factors):
        """`factors` [2, n, 1, 1] are those of drop path."""
        first = self.ls1(self.attn(self.norm1(hidden)))
        hidden = hidden + (first if factors is None else first * factors[0])
        second = self.ls2(self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(hidden)))))
        return hidden + (second if factors is None else second * factors[1])


class ChannelNorm(nn.LayerNorm):
    def forward(self, value):
        return super().forward(value.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Backbone(nn.Module):
    def __init__(self, config, settings, form):
        super().__init__()
        width, patch, size = config["hidden_size"], config["patch_size"], settings["size"]
        self.side, self.taps, self.frozen = size // patch, settings["taps"], settings["frozen"]
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, width))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, patch, patch)
        self.blocks = nn.ModuleList(Block(config, form) for _ in range(max(self.taps) + 1))
        if self.frozen:
            self.requires_grad_(False)
        self.pyramid = settings["kind"] == "upernet"
        if self.pyramid:
            double = lambda: nn.ConvTranspose2d(width, width, 2, 2)
            self.up1 = nn.Sequential(double(), ChannelNorm(width, 1e-6), nn.GELU(), double())
            self.up2 = nn.Sequential(double())

    def maps(self, pixels, drop_path=None):
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            tokens = self.patch_embed.proj(pixels).flatten(2).transpose(1, 2)
            n, _, width = tokens.shape
            hidden = torch.cat([self.cls_token.expand(n, -1, -1), tokens], 1) + self.pos_embed
            found = {}
            for at, block in enumerate(self.blocks):
                hidden = block(hidden, None if drop_path is None else drop_path[at])
                if at in self.taps:
                    grid = hidden[:, 1:].transpose(1, 2).reshape(n, width, self.side, self.side)
                    found[at] = grid.contiguous()
        return [found[at] for at in self.taps]

    def levels(self, maps):
        if not self.pyramid:
            return maps
        return [self.up1(maps[0]), self.up2(maps[1]), maps[2], F.max_pool2d(maps[3], 2, 2)]


class Module(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs, channels, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, channels, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, value):
        return F.relu(self.bn(self.conv(value)), inplace=True)


class Classifier(nn.Module):
    """A head's last step; `kept` [n, channels] are the channels that dropout leaves."""

    def __init__(self, channels, classes):
        super().__init__()
        self.conv_seg = nn.Conv2d(channels, classes, 1)

    def classify(self, value, kept):
        if kept is not None:
            value = value * (kept / KEPT)[:, :, None, None]
        return self.conv_seg(value)


class LinearHead(Classifier):
    def __init__(self, width, settings):
        super().__init__(width, settings["classes"])
        self.norm = nn.BatchNorm2d(width)

    def forward(self, levels, kept):
        return self.classify(self.norm(levels[0]), kept)


class UperHead(Classifier):
    def __init__(self, width, settings):
        channels = settings["channels"]
        super().__init__(channels, settings["classes"])
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(size), Module(width, channels, 1)) for size in POOLS
        )
        self.bottleneck = Module(width + len(POOLS) * channels, channels, 3)
        self.lateral_convs = nn.ModuleList(Module(width, channels, 1) for _ in range(3))
        self.fpn_convs = nn.ModuleList(Module(channels, channels, 3) for _ in range(3))
        self.fpn_bottleneck = Module(4 * channels, channels, 3)

    def forward(self, levels, kept):
        last = levels[3]
        pools = [resized(module(last), last) for module in self.psp_modules]
        laterals = [lateral(level) for lateral, level in zip(self.lateral_convs, levels)]
        laterals.append(self.bottleneck(torch.cat([last, *pools], 1)))
        for at in (2, 1, 0):
            laterals[at] = laterals[at] + resized(laterals[at + 1], laterals[at])
        maps = [conv(lateral) for conv, lateral in zip(self.fpn_convs, laterals)] + laterals[3:]
        maps = maps[:1] + [resized(value, maps[0]) for value in maps[1:]]
        return self.classify(self.fpn_bottleneck(torch.cat(maps, 1)), kept)


class AuxiliaryHead(Classifier):
    def __init__(self, width, settings):
        super().__init__(settings["channels"], settings["classes"])
        self.level = settings["auxiliaryLevel"]
        self.convs = nn.ModuleList([Module(width, settings["channels"], 3)])

    def forward(self, levels, kept):
        return self.classify(self.convs[0](levels[self.level]), kept)


class Segmentor(nn.Module):
    def __init__(self, config, settings, form):
        super().__init__()
        width = config["hidden_size"]
        self.backbone = Backbone(config, settings, form)
        if settings["kind"] == "linear":
            self.decode_head = LinearHead(width, settings)
        else:
            self.decode_head = UperHead(width, settings)
            self.auxiliary_head = AuxiliaryHead(width, settings)

    def loss(self, maps, labels, masks):
        levels = self.backbone.levels(maps)
        logits = self.decode_head(levels, masks.get("decode_head.kept_channels"))
        loss = pixel_loss(logits, labels)
        if hasattr(self, "auxiliary_head"):
            kept = masks.get("auxiliary_head.kept_channels")
            auxiliary = self.auxiliary_head(levels, kept)
            loss = loss + AUXILIARY_WEIGHT * pixel_loss(auxiliary, labels)
        return loss

    def logits(self, pixels):
        return self.decode_head(self.backbone.levels(self.backbone.maps(pixels)), None)


def pixel_loss(logits, labels):
    """Ignored pixels count in what is divided by (avg_non_ignore false)."""
    scores = F.interpolate(logits, size=labels.shape[1:], mode="bilinear", align_corners=False)
    return F.cross_entropy(scores, labels, ignore_index=IGNORED, reduction="none").mean()


def groups(model, settings):
    """The recipe's layer-wise decay; vectors and biases have no weight decay."""
    last = settings["layers"] + 1
    found = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        layer = last
        if name.startswith(("backbone.cls_token", "backbone.pos_embed", "backbone.patch_embed")):
            layer = 0
        elif name.startswith("backbone.blocks."):
            layer = int(name.split(".")[2]) + 1
        decay = 0.0 if parameter.ndim == 1 or name.endswith(".bias") else settings["weightDecay"]
        key = (layer, decay)
        group = {"params": [], "weight_decay": decay, "scale": settings["layerDecay"] ** (last - layer)}
        found.setdefault(key, group)["params"].append(parameter)
    return list(found.values())


def optimizer_of(model, settings):
    return torch.optim.AdamW(groups(model, settings), lr=settings["rate"])


def set_rate(optimizer, settings, step):
    """A straight line to 0 with linear warm-up."""
    rate = settings["rate"] * (1 - step / settings["iterations"])
    if step < settings["warmup"]:
        rate *= 1 - (1 - step / settings["warmup"]) * (1 - 1e-6)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


@torch.no_grad()
def slide_logits(model, pixels, classes, window, stride):
    """MMSegmentation's slide inference of one picture [1, 3, h, w]: one window after the other."""
    height, width = pixels.shape[2:]
    rows = max(height - window + stride - 1, 0) // stride + 1
    columns = max(width - window + stride - 1, 0) // stride + 1
    sums = pixels.new_zeros((1, classes, height, width))
    counts = pixels.new_zeros((1, 1, height, width))
    for row in range(rows):
        for column in range(columns):
            bottom = min(row * stride + window, height)
            right = min(column * stride + window, width)
            top, left = max(bottom - window, 0), max(right - window, 0)
            crop = pixels[:, :, top:bottom, left:right]
            logits = resized(model.logits(crop), crop)
            sums += F.pad(logits, (left, width - right, top, height - bottom))
            counts[:, :, top:bottom, left:right] += 1
    return sums / counts
