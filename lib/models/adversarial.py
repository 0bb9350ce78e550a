"""Adversarial training in one step: a wrapper whose network sees perturbed inputs while it is trained, from
the beginning or, which is cheaper, after a training on plain ones (A. Jeddi, M. J. Shafiee and A. Wong,
arXiv:2012.13628).

E. Wong, L. Rice and J. Z. Kolter, "Fast is better than free: Revisiting adversarial training", ICLR 2020,
arXiv:2001.03994: a random start within epsilon, one step of 1.25 epsilon along the sign of the gradient, cut
back to epsilon. Theirs raises the loss for the true label; ours, which is told no labels, for the class that
the network gives at the moment (Kurakin, Goodfellow and Bengio, ICLR 2017: no label leaks into the inputs).
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class FastAdversarial(nn.Module):
    """`network` behind one step of its worst case; in evaluation mode the network as it is.

    epsilon   of inputs from -1 to 1, so twice what it is of pictures from 0 to 1
    """

    def __init__(self, network: nn.Module, epsilon: float = 16 / 255):
        super().__init__()
        self.network, self.epsilon = network, epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(self.perturbed(x) if self.training else x)

    def perturbed(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (n, c, h, w) moved by at most `epsilon`, to raise the loss."""
        change = torch.empty_like(x).uniform_(-self.epsilon, self.epsilon).requires_grad_()
        with torch.enable_grad():
            given = self.network((x + change).clamp(-1, 1)).float()
            slope = torch.autograd.grad(cross_entropy(given, given.argmax(1)), change)[0]
        change = (change.detach() + 1.25 * self.epsilon * slope.sign()).clamp(-self.epsilon, self.epsilon)
        return (x + change).clamp(-1, 1)
