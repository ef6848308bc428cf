"""More rows than fit into memory, and items that come one by one: batches, streaming pipelines, micro-batches, merged statistics."""

from ._batches import BatchProcessor, BatchProgress, BatchRun
from ._micro_batches import MicroBatcher
from ._pipeline import AsyncStreamRun, DeadLetter, StreamingPipeline, StreamRun
from ._statistics import TableStatistics

__all__ = [
    "AsyncStreamRun",
    "BatchProcessor",
    "BatchProgress",
    "BatchRun",
    "DeadLetter",
    "MicroBatcher",
    "StreamRun",
    "StreamingPipeline",
    "TableStatistics",
]
