"""Rules proposed from labelled texts. Pure: texts and arrays in, proposals out."""

from __future__ import annotations

from refinery_nb.suggest.choose import Proposal
from refinery_nb.suggest.classes import propose
from refinery_nb.suggest.forms import Form
from refinery_nb.suggest.spans import propose_spans

__all__ = ["Form", "Proposal", "propose", "propose_spans"]
