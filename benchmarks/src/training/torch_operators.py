"""Single operators with their gradients in PyTorch, eager."""

import math

import torch
import torch.nn.functional as F


def convolve(tensors, _):
    return F.conv2d(tensors["image"], tensors["weight"], padding=1)


def resize(tensors, settings):
    side = settings["side"]
    return F.interpolate(tensors["image"], (side, side), mode="bilinear", align_corners=False)


def normalize(tensors, _):
    return F.batch_norm(
        tensors["image"],
        tensors["runningMean"],
        tensors["runningVariance"],
        tensors["weight"],
        tensors["bias"],
        training=True,
    )


KINDS = {"conv": convolve, "resize": resize, "batch-norm": normalize}


class Operator:
    def __init__(self, tensors, settings):
        self.settings, self.tensors = settings, tensors
        self.inputs = [tensors[name].requires_grad_() for name in settings["withRespectTo"]]
        # A forward pass of batch norm changes its running statistics.
        self.result = self.forward() if settings["pass"] == "backward" else None

    def forward(self):
        return KINDS[self.settings["kind"]](self.tensors, self.settings)

    def backward(self, result, keep):
        upstream = self.tensors["upstream"]
        return torch.autograd.grad(result, self.inputs, upstream, retain_graph=keep)

    def step(self, _):
        if self.settings["pass"] == "forward":
            return [self.forward()]
        if self.settings["pass"] == "backward":
            return self.backward(self.result, keep=True)
        result = self.forward()
        gradients = self.backward(result, keep=False)
        if self.settings["kind"] != "batch-norm":
            return [result, *gradients]
        return [result, *gradients, self.tensors["runningMean"], self.tensors["runningVariance"]]

    def results(self):
        def weighted(tensor):
            flat = tensor.detach().flatten().double()
            places = torch.arange(len(flat), dtype=torch.float64).cos()
            return {"sum": (flat * places).sum().item(), "length": flat.norm().item()}

        return [weighted(tensor) for tensor in self.step(None)]
