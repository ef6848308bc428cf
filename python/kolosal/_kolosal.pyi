"""Native core of Kolosal."""

import enum
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy
from numpy.typing import NDArray
from typing_extensions import CapsuleType

def version() -> str:
    """Version of the native core."""

class Table:
    """Columns held by the native core."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType:
        """The table by the Arrow PyCapsule interface."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""

    def no_rows(self) -> Table:
        """The columns, without rows."""

def table(stream: CapsuleType) -> Table:
    """A native table of an Arrow stream capsule."""

def read_table(path: str, options: str, n_threads: int = 0) -> Table:
    """Reads a file into a native table; options are JSON."""

def parameters(name: str) -> str:
    """
    Parameters of 'train', 'fit', 'permutation', 'preprocessor', 'batches', 'stage', 'sampler NAME', 'pruner NAME' or a learner, as JSON.
    """

def learner_names() -> list[str]:
    """Names of the learners."""

def metric_names(task: str = "") -> list[str]:
    """
    Names of the metrics that can judge a task; all where the task is empty.
    """

def metric_score(
    name: str,
    task: str,
    target: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)],
    prediction: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)],
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)],
    group: Sequence[int],
    n_features: int,
) -> float:
    """Score of predictions."""

class TrainResult:
    """What a training run gave."""

    def predict(self, table: Table, n_threads: int = 0) -> object:
        """Predictions (n_rows, n_outputs) of a native table."""

    def predict_table(self, table: Table, n_threads: int = 0) -> Table:
        """Predictions as a native table, as the command line writes them."""

    def evaluate(self, table: Table, metrics: Sequence[str]) -> str:
        """JSON of metrics with intervals."""

    def record(self) -> str:
        """JSON of the run's record."""

    def schema(self) -> str:
        """JSON of the schema."""

    def report_html(self) -> str:
        """The report as one HTML page."""

    def save(self, path: str) -> None:
        """Writes one artifact."""

    @staticmethod
    def load(path: str) -> TrainResult:
        """Reads an artifact."""

def fit(
    table: Table, options: str, callback: object | None, metric: object | None, higher_is_better: bool, run_directory: str, resume: bool
) -> TrainResult:
    """Trains on a native table; options are JSON."""

class FittedModel:
    """What a learner of the catalog learnt."""

    def predict(
        self,
        rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
        names: Sequence[str],
        finite: bool,
        scores: bool,
        n_threads: int = 0,
    ) -> object:
        """
        Predictions (n_rows, n_outputs), or scores before the link (n_rows, n_scores), of rows of float32 or float64.

        `finite` refuses what is not a finite number.
        """

    def predict_sparse(
        self,
        starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)],
        features: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order="C", device="cpu", writable=False)],
        values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)],
        finite: bool,
        scores: bool,
        n_threads: int = 0,
    ) -> object:
        """
        As predict, of the rows of a sparse matrix: where each begins, and features and values of its entries.
        """

    def leaves(
        self, rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)], names: Sequence[str], n_threads: int = 0
    ) -> object:
        """
        The leaf that each row ends in at each tree, (n_rows, n_trees) int32; None where the model has no trees.
        """

    def linear_parts(self) -> object:
        """Weights and constants of a linear model; None of another."""

    @property
    def form(self) -> str:
        """Name of the neutral form."""

    @property
    def n_features(self) -> int:
        """Number of columns it was trained on."""

    @property
    def n_outputs(self) -> int:
        """Columns of a prediction."""

    @property
    def n_scores(self) -> int:
        """
        Numbers a row that a link makes the prediction of; 0 where there are none.
        """

    @property
    def n_iterations(self) -> int:
        """Iterations after which it was best; 0 where there is no such notion."""

    def feature_importance(self) -> list[float]:
        """Share of each feature; empty where there is no such notion."""

    def to_bytes(self, about: str) -> bytes:
        """Everything it learnt as an artifact, with JSON that is given back."""

    def save(self, about: str, path: str) -> None:
        """Writes one artifact, with JSON that is given back."""

    @staticmethod
    def from_bytes(bytes: bytes) -> tuple:
        """The model that to_bytes described, and the JSON."""

    @staticmethod
    def load(path: str) -> tuple:
        """The model that save wrote, and the JSON."""

    @staticmethod
    def import_bytes(bytes: bytes) -> tuple:
        """A model of another library, and JSON of what its file says of it."""

    @staticmethod
    def forest_of_trees(n_features: int, leaf_width: int, aggregation: str, link: str, trees: Sequence[dict]) -> FittedModel:
        """A forest of trees whose nodes are given as arrays."""

    @staticmethod
    def linear_of_weights(
        weights: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)],
        bias: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)],
        link: str,
    ) -> FittedModel:
        """A linear model of weights (n_scores, n_features) and constants."""

class LabelledRows:
    """Rows with their targets and weights."""

    def __init__(
        self,
        rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
        names: Sequence[str],
        n_categories: Sequence[int],
        task: str,
        target: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)],
        n_classes: int,
        weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None,
        group: Sequence[int],
        n_threads: int,
    ) -> None:
        """
        Rows of a float32 or float64 array with their targets, (n_rows, n_targets).
        """

    @staticmethod
    def of_sparse(
        starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)],
        features: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order="C", device="cpu", writable=False)],
        values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)],
        names: Sequence[str],
        task: str,
        target: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)],
        n_classes: int,
        weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None,
    ) -> LabelledRows:
        """
        Rows of a sparse matrix with their targets: where each begins, and features and values of its entries.
        """

class FitCache:
    """What fits make of the same rows, kept for those to come."""

    def __init__(self) -> None: ...
    @property
    def n_bytes(self) -> int:
        """Bytes that are kept."""

    @property
    def n_found(self) -> int:
        """How often what a fit asked for was kept."""

def learner(name: str) -> str:
    """JSON of what is known of a learner before it learns."""

def fit_learner(
    name: str,
    parameters: str,
    options: str,
    train: LabelledRows,
    validation: LabelledRows | None,
    callback: object | None,
    start: FittedModel | None,
    loss: object | None,
    cache: FitCache | None,
) -> tuple:
    """
    Fits a learner of the catalog; gives the model and whether Ctrl-C ended the fit.

    It goes on from the model `start` and minimises the function `loss` where there are these.
    In `cache` it finds what earlier fits made of the same rows.
    """

class Stages:
    """Predictions of some rows, round after round."""

    def __init__(
        self,
        model: FittedModel,
        rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
        names: Sequence[str],
        n_threads: int,
    ) -> None: ...
    def next(self) -> object:
        """
        Predictions (n_rows, n_outputs) with one round more; None where there is none.
        """

def slice_rounds(model: FittedModel, begin: int, end: int) -> FittedModel:
    """The rounds from begin up to end."""

def mean_of_forests(models: Sequence[FittedModel]) -> FittedModel:
    """The forest whose scores are the mean of those of the models."""

def pruning_path(model: FittedModel, tree: int) -> tuple:
    """Alphas and impurities of a tree's pruning path."""

def prune(model: FittedModel, alpha: float) -> FittedModel:
    """The forest with each tree pruned."""

def draw_tree(
    model: FittedModel,
    tree: int,
    names: Sequence[str],
    levels: Sequence[Sequence[str]],
    outputs: Sequence[str],
    format: str,
    max_depth: int,
) -> str:
    """A picture of a tree as text, dot or svg."""

def out_of_bag(name: str, parameters: str, options: str, model: FittedModel, train: LabelledRows) -> object:
    """
    Predictions (n_rows, n_outputs) of training rows by the trees that did not see them; NaN where all did.
    """

def contributions(
    model: FittedModel,
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
    background: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)] | None,
    names: Sequence[str],
    options: str,
) -> tuple:
    """
    Shapley values (n_rows, n_outputs, n_features) and their base (n_outputs,).
    """

def interactions(
    model: FittedModel,
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
    background: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)] | None,
    names: Sequence[str],
    options: str,
) -> object:
    """Shapley interactions (n_rows, n_outputs, n_features, n_features)."""

def permutation_importance(model: FittedModel, rows: LabelledRows, parameters: str, options: str) -> object:
    """
    Mean, low and high end of each feature's permutation importance, (n_features, 3).
    """

def dependence_grid(
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
    names: Sequence[str],
    n_categories: Sequence[int],
    feature: int,
    most: int,
    low: float,
    high: float,
) -> list[float]:
    """The values that a feature is set to for its partial dependence."""

def partial_dependence(
    model: FittedModel,
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
    names: Sequence[str],
    feature: int,
    values: Sequence[float],
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None,
    individual: bool,
    options: str,
) -> tuple:
    """
    Mean predictions (n_values, n_outputs), and those of each row (n_values, n_rows, n_outputs) or None.
    """

class FittedPreprocessor:
    """What a DataPreprocessor learnt."""

    def transform(self, table: Table, n_threads: int = 0) -> Table:
        """Preprocesses a native table."""

    def inverse_transform(self, table: Table) -> Table:
        """Undoes preprocessing."""

    @property
    def marker_notes(self) -> list[str]:
        """Sentences on texts that were taken for missing."""

    @property
    def feature_names_out(self) -> list[str]:
        """Names of the columns it gives."""

    def describe(self) -> str:
        """JSON of everything it learnt."""

    @staticmethod
    def from_json(text: str) -> FittedPreprocessor:
        """The one that describe told of."""

    def save(self, path: str) -> None:
        """Writes one artifact."""

    @staticmethod
    def load(path: str) -> FittedPreprocessor:
        """Reads an artifact."""

def preprocess(
    config: str,
    table: Table,
    target: Table | None,
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None,
    n_threads: int,
) -> tuple[FittedPreprocessor, Table, list[int] | None]:
    """
    Fits preprocessing on a native table; gives it, the preprocessed rows, and which rows are left (None: all).
    """

def preprocess_categories(config: str, table: Table, n_threads: int) -> tuple[FittedPreprocessor, Table]:
    """
    Fits the encoding alone on a native table of one column of categories; gives it and the encoded rows.
    """

class PreprocessorPasses:
    """Preprocessing fitted in passes over chunks of rows."""

    def __init__(self, config: str) -> None:
        """Begins the first pass."""

    @property
    def needs_pass(self) -> bool:
        """Whether the rows must be gone through once more."""

    def add(self, chunk: Table, n_threads: int = 0) -> None:
        """Learns from the rows of a native table."""

    def training_rows(self, chunk: Table, n_threads: int = 0) -> list[int] | None:
        """
        Numbers of the rows of a training chunk that are not removed, once no pass is needed; None where all are left.
        """

    def end_pass(self) -> None:
        """All rows have been added."""

    def finish(self) -> FittedPreprocessor:
        """What was learnt."""

def preprocess_in_passes(
    config: str, source: str, destination: str | None, memory: str, target: str, n_threads: int, progress: Callable | None
) -> tuple[FittedPreprocessor, str]:
    """
    Fits preprocessing on a file in passes and writes what its rows become; gives it and JSON of what was done.
    """

class Pushed(enum.Enum):
    """What came of bringing an item."""

    Accepted = 0

    Full = 1

    Closed = 2

class Popped(enum.Enum):
    """What came of asking for an item."""

    Item = 0

    Empty = 1

    End = 2

class CancelToken:
    """Asks a run to stop."""

    def __init__(self) -> None: ...
    def cancel(self) -> None:
        """Asks to stop."""

def run_batches(
    options: str,
    source: object,
    read_options: str,
    function: object,
    sink: object,
    progress: object | None,
    cancel: CancelToken,
    n_threads: int,
    memory_limit: int | None,
) -> str:
    """
    A function of native tables over a file, a table or an iterator of them, into a file or a function. Gives JSON of statistics.
    """

class Stream:
    """A streaming pipeline of Python objects."""

    def __init__(
        self, stages: Sequence[tuple[str, object, str, object]], on_acknowledged: object | None, on_dead_letter: object | None, seed: int
    ) -> None: ...
    def push(self, item: object | None, seconds: float) -> Pushed:
        """Brings an item; waits that long for room, for ever if negative."""

    def next(self, seconds: float) -> tuple[Popped, object]:
        """The next result; waits that long for it, for ever if negative."""

    def wait(self, seconds: float) -> Popped:
        """Waits until next would not wait; takes nothing."""

    def close(self) -> None:
        """Accepts no more."""

    def request_stop(self) -> None:
        """Begins to stop."""

    def stop(self) -> list:
        """Stops; gives the items that were not finished."""

    def statistics(self) -> str:
        """JSON of counts and latencies."""

class ItemQueue:
    """Single items in, batches out."""

    def __init__(self, capacity: int) -> None: ...
    def push(self, item: object | None, priority: int, seconds: float) -> Pushed:
        """Brings an item; waits that long for room, for ever if negative."""

    def pop_batch(self, max_items: int, max_wait_seconds: float) -> list:
        """The next batch; empty once the queue is closed and empty."""

    def close(self) -> None:
        """Takes no more."""

    @property
    def size(self) -> int:
        """Items that wait."""

class TableStatistics:
    """What can be said of each column of rows that come in chunks."""

    def __init__(self, sketch_width: int = 2048, n_frequent: int = 128) -> None: ...
    def add(self, table: Table, n_threads: int = 0) -> None:
        """Learns from the rows of a native table."""

    def merge(self, other: TableStatistics) -> None:
        """Learns from the rows that the other has learnt from."""

    def to_json(self) -> str:
        """JSON of what is known."""

class FittedTransformer:
    """What a transformer of the catalog learnt."""

    def transform(self, table: Table, n_threads: int = 0) -> Table:
        """Changes a native table."""

    def transform_rows(
        self, rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)], names: Sequence[str], n_threads: int = 0
    ) -> object:
        """
        Changes the rows of a float32 or float64 array whose columns have these names; gives a row-major array.
        """

    def sparse_indicators(self, table: Table, n_threads: int = 0) -> tuple:
        """
        For indicators: where each row starts (int64), the columns that rows set (int32), and how many columns there are.
        """

    def dense_indicators(self, table: Table, type: str, by_columns: bool = False, n_threads: int = 0) -> object:
        """
        For indicators: an array of zeros and ones of type 'u1', 'f4' or 'f8', row-major or column-major.
        """

    def sparse_terms(self, table: Table, n_threads: int = 0) -> tuple:
        """
        For counts of terms: where each row starts (int64), its columns (int32) and numbers, and how many columns there are.
        """

    def inverse_transform(self, table: Table) -> Table:
        """Undoes transform."""

    @property
    def invertible(self) -> bool:
        """Whether inverse_transform works."""

    def to_json(self) -> str:
        """JSON of everything it learnt."""

    @staticmethod
    def from_json(text: str) -> FittedTransformer:
        """The transformer that to_json described."""

class ChunkedFit:
    """A fit of a transformer of the catalog that is given its rows in parts."""

    def __init__(self, name: str, parameters: str) -> None:
        """Refuses a transformer that needs all rows at once."""

    def add(
        self,
        table: Table,
        target: Table | None = None,
        weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
        n_threads: int = 0,
        seed: int = 0,
    ) -> None:
        """Learns from further rows."""

    def fit_first_rows(
        self,
        rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
        names: Sequence[str],
        n_threads: int = 0,
        seed: int = 0,
    ) -> FittedTransformer:
        """
        Learns from the rows of a float32 or float64 array, the first of all; gives what they teach.
        """

    def seen(self) -> str:
        """
        JSON of what is known of each column so far beyond what the transformer keeps; null for nothing.
        """

    def finish(self) -> FittedTransformer:
        """What the rows so far teach."""

def distinct_objects(objects: object) -> tuple:
    """
    For a one-dimensional array of objects, told apart by identity: the number of each row's object, and the first row of each object.
    """

def fit_transformer(
    name: str,
    parameters: str,
    table: Table,
    target: Table | None = None,
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
    n_threads: int = 0,
    seed: int = 0,
) -> tuple[FittedTransformer, Table]:
    """
    Fits a transformer of the catalog, with parameters in JSON; gives it and what the training rows become.
    """

def fit_form(
    name: str,
    parameters: str,
    table: Table,
    target: Table | None = None,
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
    n_threads: int = 0,
    seed: int = 0,
    rows: Sequence[int] | None = None,
) -> FittedTransformer:
    """
    Fits a transformer of the catalog, with parameters in JSON, to all rows or those of these numbers.
    """

def with_levels(table: Table, n_threads: int = 0) -> Table:
    """The table with columns of texts as categorical ones."""

def training_rows(
    name: str,
    parameters: str,
    table: Table,
    target: Table | None = None,
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
    n_threads: int = 0,
    seed: int = 0,
) -> object:
    """
    Numbers of the training rows that a transformer, with parameters in JSON, lets go on; None where all do.
    """

def fit_rows(
    name: str,
    parameters: str,
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)],
    names: Sequence[str],
    n_threads: int = 0,
    seed: int = 0,
) -> FittedTransformer:
    """
    Fits a transformer of the catalog to a float32 or float64 array whose columns have these names.
    """

def fit_steps(
    steps: str,
    table: Table,
    target: Table | None = None,
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
    n_threads: int = 0,
    seed: int = 0,
) -> tuple[list[FittedTransformer], Table, list[int] | None]:
    """
    Fits a JSON list of {transformer, parameters} in order; gives them, the training rows, and which are left (None: all).
    """

def run_steps(steps: Sequence[FittedTransformer], table: Table, n_threads: int = 0) -> Table:
    """What the rows become through fitted transformers, one after the other."""

def transformer_names() -> list[str]:
    """Names of the transformers."""

def table_from_rows(
    rows: Annotated[NDArray, dict(shape=(None, None), device="cpu", writable=False)], names: Sequence[str], n_threads: int = 0
) -> Table:
    """
    A native table of a float32 or float64 array; columns that lie in one piece are not copied.
    """

def rows_from_table(table: Table, n_threads: int = 0) -> object:
    """A row-major array of a native table of numbers; NaN where missing."""

def fit_sparse(
    name: str,
    parameters: str,
    names: Sequence[str],
    n_rows: int,
    starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)],
    rows: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)],
    values: Annotated[NDArray, dict(shape=(None,), order="C", device="cpu", writable=False)],
    weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)] | None = None,
    n_threads: int = 0,
    seed: int = 0,
) -> FittedTransformer:
    """
    Fits a transformer of the catalog, with parameters in JSON, to compressed sparse columns of these names.
    """

def transform_sparse(
    fitted: FittedTransformer,
    names: Sequence[str],
    starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)],
    rows: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)],
    values: Annotated[NDArray, dict(shape=(None,), order="C", device="cpu", writable=False)],
    inverse: bool = False,
    n_threads: int = 0,
) -> object:
    """
    What the numbers written of compressed sparse columns become; refuses a transformer that changes 0.
    """

def norm_sparse_rows(
    norm: str,
    starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)],
    values: Annotated[NDArray, dict(shape=(None,), order="C", device="cpu", writable=False)],
    n_threads: int = 0,
) -> object:
    """
    The numbers written of compressed sparse rows, divided by the norm of their row: l1, l2 or max.
    """

class SearchSpace:
    """Parameters declared beforehand, with what depends on what."""

    def __init__(self, json: str) -> None: ...
    def to_json(self) -> str:
        """The space as JSON."""

def settled_distribution(name: str, json: str) -> str:
    """
    A distribution as it is held: bounds as reals or integers, the last that steps reach.
    """

def settled_value(name: str, json: str, value: object | None) -> object:
    """A value as the distribution holds it; an error where it allows it not."""

def distribution_to_optuna(name: str, json: str) -> str:
    """The text that Optuna's storages have for a distribution."""

def distribution_from_optuna(name: str, text: str) -> str:
    """The distribution that Optuna's storages have as this text."""

class Trial:
    """A trial that runs: what an objective is given."""

    def __init__(self, study: Study, number: int) -> None: ...
    @property
    def number(self) -> int:
        """Number of the trial in its study, from 0."""

    @property
    def params(self) -> dict[str, Any]:
        """The values so far, by name."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        """
        A number from low to high, both allowed; in steps from low, or on a logarithmic scale.
        """

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """
        An integer from low to high, both allowed; in steps from low, or on a logarithmic scale.
        """

    def suggest_categorical(self, name: str, choices: Sequence[Any], *, ordered: bool = False) -> Any:
        """
        One of the choices: texts, numbers, booleans, None, and lists or tuples of such, which ``params`` has as lists.

        Where they are ``ordered``, neighbours are alike, and samplers take their places for numbers.
        """

    def suggest(self, space: SearchSpace) -> dict:
        """
        The values of all parameters of a declared space that are there, by name.
        """

    def report(self, value: float, step: int) -> None:
        """Notes an intermediate value; a second report of a step is passed over."""

    def should_prune(self) -> bool:
        """Whether the study's pruner would stop the trial after its last report."""

    def set_constraint(self, key: str, value: float) -> None:
        """Notes a constraint, which holds where the value is at most 0."""

    def set_user_attr_json(self, name: str, json: str) -> None:
        """Notes anything else about the trial, as JSON."""

def report_cross_validation_scores(trial: Trial, scores: Sequence[float]) -> None:
    """Notes scores of cross-validation of a running trial, one a fold."""

class Hurry:
    """
    Set where a run is left at once: threads bound to it wait half a second more.
    """

    def __init__(self) -> None: ...
    def set(self) -> None:
        """Begins the half second."""

    def bind(self) -> None:
        """Binds the calling thread."""

    def unbind(self) -> None:
        """Lets the calling thread go from what it was last bound to."""

class Storage:
    """Where studies are kept."""

    @property
    def heartbeat_seconds(self) -> float:
        """Seconds between two beats of a running trial; 0: none."""

    def studies(self) -> list[tuple[str, int]]:
        """Names of the studies and how many trials each has."""

    def delete_study(self, name: str) -> None:
        """Removes a study."""

def make_storage(name: str, parameters: str) -> Storage:
    """The named storage; its parameters are JSON."""

def storage_address(url: str) -> tuple[str, str]:
    """
    The name of the storage that an address stands for, and its parameters as JSON.
    """

class Study:
    """Trials of an objective and the sampler that proposes them."""

    @property
    def name(self) -> str:
        """Name of the study."""

    @property
    def n_trials(self) -> int:
        """How many trials there are, of every state."""

    @property
    def is_exhausted(self) -> bool:
        """Whether the sampler has nothing left to try."""

    def set_sampler(self, sampler: str, parameters: str) -> None:
        """Lets another sampler propose trials from now on."""

    def set_pruner(self, pruner: str, parameters: str) -> None:
        """Lets another pruner (empty: none) be asked from now on."""

    def ask(self) -> int:
        """
        Starts a trial and gives its number; it fails where Ctrl-C was pressed meanwhile.
        """

    def tell(self, number: int, values: Sequence[float]) -> str:
        """Ends a trial with its values; gives the state it is in then."""

    def tell_pruned(self, number: int) -> None:
        """Ends a trial that stopped early."""

    def tell_failed(self, number: int, reason: str) -> None:
        """Ends a trial that has no value."""

    def refresh(self) -> None:
        """Takes in what others have written to the storage."""

    def fail_stale(self) -> list[int]:
        """Fails trials whose workers have gone; gives their numbers."""

    def retry(self, number: int, max_retries: int, with_reports: bool) -> bool:
        """
        Lets a failed trial be run again; gives whether it was tried fewer than so many times.
        """

    @property
    def directions(self) -> list[str]:
        """Names of the directions of the objectives."""

    @property
    def study_attrs(self) -> str:
        """What was noted about the study, as JSON."""

    def set_study_attr(self, name: str, json: str) -> None:
        """Notes something about the study."""

    @property
    def study_system_attrs(self) -> list:
        """What the tuner noted about the study: names with JSON."""

    def set_study_system_attr(self, name: str, json: str) -> None:
        """Notes something about the study for the tuner."""

    @property
    def unreadable(self) -> list:
        """Parameters that are left out of their trials, each with the reason."""

    def to_json(self) -> str:
        """The study and its trials as JSON."""

    def add_json(self, json: str) -> None:
        """Adds the trials and attributes of a study that is JSON."""

    def enqueue(self, params: dict, user_attrs: str) -> None:
        """Adds a waiting trial with some values given."""

    def add_trial(
        self,
        state: str,
        params: dict,
        distributions: dict,
        values: Sequence[float],
        intermediate: Sequence[tuple[int, float]],
        constraints: Sequence[tuple[str, float]],
        user_attrs: str,
        system_attrs: Sequence[tuple[str, str]],
        times: tuple[float, float],
    ) -> None:
        """
        Adds a finished trial; distributions and system attributes are JSON by name; it started and ended at the times, or now (NaN).
        """

    def snapshot(self, number: int) -> dict:
        """All that is known of a trial."""

    def best(self) -> int:
        """Number of the best trial."""

    def best_or_none(self) -> int | None:
        """
        Number of the best trial; None where there is none, or are several objectives.
        """

    def pareto_front(self) -> list[int]:
        """Numbers of the trials that no other is better than in all objectives."""

def check_pruner(name: str, parameters: str) -> None:
    """Raises where the pruner cannot have these parameters, which are JSON."""

def make_study(
    name: str,
    directions: Sequence[str],
    sampler: str,
    parameters: str,
    pruner: str,
    pruner_parameters: str,
    storage: Storage | None,
    opening: str,
) -> Study:
    """
    A study with the named sampler and pruner (empty: none); their parameters are JSON.
    """

def param_importances(
    study: Study, name: str, parameters: str, wanted: Sequence[str] | None, target: Sequence[tuple[int, float]] | None, normalize: bool
) -> list[tuple[str, float]]:
    """
    Importances of the parameters, the greatest first, measured as named; the measure's parameters are JSON.
    """

def hypervolume(losses: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """The volume that the rows dominate below the reference."""

def write_study_report(study: Study, path: str) -> None:
    """Writes the report of a study."""

def study_report_html(study: Study) -> str:
    """The report of a study."""

def estimated_improvement(study: Study, name: str, parameters: str) -> float:
    """
    How much the study may still improve, by the named estimate; its parameters are JSON.
    """

def estimated_error(study: Study, name: str, parameters: str) -> float:
    """
    How uncertain the best value is, by the named estimate; its parameters are JSON.
    """

def should_terminate(
    study: Study, improvement: str, improvement_parameters: str, error: str, error_parameters: str, min_n_trials: int
) -> bool:
    """
    Whether the study may end, by the named estimates; their parameters are JSON.
    """
