"""PhysioCLR: read ECGs, measure them, learn from them.

The names below are the public surface. Each is imported from its module on first use, so that
``import physioclr`` costs milliseconds and a command that only measures never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.encoders.checkpoint import load_encoder
    from physioclr.encoders.embedding import embed
    from physioclr.encoders.encoder import Encoder
    from physioclr.errors import (
        CheckpointError,
        DatasetError,
        PhysioclrError,
        RecordError,
        SignalError,
    )
    from physioclr.interpretation.interpret import interpret
    from physioclr.interpretation.statement import Interpretation, Statement
    from physioclr.io import ArrayLayout, read_ecg
    from physioclr.physiology.explanation import SimilarityExplanation, explain_similarity
    from physioclr.physiology.measurements import Measurements, measure
    from physioclr.physiology.similarity import PhysiologySpace
    from physioclr.physiology.vector import PhysiologyVector, physiology_vector
    from physioclr.prediction.prediction import Prediction, predict
    from physioclr.records import EcgRecord
    from physioclr.signal.delineation import Delineation, delineate
    from physioclr.signal.quality import Quality, assess_quality

__all__ = [
    "ArrayLayout",
    "CheckpointError",
    "DatasetError",
    "Delineation",
    "EcgRecord",
    "Encoder",
    "Interpretation",
    "Measurements",
    "PhysioclrError",
    "PhysiologySpace",
    "PhysiologyVector",
    "Prediction",
    "Quality",
    "RecordError",
    "SignalError",
    "SimilarityExplanation",
    "Statement",
    "Store",
    "__version__",
    "assess_quality",
    "delineate",
    "embed",
    "explain_similarity",
    "interpret",
    "load_encoder",
    "measure",
    "physiology_vector",
    "predict",
    "read_ecg",
]

__version__ = "0.1.0"

_HOME = {
    "ArrayLayout": "physioclr.io",
    "CheckpointError": "physioclr.errors",
    "DatasetError": "physioclr.errors",
    "Delineation": "physioclr.signal.delineation",
    "EcgRecord": "physioclr.records",
    "Encoder": "physioclr.encoders.encoder",
    "Interpretation": "physioclr.interpretation.statement",
    "Measurements": "physioclr.physiology.measurements",
    "PhysioclrError": "physioclr.errors",
    "PhysiologySpace": "physioclr.physiology.similarity",
    "PhysiologyVector": "physioclr.physiology.vector",
    "Prediction": "physioclr.prediction.prediction",
    "Quality": "physioclr.signal.quality",
    "RecordError": "physioclr.errors",
    "SignalError": "physioclr.errors",
    "SimilarityExplanation": "physioclr.physiology.explanation",
    "Statement": "physioclr.interpretation.statement",
    "Store": "physioclr.datasets.store",
    "assess_quality": "physioclr.signal.quality",
    "delineate": "physioclr.signal.delineation",
    "embed": "physioclr.encoders.embedding",
    "explain_similarity": "physioclr.physiology.explanation",
    "interpret": "physioclr.interpretation.interpret",
    "load_encoder": "physioclr.encoders.checkpoint",
    "measure": "physioclr.physiology.measurements",
    "physiology_vector": "physioclr.physiology.vector",
    "predict": "physioclr.prediction.prediction",
    "read_ecg": "physioclr.io",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'physioclr' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
