"""W2V-CMSC-RLM: wav2vec 2.0 within a segment, CMSC between segments, random lead masking on both.

Oh et al. 2022, arXiv 2203.06889, as in ECG-FM, McKeen et al. 2024, arXiv 2408.05178; wav2vec 2.0 is
Baevski et al. 2020, arXiv 2006.11477. At each hidden token t of a segment the context c_t must
tell its own quantised local features q_t from those of the other hidden tokens, with the cosine
similarity ``s`` and temperature κ::

    L_local = mean over hidden t of −log( exp(s(c_t, q_t)/κ) / Σ_{hidden u} exp(s(c_t, q_u)/κ) )
    L       = L_local + a · L_diversity + L_cmsc
    L_diversity = 1 − mean over groups g of exp(H(p̄_g)) / V

p̄_g is the mean over all hidden tokens of the softmax over the V entries of codebook g, H its
entropy. Deviations: the sum runs over all hidden tokens of the segment in place of a hundred drawn
from them, without those that have the same code; the penalty on the size of the local features is
left out, since they are normalised here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.augment import Draws, RandomLeadMasking
from physioclr.models import EncoderConfig
from physioclr.objectives.cmsc import neighbour_loss
from physioclr.objectives.full_precision import full_precision
from physioclr.objectives.objective import Objective, Step
from physioclr.objectives.token_masks import span_mask
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.batch import Need, TrainingBatch

__all__ = ["W2vCmscRlm", "W2vCmscRlmConfig", "diversity_loss", "local_contrast"]


@dataclass(frozen=True)
class W2vCmscRlmConfig:
    """Weights, masks and codebooks.

    Parameters
    ----------
    temperature : float
        κ, and τ of CMSC.
    diversity_weight : float
        a.
    cmsc_weight : float
    lead_mask_fraction : float
    token_mask_fraction, token_mask_span : float, int
    n_groups, n_entries : int
        Codebooks, and entries in each.
    first_gumbel_temperature, last_gumbel_temperature : float
        Of the choice of an entry; it falls geometrically over the run.
    projection_dim : int
        A multiple of `n_groups`.
    """

    temperature: float = 0.1
    diversity_weight: float = 0.1
    cmsc_weight: float = 1.0
    lead_mask_fraction: float = 0.5
    token_mask_fraction: float = 0.65
    token_mask_span: int = 5
    n_groups: int = 2
    n_entries: int = 320
    first_gumbel_temperature: float = 2.0
    last_gumbel_temperature: float = 0.5
    projection_dim: int = 256

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if not 0 < self.token_mask_fraction < 1:
            raise ValueError(
                f"token_mask_fraction must lie in (0, 1), got {self.token_mask_fraction}"
            )
        if not self.token_mask_span >= 1:
            raise ValueError(f"token_mask_span must be at least 1, got {self.token_mask_span}")
        for name in ("first_gumbel_temperature", "last_gumbel_temperature"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if self.projection_dim % self.n_groups:
            raise ValueError(
                f"projection_dim must be a multiple of n_groups={self.n_groups}, "
                f"got {self.projection_dim}"
            )

    def gumbel_temperature_at(self, progress: float) -> float:
        """Return the temperature of the choice when a share of the run is done."""
        ratio = self.last_gumbel_temperature / self.first_gumbel_temperature
        return self.first_gumbel_temperature * math.pow(ratio, progress)


class W2vCmscRlm(Objective):
    """The encoder, the quantiser of its local features, and the heads of both losses.

    Parameters
    ----------
    encoder : EncoderConfig
    config : W2vCmscRlmConfig
    """

    Config = W2vCmscRlmConfig
    title = "wav2vec 2.0 + CMSC + random lead masking"
    citation = "Oh et al. 2022, arXiv 2203.06889; McKeen et al. 2024, arXiv 2408.05178"

    def __init__(self, encoder: EncoderConfig, config: W2vCmscRlmConfig) -> None:
        super().__init__(encoder, config)
        self.config: W2vCmscRlmConfig = config
        self.lead_masking = RandomLeadMasking(config.lead_mask_fraction)
        self.choice = nn.Linear(encoder.width, config.n_groups * config.n_entries)
        self.codebooks = nn.Parameter(
            torch.randn(config.n_groups, config.n_entries, config.projection_dim // config.n_groups)
        )
        self.of_context = nn.Linear(encoder.width, config.projection_dim)
        self.of_segment = nn.Linear(encoder.width, config.projection_dim)

    @classmethod
    def needs(cls, config: W2vCmscRlmConfig) -> frozenset[Need]:
        """Return that CMSC compares neighbours."""
        return frozenset({"neighbours"} if config.cmsc_weight else ())

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``, ``local``, ``diversity`` and ``cmsc``."""
        config = self.config
        signal = self.lead_masking(batch.windows, draws=step.draws).signal
        hidden = span_mask(
            len(signal),
            self.encoder.n_tokens(signal.shape[-1]),
            fraction=config.token_mask_fraction,
            span=config.token_mask_span,
            draws=step.draws,
        )
        quantised, codes, chances = self._quantised(signal, step)
        segment, tokens = self.encoder(signal, hidden)
        context = self.of_context(tokens)
        local = local_contrast(
            context,
            quantised,
            codes,
            hidden,
            temperature=config.temperature,
            processes=step.processes,
        )
        terms = {
            "local": local,
            "diversity": diversity_loss(chances, hidden, processes=step.processes),
        }
        loss = local + config.diversity_weight * terms["diversity"]
        if config.cmsc_weight:
            terms["cmsc"] = neighbour_loss(
                self.of_segment(segment), batch, step, temperature=config.temperature
            )
            loss = loss + config.cmsc_weight * terms["cmsc"]
        return {"loss": loss, **terms}

    def _quantised(self, signal: Tensor, step: Step) -> tuple[Tensor, Tensor, Tensor]:
        """Return quantised features, (n, n_tokens, projection_dim), their codes, and chances."""
        config = self.config
        logits = self.choice(self.encoder.local_features(signal)).float()
        logits = logits.unflatten(-1, (config.n_groups, config.n_entries))
        temperature = config.gumbel_temperature_at(step.progress)
        soft = ((logits + _gumbel(step.draws, logits)) / temperature).softmax(-1)
        codes = soft.argmax(-1)
        hard = functional.one_hot(codes, config.n_entries).to(soft.dtype)
        chosen = hard + soft - soft.detach()  # hard forward, soft backward
        entries = torch.einsum("ntgv,gvd->ntgd", chosen, self.codebooks)
        return entries.flatten(2), codes, logits.softmax(-1)


def _gumbel(draws: Draws, like: Tensor) -> Tensor:
    uniform = draws.uniform(*like.shape).clamp(min=1e-9)
    return -(-uniform.log()).clamp(min=1e-9).log()


@full_precision
def local_contrast(
    context: Tensor,
    quantised: Tensor,
    codes: Tensor,
    hidden: Tensor,
    *,
    temperature: float,
    processes: Processes = ONE_PROCESS,
) -> Tensor:
    """Return how well the context tells the features of hidden tokens apart.

    Parameters
    ----------
    context, quantised : (n_windows, n_tokens, d) float tensor
    codes : (n_windows, n_tokens, n_groups) int64 tensor
        The entries `quantised` is made of.
    hidden : (n_windows, n_tokens) bool tensor
    temperature : float
        κ.
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
    """
    a, b = functional.normalize(context, dim=-1), functional.normalize(quantised, dim=-1)
    logits = a @ b.transpose(1, 2) / temperature
    itself = torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device)
    same_code = (codes.unsqueeze(1) == codes.unsqueeze(2)).all(-1)
    contrasted = itself | (hidden.unsqueeze(1) & ~same_code)
    logits = logits.masked_fill(~contrasted, -torch.inf)
    each = logits.logsumexp(2) - logits.diagonal(dim1=1, dim2=2)
    weight = hidden.to(each.dtype)
    return processes.mean((each * weight).sum(), weight.sum())


@full_precision
def diversity_loss(
    chances: Tensor, hidden: Tensor, *, processes: Processes = ONE_PROCESS
) -> Tensor:
    """Return how unevenly the entries of the codebooks are used.

    Parameters
    ----------
    chances : (n_windows, n_tokens, n_groups, n_entries) float tensor
        Softmax over the entries.
    hidden : (n_windows, n_tokens) bool tensor
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
        0 where all entries are used alike; 1 − 1/V where one alone is.
    """
    weight = hidden.to(chances.dtype)
    share = torch.einsum("nt,ntgv->gv", weight, chances)
    total = processes.gather(share.unsqueeze(0)).sum(0)
    mean = total / processes.sum(weight.sum()).clamp(min=1)
    entropy = -(mean * mean.clamp(min=1e-9).log()).sum(-1)
    return 1 - entropy.exp().mean() / chances.shape[-1]
