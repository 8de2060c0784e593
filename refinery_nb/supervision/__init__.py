"""Label models and span aggregation. Pure: arrays in, arrays out."""

from __future__ import annotations

from refinery_nb.supervision.model import LabelModel, label_model
from refinery_nb.supervision.supervise import supervise

__all__ = ["LabelModel", "label_model", "supervise"]
