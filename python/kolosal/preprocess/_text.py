"""Vectorizers of texts under scikit-learn's names: the terms of a vocabulary, hashed terms, and few columns by truncated SVD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .._errors import InvalidInputError
from .._input import Input, as_columns
from ._base import CatalogTransformer, Incremental, NamedNatively, Weighted


class _OfTexts(CatalogTransformer):
    """What is made of texts: of a list, an array or a series of them, or of the columns of a frame."""

    _numeric = False

    def _input(self, X: Any) -> Input:
        return Input(*as_columns(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class _OfTerms(Weighted, _OfTexts):
    """What the vectorizers with a vocabulary share.

    Attributes:
        vocabulary_: the number of each term; of several columns, a dict for each.
    """

    ngram_range: tuple[int, int]
    stop_words: str | Sequence[str] | None

    def _native_parameters(self) -> dict[str, Any]:
        parameters = super()._native_parameters()
        parameters["min_n"], parameters["max_n"] = parameters.pop("ngram_range")
        words = parameters.pop("stop_words")
        if isinstance(words, str) and words != "english":
            raise InvalidInputError(f"stop_words is '{words}'; allowed: english, a list of words, None", "bad_value")
        parameters["english_stop_words"] = words == "english"
        parameters["stop_words"] = [] if words is None or words == "english" else list(words)
        return parameters

    def _learnt(self, given: Input) -> None:
        self._one_column = given.alone
        super()._learnt(given)

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._terms = [list(column["terms"]) for column in fitted["columns"]]
        vocabularies = [{term: place for place, term in enumerate(terms)} for terms in self._terms]
        self.vocabulary_ = vocabularies[0] if self._one_column else vocabularies

    def _names_out(self, names: list[str]) -> list[str]:
        if self._one_column:
            return list(self._terms[0])
        return [f"{name}__{term}" for name, terms in zip(names, self._terms, strict=True) for term in terms]


class _Sparse(_OfTerms):
    """Vectorizers that give a SciPy CSR matrix, or a frame where ``set_output`` says so."""

    _counts: Any = np.float64

    def _apply(self, given: Input) -> Any:
        from scipy.sparse import csr_matrix  # noqa: PLC0415

        starts, places, values, n_out = self._native.sparse_terms(given.to_native(self._names_in()))
        return csr_matrix((values.astype(self._counts, copy=False), places, starts), shape=(given.n_rows, n_out))

    def _give(self, given: Input, made: Any) -> Any:
        if self._output not in ("pandas", "polars"):
            return made
        return super()._give(given, made.toarray())


class CountVectorizer(_Sparse):
    """Texts become counts of the terms of a vocabulary: a CSR matrix of int64.

    ``analyzer`` is "word", "char" or "char_wb"; words have two letters or digits at least, and with ``stem`` English ones are cut back
    to their stem. Missing texts have no terms.
    """

    _catalog_name = "text_count"
    _counts = np.int64

    def __init__(
        self,
        *,
        lowercase: bool = True,
        stop_words: str | Sequence[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        analyzer: str = "word",
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        binary: bool = False,
        stem: bool = False,
    ) -> None:
        self.lowercase = lowercase
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.analyzer = analyzer
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.binary = binary
        self.stem = stem


class TfidfVectorizer(_Sparse):
    """Texts become the tf-idf of the terms of a vocabulary: a CSR matrix of float64.

    As :class:`CountVectorizer`; ``norm`` is "l2", "l1" or None, and ``sublinear_tf`` makes 1 + ln c of a count c.

    Attributes:
        idf_: the weight of each term; of several columns, an array for each.
    """

    _catalog_name = "tfidf"

    def __init__(
        self,
        *,
        lowercase: bool = True,
        stop_words: str | Sequence[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        analyzer: str = "word",
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        binary: bool = False,
        norm: str | None = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
        stem: bool = False,
    ) -> None:
        self.lowercase = lowercase
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.analyzer = analyzer
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.binary = binary
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf
        self.stem = stem

    def _native_parameters(self) -> dict[str, Any]:
        return {**super()._native_parameters(), "norm": self.norm or "none", "float64": True}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        weights = [
            np.array(column["term_weights"], dtype=np.float64) if column["term_weights"] else np.ones(len(column["terms"]))
            for column in fitted["columns"]
        ]
        self.idf_ = weights[0] if self._one_column else weights


class TextSVD(_OfTerms):
    """Texts become ``n_components`` columns: the truncated SVD of their tf-idf, known as latent semantic analysis.

    As :class:`TfidfVectorizer`; ``n_iter`` is how often random directions are turned towards the leading ones.

    Attributes:
        explained_variance_ratio_: the share of the variance of the terms that each column has; of several columns, an array for each.
    """

    _catalog_name = "text_svd"
    _native_names: ClassVar[dict[str, str]] = {"n_iter": "n_iterations"}

    def __init__(
        self,
        n_components: int = 32,
        *,
        n_iter: int = 7,
        lowercase: bool = True,
        stop_words: str | Sequence[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        analyzer: str = "word",
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = 20_000,
        sublinear_tf: bool = False,
        stem: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.n_iter = n_iter
        self.lowercase = lowercase
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.analyzer = analyzer
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.sublinear_tf = sublinear_tf
        self.stem = stem
        self.random_state = random_state

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        shares = [np.array(column["explained"], dtype=np.float64) for column in fitted["columns"]]
        self.explained_variance_ratio_ = shares[0] if self._one_column else shares

    def _names_out(self, names: list[str]) -> list[str]:
        shares = [self.explained_variance_ratio_] if self._one_column else self.explained_variance_ratio_
        starts = ["textsvd"] if self._one_column else [f"{name}__svd" for name in names]
        return [f"{start}{k}" for start, of_column in zip(starts, shares, strict=True) for k in range(len(of_column))]


class HashingVectorizer(Incremental, NamedNatively, _OfTexts):
    """Texts become counts of hashed words and runs of up to ``max_words`` words: a dense array of ``n_features`` float32 columns.

    ``min_characters`` and ``max_characters`` add runs of characters within words; ``statistics`` adds columns for how long a text is and
    what it is made of. ``norm`` is "l2" or None. Nothing is learnt.
    """

    _catalog_name = "text_hash"
    _fits_a_part = True

    def __init__(
        self,
        n_features: int = 64,
        *,
        max_words: int = 2,
        min_characters: int = 0,
        max_characters: int = 0,
        norm: str | None = "l2",
        statistics: bool = False,
    ) -> None:
        self.n_features = n_features
        self.max_words = max_words
        self.min_characters = min_characters
        self.max_characters = max_characters
        self.norm = norm
        self.statistics = statistics

    def _native_parameters(self) -> dict[str, Any]:
        parameters = super()._native_parameters()
        norm = parameters.pop("norm")
        if norm not in ("l2", None):
            raise InvalidInputError(f"norm is '{norm}'; allowed: l2, None", "bad_value")
        return {**parameters, "normalize": norm is not None}
