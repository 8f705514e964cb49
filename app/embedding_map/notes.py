"""How far a map can be trusted, and where an ECG lies on it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from physioclr.explore.map_layout import METHODS

if TYPE_CHECKING:
    from physioclr.explore.embedding_map import EmbeddingMap
    from physioclr.explore.map_layout import MapSettings

__all__ = ["off_manifold_sentence", "settings_name", "trust_sentence"]

_UNLIKE_PCT = 95.0
_GOOD, _POOR = 0.95, 0.85
_HOW_TO_READ = {
    "umap": "Only who is near whom has a meaning: not the axes, the size of a group, nor the "
    "distance between groups.",
    "tsne": "Only who is near whom has a meaning: not the axes, the size of a group, nor the "
    "distance between groups.",
    "pca": "The axes are the two directions in which the embeddings vary most; what lies apart "
    "on them lies apart, what lies together need not.",
}


def settings_name(settings: MapSettings) -> str:
    """Name a layout by its method and what it was set to."""
    name = METHODS[settings.method]
    if settings.method == "umap":
        name += f", {settings.n_neighbors} neighbours, minimal distance {settings.min_dist:g}"
    elif settings.method == "tsne":
        name += f", perplexity {settings.perplexity:g}"
    return f"{name}, {settings.metric}, seed {settings.seed}"


def trust_sentence(layout: EmbeddingMap) -> str:
    """Say how far a map keeps the neighbourhoods of the embedding."""
    found = layout.faithfulness
    trust, continuity = found.trustworthiness, found.continuity
    least = min(trust, continuity)
    if least >= _GOOD:
        verdict = "Groups on it are groups in the embedding"
    elif least >= _POOR:
        verdict = "Read its groups with care"
    else:
        verdict = "Much of what it shows is an effect of flattening"
    return (
        f"{verdict}: trustworthiness {trust:.2f} (below 1, some who are near on the map are not "
        f"near in the embedding), continuity {continuity:.2f} (below 1, some who are near in the "
        f"embedding were torn apart). Of an ECG’s nearest neighbours on the map "
        f"{100 * found.knn_agreement:.0f} % are its nearest in the embedding: a single neighbour "
        f"is to be looked up in the list, which knows all dimensions. "
        f"{_HOW_TO_READ[layout.settings.method]}"
    )


def off_manifold_sentence(percent: float) -> tuple[str, bool]:
    """Say how unlike the cohort an ECG from elsewhere is; and whether that is a warning."""
    if percent > _UNLIKE_PCT:
        return (
            f"Less like this cohort than {percent:.0f} % of its own ECGs are: its place on the map "
            "says little.",
            True,
        )
    return f"Farther from its nearest than {percent:.0f} % of the cohort’s own ECGs.", False
