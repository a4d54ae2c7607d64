"""The training loop, readable top to bottom.

Truncated back-propagation through time: each step reads the next chunk of every stream, carries the state on
from the last step, and now and then sets a stream's state to zeros, as a fresh text begins. Everything a step
draws at random is a function of the seed and the step's number, so a resumed run repeats it.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from model.network import build_network
from model.vocabulary import UNKNOWN_ID, Ids
from trainer.chains import in_chains, joined, total
from trainer.dataset import Dataset, Streams
from trainer.device import compute_dtype
from trainer.dropout import Dropout
from trainer.errors import Diverged
from trainer.evaluation import Evaluator
from trainer.forward import cross_entropy, forward, zero_state
from trainer.optimization import initialise, make_optimizer
from trainer.plan import Plan
from trainer.schedule import learning_rate

_VALIDATIONS = 20  # over a run at the most; each refreshes the checkpoint if it is the best so far
_SECONDS_BETWEEN = 20.0  # at the least where time is short, so that a run trains rather than looks at itself
_SECONDS_AT_MOST = 600.0  # between the states from which a killed run can go on
_SETBACKS = 3  # times that a run goes back to its last good state before it gives up
_GOOD = "good_"  # before the names of the good state's arrays
_WINDOWS = 96  # of 256 characters: enough to tell two checkpoints of one run apart


@dataclass
class Progress:
    """Where a run stands; all losses in nats per character."""

    step: int = 0
    elapsed: float = 0.0  # seconds of training, over every resumption
    best: float = float("inf")  # validation, from a zero state
    history: list[dict[str, float]] = field(default_factory=list)  # a row for each validation
    smoothed: float | None = None  # training loss, a moving average
    last_validation: float = 0.0  # the share of the run it came at
    setbacks: int = 0  # times the loss was no number; each halves the learning rate


@dataclass(frozen=True)
class Report:
    """A step as the display shows it."""

    step: int
    epoch: float
    share: float  # of the run, 0 to 1
    loss: float  # nats per character on the training streams, smoothed
    characters_per_second: float
    learning_rate: float
    seconds_left: float


Arrays = Mapping[str, Any]  # a state, or several, by name
OnValidation = Callable[["Training", bool], None]  # told whether it was the best so far
OnState = Callable[["Training"], None]  # told that the state, but no new weights, is to be kept


class Training:
    """A network being trained: its optimizer, its streams with their recurrent state, its progress."""

    def __init__(self, plan: Plan, dataset: Dataset) -> None:
        config = plan.training
        keras.utils.set_random_seed(config.seed % 2**32)
        self.plan = plan
        self.dataset = dataset
        self.streams = Streams(dataset.training, config.batch_size, config.sequence_length)
        self.network = build_network(plan.network, len(dataset.vocabulary), self.streams.batch_size)
        initialise(self.network, config)
        self.optimizer = make_optimizer(config, self.network)
        self.state = zero_state(self.network, self.streams.batch_size)
        self.progress = Progress()
        self._good: Arrays = {}  # the state to go back to where the loss is no number
        self.dtype = compute_dtype()
        self._evaluator = Evaluator(self.network, self.dtype)
        self._train_step = tf.function(self._train_step_eagerly, autograph=False)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.plan.minutes is not None:
            return min(1.0, self.progress.elapsed / (60 * self.plan.minutes))
        return self.progress.step / self._steps

    def run(
        self,
        on_validation: OnValidation,
        stopped: Callable[[], bool],
        say: Callable[[str], None],
        on_state: OnState = lambda training: None,
    ) -> Iterator[Report]:
        """Train to the end of the plan, a report for each step.

        Ends early when stopped() says so; what is kept then lets a later run end like one that never stopped.
        When a loss is no number, the run goes back to where it was last validated, with half the rate, and says so.
        Raises Diverged the fourth time.
        """
        self._compile()
        self._good = self._good or self.snapshot()
        began = time.monotonic() - self.progress.elapsed
        kept = time.monotonic()
        while self.share < 1:
            if stopped():
                self._keep_for_later(on_state)
                return
            loss = self.step()
            self.progress.elapsed = time.monotonic() - began
            if np.isfinite(loss):
                yield self._report(loss)
                if self.share == 1 or self._validation_is_due():
                    loss = self._validate(on_validation)
                    self.progress.elapsed, kept = time.monotonic() - began, time.monotonic()
                elif time.monotonic() - kept > _SECONDS_AT_MOST:
                    on_state(self)
                    kept = time.monotonic()
            if not np.isfinite(loss):
                self._go_back(loss, say)
        if not self.progress.history:
            self._validate(on_validation)  # the time was over in going back to the start

    def held_out_loss(self) -> float:
        """Nats per character from a zero state, on a sample of the held-out text, with the weights as they are."""
        return self._evaluator.zero_state_loss(self.dataset.validation, _WINDOWS)

    def snapshot(self) -> dict[str, Any]:
        """All that the steps to come depend on, as named arrays."""
        arrays = {f"weight_{i}": w.numpy() for i, w in enumerate(self.network.trainable_variables)}
        arrays |= {f"optimizer_{i}": v.numpy() for i, v in enumerate(self.optimizer.variables)}
        arrays |= {f"state_{i}": np.stack([h, c]) for i, (h, c) in enumerate(self.state)}
        return arrays | {"progress": np.frombuffer(json.dumps(asdict(self.progress)).encode(), np.uint8)}

    def resumable(self) -> dict[str, Any]:
        """All that it takes to go on from here, as named arrays: where it is another one, the good state too."""
        arrays = self.snapshot()
        if not self._good or _progress(self._good).step == self.progress.step:
            return arrays
        return arrays | {_GOOD + name: array for name, array in self._good.items()}

    def resume(self, arrays: Arrays) -> None:
        """Be as `resumable` found it. Raises KeyError, ValueError or TypeError for another run's arrays."""
        self._restore(arrays)
        self._good = {name.removeprefix(_GOOD): arrays[name] for name in arrays if name.startswith(_GOOD)}

    def _restore(self, arrays: Arrays) -> None:
        for i, weight in enumerate(self.network.trainable_variables):
            weight.assign(arrays[f"weight_{i}"])
        for i, variable in enumerate(self.optimizer.variables):
            variable.assign(arrays[f"optimizer_{i}"])
        self.state = [tuple(map(tf.constant, arrays[f"state_{i}"])) for i in range(len(self.state))]
        self.progress = _progress(arrays)

    def _go_back(self, loss: float, say: Callable[[str], None]) -> None:
        failed = self.progress
        if failed.setbacks == _SETBACKS:
            raise Diverged(
                f"the loss was no number {_SETBACKS + 1} times, at last {loss} at step {failed.step:,}: "
                "try a lower --learning-rate"
            )
        self._restore(self._good)
        self.progress.elapsed, self.progress.setbacks = failed.elapsed, failed.setbacks + 1
        say(f"the loss is {loss} at step {failed.step:,}: back to step {self.progress.step:,} with half the rate")

    def _rate(self) -> float:
        return learning_rate(self.plan.training, self.share) * 0.5**self.progress.setbacks

    def _validation_is_due(self) -> bool:
        """Where the run ends with a number of steps, at certain steps, which can be repeated."""
        progress = self.progress
        if self.plan.training.validate_every_epoch:
            return self.at_end_of_epoch
        if self.plan.minutes is None:
            return progress.step % -(-self._steps // _VALIDATIONS) == 0
        interval = max(1 / _VALIDATIONS, _SECONDS_BETWEEN / (60 * self.plan.minutes))
        return self.share - progress.last_validation >= interval

    @property
    def at_end_of_epoch(self) -> bool:
        """Whether every stream has just been read to its end."""
        return self.progress.step % self.streams.chunks_per_epoch == 0

    @property
    def _steps(self) -> int:
        """Of a whole run without a deadline."""
        return (self.plan.epochs or 1) * self.streams.chunks_per_epoch

    def _keep_for_later(self, on_state: OnState) -> None:
        """What there is when a run is stopped: it will go on as if nothing had been looked at here.

        A run that was never validated is, after its state is safe, for the card of what there is.
        """
        on_state(self)
        if not self.progress.history:
            self._validate(lambda *_: None)

    def step(self) -> float:
        """Train on the next chunk of every stream; the mean loss of its characters, in nats."""
        config, number = self.plan.training, self.progress.step
        x, y = self.streams.chunk(number)
        rng = np.random.Generator(np.random.Philox(key=config.seed, counter=number << 64))
        keep = (rng.random((self.streams.batch_size, 1)) >= config.reset_probability).astype(np.float32)
        seed = np.array([config.seed % 2**31, number], np.int32)
        inputs = _with_unknown(x, config.unknown_rate, rng)
        loss, self.state = self._train_step(inputs, y, self.state, keep, np.float32(self._rate()), seed)
        self.progress.step += 1
        return float(loss)

    def _train_step_eagerly(self, x: Any, y: Any, state: Any, keep: Any, rate: Any, seed: Any) -> tuple[Any, Any]:
        config, weights = self.plan.training, self.network.trainable_variables
        characters = x.shape[0] * x.shape[1]

        def gradients(chain: int, x: Any, y: Any, state: Any, keep: Any) -> tuple[Any, Any, Any]:
            state = [(h * keep, c * keep) for h, c in state]
            with tf.GradientTape() as tape:
                dropout = Dropout(config.dropout, config.recurrent_dropout, (*tf.unstack(seed), chain))
                logits, state = forward(self.network, x, state, self.dtype, dropout)
                loss = tf.reduce_sum(cross_entropy(logits, y)) / characters
            return loss, tape.gradient(loss, [w.value for w in weights]), state

        losses, slopes, states = zip(*in_chains(gradients, x, y, state, keep), strict=True)
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply([tf.convert_to_tensor(slope) for slope in total(slopes)], weights)
        return total(losses), joined(states)

    def _compile(self) -> None:
        """Trace and compile the step outside the clock, and undo what it did."""
        before = self.snapshot()
        x, y = self.streams.chunk(self.progress.step)
        keep = np.ones((self.streams.batch_size, 1), np.float32)
        self._train_step(x, y, self.state, keep, np.float32(0), np.zeros(2, np.int32))
        self._restore(before)

    def _validate(self, on_validation: OnValidation) -> float:
        """The held-out loss; where it is a number, this is the state to go back to."""
        progress = self.progress
        loss = self.held_out_loss()
        if not np.isfinite(loss):
            return loss
        row = {"step": progress.step, "minutes": progress.elapsed / 60, "validation": loss}
        progress.history.append(row | {"training": progress.smoothed or loss})
        progress.last_validation = self.share
        best = loss < progress.best or self.plan.training.keep == "last"
        progress.best = min(loss, progress.best)
        self._good = self.snapshot()
        on_validation(self, best)
        return loss

    def _report(self, loss: float) -> Report:
        progress = self.progress
        progress.smoothed = loss if progress.smoothed is None else 0.98 * progress.smoothed + 0.02 * loss
        done = progress.step * self.streams.batch_size * self.streams.sequence_length
        elapsed = max(progress.elapsed, 1e-9)
        left = elapsed * (1 - self.share) / max(self.share, 1e-9)
        epoch = progress.step / self.streams.chunks_per_epoch
        return Report(progress.step, epoch, self.share, progress.smoothed, done / elapsed, self._rate(), left)


def _progress(arrays: Arrays) -> Progress:
    return Progress(**json.loads(arrays["progress"].tobytes()))


def _with_unknown(x: Ids, rate: float, rng: np.random.Generator) -> Ids:
    """Now and then `<unk>` instead of a character, so that the bot copes with one it never saw."""
    return np.where(rng.random(x.shape) < rate, UNKNOWN_ID, x).astype(np.int32) if rate else x
