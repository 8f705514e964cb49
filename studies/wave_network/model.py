"""The wave network in torch; `physioclr.signal.wave_network` runs its weights in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["WaveNetwork", "folded_weights", "load_folded"]

_FINE, _MIDDLE, _TRUNK = 16, 24, 64
_N_PHASES, _N_OUTPUTS = 4, 6


class _Convolution(nn.Module):
    """Convolution and batch normalisation, without activation."""

    def __init__(
        self, n_in: int, n_out: int, width: int, *, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        padding = (width - stride) // 2 if stride > 1 else dilation * (width // 2)
        self.convolution = nn.Conv1d(n_in, n_out, width, stride, padding, dilation, bias=False)
        self.norm = nn.BatchNorm1d(n_out)

    def forward(self, signal: Tensor) -> Tensor:
        return self.norm(self.convolution(signal))


class WaveNetwork(nn.Module):
    """P, QRS and T in every lead, seen by all leads together.

    Each lead runs through the same fine layers (62.5 and 31 Hz). Their mean and maximum over the
    leads feed one trunk a record (down to 7.8 Hz, 5 s of sight), whose answer is handed back to
    every lead. So which waves there are is decided by the record, where they begin by each lead.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Convolution(1, _FINE, 16, stride=4)
        self.fine = _Convolution(_FINE, _FINE, 3)
        self.down = _Convolution(_FINE, _MIDDLE, 2, stride=2)
        self.middle_1 = _Convolution(_MIDDLE, _MIDDLE, 5)
        self.middle_2 = _Convolution(_MIDDLE, _MIDDLE, 5)
        self.trunk_down_1 = _Convolution(2 * _MIDDLE, _TRUNK, 4, stride=2)
        self.trunk_1 = _Convolution(_TRUNK, _TRUNK, 5)
        self.trunk_down_2 = _Convolution(_TRUNK, _TRUNK, 4, stride=2)
        self.trunk_2 = _Convolution(_TRUNK, _TRUNK, 5)
        self.trunk_3 = _Convolution(_TRUNK, _TRUNK, 5, dilation=2)
        self.trunk_4 = _Convolution(_TRUNK, _TRUNK, 5, dilation=4)
        self.trunk_up_1 = _Convolution(_TRUNK, _TRUNK, 5)
        self.trunk_up_2 = _Convolution(_TRUNK + 2 * _MIDDLE, _MIDDLE, 5)
        self.join = _Convolution(_MIDDLE, _MIDDLE, 5)
        self.up = _Convolution(_MIDDLE, 2 * _FINE, 1)
        self.last_1 = _Convolution(_FINE, _FINE, 3)
        self.last_2 = _Convolution(_FINE, _FINE, 3)
        self.head = nn.Conv1d(_FINE, _N_PHASES * _N_OUTPUTS, 1)
        self.dropout = nn.Dropout1d(0.1)

    def forward(self, leads: Tensor) -> Tensor:
        """Map (batch, n_leads, n_samples), a multiple of 32 samples, to logits.

        Returns (batch, n_leads, 6, n_samples): inside P, QRS, T; peak of P, R, T.
        """
        batch, n_leads, n_samples = leads.shape
        fine = self.stem(leads.reshape(batch * n_leads, 1, n_samples)).relu()
        fine = (fine + self.fine(fine)).relu()
        middle = self.down(fine).relu()
        middle = (middle + self.middle_1(middle)).relu()
        middle = (middle + self.middle_2(middle)).relu()
        by_lead = middle.reshape(batch, n_leads, _MIDDLE, -1)
        context = self._trunk(torch.cat([by_lead.mean(1), by_lead.amax(1)], 1))
        middle = (by_lead + context[:, None]).reshape(batch * n_leads, _MIDDLE, -1)
        middle = (middle + self.join(middle)).relu()
        up = self.up(middle).reshape(batch * n_leads, 2, _FINE, -1).permute(0, 2, 3, 1)
        fine = (fine + up.reshape(batch * n_leads, _FINE, -1)).relu()
        fine = (fine + self.last_1(fine)).relu()
        fine = (fine + self.last_2(fine)).relu()
        logits = self.head(fine).reshape(batch, n_leads, _N_PHASES, _N_OUTPUTS, -1)
        return logits.permute(0, 1, 3, 4, 2).reshape(batch, n_leads, _N_OUTPUTS, n_samples)

    def _trunk(self, pooled: Tensor) -> Tensor:
        level_1 = self.trunk_down_1(pooled).relu()
        level_1 = (level_1 + self.trunk_1(level_1)).relu()
        level_2 = self.trunk_down_2(self.dropout(level_1)).relu()
        level_2 = (level_2 + self.trunk_2(level_2)).relu()
        level_2 = (level_2 + self.trunk_3(level_2)).relu()
        level_2 = self.dropout((level_2 + self.trunk_4(level_2)).relu())
        level_1 = level_1 + level_2.repeat_interleave(2, dim=-1)
        level_1 = (level_1 + self.trunk_up_1(level_1)).relu()
        joined = torch.cat([level_1.repeat_interleave(2, dim=-1), pooled], 1)
        return self.trunk_up_2(joined)


def folded_weights(network: WaveNetwork) -> dict[str, Tensor]:
    """Return each convolution with its batch normalisation folded in.

    Returns
    -------
    dict of str to Tensor
        ``NAME.weight`` (width, n_in, n_out) and ``NAME.bias`` (n_out,), float32.
    """
    folded = {}
    for name, part in network.named_children():
        if isinstance(part, _Convolution):
            gain = part.norm.weight / torch.sqrt(part.norm.running_var + part.norm.eps)
            weight = part.convolution.weight * gain[:, None, None]
            bias = part.norm.bias - part.norm.running_mean * gain
        elif isinstance(part, nn.Conv1d):
            weight, bias = part.weight, part.bias
        else:
            continue
        folded[f"{name}.weight"] = weight.detach().permute(2, 1, 0).contiguous()
        folded[f"{name}.bias"] = bias.detach().clone()
    return folded


def load_folded(network: WaveNetwork, weights: Mapping[str, Tensor]) -> None:
    """Put folded weights into a network, for training that goes on without batch statistics.

    Parameters
    ----------
    network : WaveNetwork
        Its batch normalisations become the bias of their convolution and stay so in evaluation
        mode: only weights and biases are trained.
    weights : mapping of str to Tensor
        As `folded_weights` returns them.
    """
    with torch.no_grad():
        for name, part in network.named_children():
            if not isinstance(part, _Convolution | nn.Conv1d):
                continue
            weight = weights[f"{name}.weight"].float().permute(2, 1, 0)
            bias = weights[f"{name}.bias"].float()
            if isinstance(part, nn.Conv1d):
                part.weight.copy_(weight)
                if part.bias is not None:
                    part.bias.copy_(bias)
                continue
            part.convolution.weight.copy_(weight)
            part.norm.running_mean.zero_()
            part.norm.running_var.fill_(1.0)
            part.norm.weight.fill_((1.0 + part.norm.eps) ** 0.5)
            part.norm.bias.copy_(bias)
