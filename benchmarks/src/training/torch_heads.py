"""Linear probes and attention pooling in PyTorch, eager."""

import torch
import torch.nn.functional as F
from torch_training import Training


def sgd(rate, decay=0.0):
    return lambda parameters: torch.optim.SGD(
        parameters, lr=rate, momentum=0.9, nesterov=True, weight_decay=decay
    )


class Probes:
    """One linear probe or several, one after the other, each with its own optimizer and its own limit."""

    def __init__(self, tensors, settings):
        self.features, self.labels = tensors["features"], tensors["labels"]
        self.batch = settings["batch"]
        self.at = 0
        weights = {k: v for k, v in tensors.items() if k not in ("features", "labels")}
        width = self.features.shape[1]
        self.mean, self.variance = torch.zeros(width), torch.ones(width)
        self.heads = [
            Training(
                weights,
                self.loss,
                sgd(
                    settings["rate"] * head.get("learningRateScale", 1),
                    head.get("weightDecay", 0.0),
                ),
                settings["limit"],
            )
            for head in settings["heads"]
        ]

    def loss(self, parameters, form):
        rows = slice(self.at, self.at + self.batch)
        features = self.features[rows]
        if "norm.weight" in parameters:
            weight, bias = parameters["norm.weight"], parameters["norm.bias"]
            features = F.batch_norm(
                features, self.mean, self.variance, weight, bias, training=True, eps=1e-6
            )
        logits = F.linear(features, parameters["weight"], parameters["bias"])
        return F.cross_entropy(logits, self.labels[rows])

    def step(self, form):
        for head in self.heads:
            head.step(form)
        self.at = (self.at + self.batch) % len(self.features)

    def first(self, form):
        firsts = [head.first(form) for head in self.heads]
        return sum(loss for loss, _ in firsts), [grad for _, grads in firsts for grad in grads]


class Pooling:
    """
    Attention with the mean token as query, batch norm and a linear layer. `sdpa` as it is written, `collapsed` without
    projecting the tokens to keys and values.
    """

    def __init__(self, tensors, settings):
        self.tokens, self.labels = tensors["tokens"], tensors["labels"]
        self.heads = settings["heads"]
        self.mean, self.variance = torch.zeros(self.width), torch.ones(self.width)
        parameters = {k: v for k, v in tensors.items() if k not in ("tokens", "labels")}
        self.training = Training(parameters, self.loss, sgd(settings["rate"]), settings["limit"])

    @property
    def width(self):
        return self.tokens.shape[2]

    def loss(self, p, form):
        n, width = len(self.tokens), self.width
        query = F.linear(
            self.norm(p, "q", self.tokens.mean(dim=1, keepdim=True)), p["q.weight"], p["q_bias"]
        )
        mixed = self.sdpa(p, query) if form == "sdpa" else self.collapsed(p, query)
        feature = F.linear(mixed.reshape(n, width), p["proj.weight"], p["proj.bias"])
        normed = F.batch_norm(
            feature,
            self.mean,
            self.variance,
            p["norm.weight"],
            p["norm.bias"],
            training=True,
            eps=1e-6,
        )
        return F.cross_entropy(F.linear(normed, p["head.weight"], p["head.bias"]), self.labels)

    def norm(self, p, part, value):
        weight, bias = p[f"norm1_{part}.weight"], p[f"norm1_{part}.bias"]
        return F.layer_norm(value, (self.width,), weight, bias, 1e-5)

    def by_head(self, value):
        n, rows, width = value.shape
        return value.view(n, rows, self.heads, width // self.heads).transpose(1, 2)

    def sdpa(self, p, query):
        key = F.linear(self.norm(p, "k", self.tokens), p["k.weight"], p["k_bias"])
        value = F.linear(self.norm(p, "v", self.tokens), p["v.weight"], p["v_bias"])
        query, key, value = map(self.by_head, (query, key, value))
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2)

    def collapsed(self, p, query):
        heads, width = self.heads, self.width
        plain = F.layer_norm(self.tokens, (width,), None, None, 1e-5)
        each = (width // heads) ** -0.5 * self.by_head(query).squeeze(2).transpose(0, 1)
        directions = torch.bmm(each, p["k.weight"].view(heads, -1, width)) * p["norm1_k.weight"]
        weights = torch.softmax(torch.bmm(directions.transpose(0, 1), plain.transpose(1, 2)), -1)
        pooled = torch.bmm(weights, plain) * p["norm1_v.weight"] + p["norm1_v.bias"]
        values = p["v.weight"].view(heads, -1, width)
        mixed = torch.bmm(pooled.transpose(0, 1), values.transpose(1, 2)).transpose(0, 1)
        # The key's biases change nothing; with the factor 0 the optimizer finds gradients for them.
        nothing = 0 * (p["k_bias"] + p["norm1_k.bias"])
        return mixed.reshape(len(mixed), width) + p["v_bias"] + nothing

    def step(self, form):
        self.training.step(form)

    def first(self, form):
        return self.training.first(form)
