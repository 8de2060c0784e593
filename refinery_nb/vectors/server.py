"""The server store: a collection of a Qdrant server that the user named."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from refinery_nb.core.errors import InputError, MissingExtra, RefineryError, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.store import (
    Filter,
    Hits,
    Ints,
    Payload,
    Values,
    asked,
    checked,
    directions,
    nothing,
    ranked,
)

URL, KEY = "REFINERY_NB_QDRANT_URL", "REFINERY_NB_QDRANT_API_KEY"
NUMBERS = 100_000  # of one upload: some 1 MB as JSON, 30 ms of the kernel's time
PAYLOADS = 500  # of one request
BATCH = 64  # queries of one request
SECONDS = 60
LINKS, BREADTH, OVERSAMPLING = 16, 128, 2.0


class Server:
    """A collection of a server.

    Parameters
    ----------
    url
        http or https. A key is taken from the environment variable
        ``REFINERY_NB_QDRANT_API_KEY``; it is never kept, and sent over https or to this machine
        only.
    collection
        Its name.

    Raises
    ------
    InputError
        If the URL is none, or the key would be sent in the clear.
    """

    shared = True

    def __init__(self, url: str, collection: str) -> None:
        self.url = url
        self.collection = collection
        # Told apart without being written down: a URL may hold a name that is nobody's business.
        self.name = f"server {blake2b(url.encode(), digest_size=4).hexdigest()}"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InputError(
                "the URL of the Qdrant server is not one of http or https without a user name.",
                hint=f"Such as http://localhost:6333. The key stands in {KEY}.",
            )
        self._key = os.environ.get(KEY) or None
        if self._key and parts.scheme == "http" and not _here(parts.hostname):
            raise InputError(
                "a key would be sent in the clear over http.", hint="Use https, or unset the key."
            )

    def open(self, dim: int, *, fresh: bool) -> ServerStore:
        """Open the collection; ``fresh``: an empty one instead of what is there."""
        return ServerStore(self, dim, fresh=fresh)

    def client(self) -> Any:
        """Return a new client.

        Raises
        ------
        MissingExtra
            If qdrant-client is not installed.
        """
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise MissingExtra(
                "qdrant-client is not installed.",
                hint='Install it with: pip install "refinery-nb[server]".',
            ) from error
        return QdrantClient(
            url=self.url, api_key=self._key, timeout=SECONDS, check_compatibility=False
        )

    def fingerprint(self) -> str:
        """Return how many vectors the collection has; blank if there is none."""
        client = self.client()
        try:
            with _in_our_words():
                if not client.collection_exists(self.collection):
                    return ""
                return str(client.count(self.collection, exact=True).count)
        finally:
            client.close()

    def delete(self) -> None:
        """Delete the collection."""
        client = self.client()
        try:
            with _in_our_words():
                client.delete_collection(self.collection)
        finally:
            client.close()


class ServerStore:
    """Nearest vectors by a Qdrant server, which builds its index when it sees fit.

    Parameters
    ----------
    server
        Where it stands.
    dim
        How many numbers a vector has.
    fresh
        Begin with an empty one instead of what is there.

    Raises
    ------
    StoreError
        If the server cannot be reached, or does not do what it is asked.
    """

    def __init__(self, server: Server, dim: int, *, fresh: bool = False) -> None:
        self.dim = dim
        self._name = server.collection
        self._client = server.client()
        from qdrant_client import models

        self._models = models
        with _in_our_words():
            exists = self._client.collection_exists(self._name)
            if exists and not fresh:
                size = self._client.get_collection(self._name).config.params.vectors.size
                if size == dim:
                    return
            if exists:
                self._client.delete_collection(self._name)
            self._create()

    def upsert(self, vectors: Vectors, payloads: Sequence[Payload] | None = None) -> None:
        """Upload vectors with their payloads in batches; those of known ids are replaced."""
        checked(vectors, self.dim)
        step = max(1, NUMBERS // self.dim)
        for first in range(0, len(vectors), step):
            part = slice(first, first + step)
            ids, (units, zero) = vectors.records[part], directions(vectors.values[part])
            some = np.flatnonzero(~zero)
            batch = self._models.Batch(
                ids=ids[some].tolist(),
                vectors=units[some].tolist(),
                payloads=[dict(payloads[first + row]) for row in some.tolist()]
                if payloads
                else None,
            )
            if len(some):
                with _in_our_words():
                    self._client.upsert(self._name, batch, wait=True)
            self.delete(ids[zero])

    def delete(self, ids: Ints) -> None:
        """Drop the vectors of these records; unknown ids are passed over."""
        known = [one for one in np.asarray(ids).tolist() if one >= 0]
        if known:
            selector = self._models.PointIdsList(points=known)
            with _in_our_words():
                self._client.delete(self._name, selector, wait=True)

    def set_payloads(self, ids: Ints, payloads: Sequence[Payload]) -> None:
        """Put other payloads in the place of the older ones; unknown ids are passed over."""
        models = self._models
        for first in range(0, len(ids), PAYLOADS):
            pairs = zip(
                np.asarray(ids[first : first + PAYLOADS]).tolist(),
                payloads[first : first + PAYLOADS],
                strict=True,
            )
            operations = [
                models.OverwritePayloadOperation(
                    overwrite_payload=models.SetPayload(payload=dict(payload), points=[one])
                )
                for one, payload in pairs
            ]
            with _in_our_words():
                self._client.batch_update_points(self._name, operations, wait=True)

    def add_fields(self, fields: Mapping[str, str]) -> None:
        """Make filters on fields quick: names to ``keyword``, ``integer`` or ``float``."""
        with _in_our_words():
            known = self._client.get_collection(self._name).payload_schema or {}
            for name, kind in fields.items():
                if name not in known:
                    self._client.create_payload_index(self._name, name, kind, wait=True)

    def search(
        self, queries: Values, k: int, *, among: Ints | None = None, where: Filter | None = None
    ) -> Hits:
        """Return the nearest of those whose payload passes; see ``VectorIndex``."""
        units, zero = directions(asked(queries, k, self.dim))
        ids, scores = nothing(len(units), k)
        nonzero = np.flatnonzero(~zero)
        if not k or (among is not None and not len(among)):
            return ids, scores
        models = self._models
        must: list[Any] = [] if among is None else [{"has_id": np.asarray(among).tolist()}]
        if where:
            must.append(dict(where))
        passing = models.Filter.model_validate({"must": must}) if must else None
        params = models.SearchParams(
            hnsw_ef=max(BREADTH, k),
            quantization=models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
        )
        for first in range(0, len(nonzero), BATCH):
            part = nonzero[first : first + BATCH]
            requests = [
                models.QueryRequest(query=query, limit=k, filter=passing, params=params)
                for query in units[part].tolist()
            ]
            with _in_our_words():
                found = self._client.query_batch_points(self._name, requests)
                for at, answer in zip(part, found, strict=True):
                    ids[at, : len(answer.points)] = [int(hit.id) for hit in answer.points]
                    scores[at, : len(answer.points)] = [hit.score for hit in answer.points]
        return ranked(ids, scores, k)

    def scroll(self, *, after: int = -1, limit: int = 1_000) -> Vectors:
        """Return the next vectors by ascending id, from behind an id; of length 1."""
        with _in_our_words():
            found, _ = self._client.scroll(
                self._name, offset=after + 1, limit=limit, with_payload=False, with_vectors=True
            )
            values = np.array([one.vector for one in found], np.float32).reshape(-1, self.dim)
            return Vectors(np.array([one.id for one in found], np.int64), values)

    def count(self) -> int:
        """Return how many vectors there are."""
        with _in_our_words():
            return int(self._client.count(self._name, exact=True).count)

    def flush(self) -> None:
        """Do nothing: what the server has said yes to is safe."""

    def build(self) -> None:
        """Do nothing: the server builds by itself."""

    def close(self) -> None:
        """Close the connections; closing twice is harmless."""
        self._client.close()

    def _create(self) -> None:
        models = self._models
        self._client.create_collection(
            self._name,
            vectors_config=models.VectorParams(
                size=self.dim, distance=models.Distance.COSINE, on_disk=True
            ),
            hnsw_config=models.HnswConfigDiff(m=LINKS, ef_construct=BREADTH),
            quantization_config=models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(
                    type=models.ScalarType.INT8, quantile=0.99, always_ram=True
                )
            ),
            on_disk_payload=True,
        )


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except RefineryError:
        raise
    except Exception as error:
        # No word of the request: it may hold texts, and its headers a key.
        status = getattr(error, "status_code", None)
        what = f"it answers {status}" if status else type(error).__name__
        raise StoreError(
            f"the Qdrant server cannot be used: {what}.",
            hint="Look whether it runs, and at the URL and the key. Searches are exact meanwhile.",
        ) from error
