# The public names, and the one place that says where each lives; `__init__.py` reads it.
from .datasets.prepare import prepare as prepare
from .datasets.store import Store as Store
from .datasets.store import open_store as open_store
from .datasets.wfdb_export import export_wfdb as export_wfdb
from .encoders.checkpoint import load_encoder as load_encoder
from .encoders.embedding import embed as embed
from .encoders.embedding import embed_store as embed_store
from .encoders.encoder import Encoder as Encoder
from .errors import CheckpointError as CheckpointError
from .errors import DatasetError as DatasetError
from .errors import PhysioclrError as PhysioclrError
from .errors import RecordError as RecordError
from .errors import SignalError as SignalError
from .evaluation.probe_run import probe_store as probe_store
from .io import ArrayLayout as ArrayLayout
from .io import read_ecg as read_ecg
from .physiology.explanation import SimilarityExplanation as SimilarityExplanation
from .physiology.explanation import explain_similarity as explain_similarity
from .physiology.measurements import Measurements as Measurements
from .physiology.measurements import measure as measure
from .physiology.similarity import PhysiologySpace as PhysiologySpace
from .physiology.vector import PhysiologyVector as PhysiologyVector
from .physiology.vector import physiology_vector as physiology_vector
from .prediction.attribution import attribute as attribute
from .prediction.prediction import Prediction as Prediction
from .prediction.prediction import predict as predict
from .pretraining.config import PretrainConfig as PretrainConfig
from .pretraining.pretrain import pretrain as pretrain
from .records import EcgRecord as EcgRecord
from .report import make_report as make_report
from .runtime.plugins import use_plugin as use_plugin
from .signal.delineation import Delineation as Delineation
from .signal.delineation import delineate as delineate
from .signal.quality import Quality as Quality
from .signal.quality import assess_quality as assess_quality

__version__: str
