"""What PyTorch's trainings have in common: parameters, a loss, an optimizer, and a limit of the gradients' norm."""

import torch


class Training:
    """`loss(parameters, form)` gives the loss of the next batch; gradients and norms are taken of all parameters."""

    def __init__(self, parameters, loss, optimizer, limit=None):
        self.parameters = {
            name: tensor.clone().requires_grad_() for name, tensor in parameters.items()
        }
        self.loss = loss
        self.optimizer = optimizer(list(self.parameters.values()))
        self.limit = limit

    def backward(self, form):
        loss = self.loss(self.parameters, form)
        self.optimizer.zero_grad()
        loss.backward()
        return loss

    def step(self, form):
        loss = self.backward(form)
        if self.limit is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.limit)
        self.optimizer.step()
        return loss.item()

    def first(self, form):
        """Loss and gradients of the first batch, in the order of the parameters."""
        loss = self.backward(form).item()
        return loss, [each.grad.clone() for each in self.parameters.values()]
