"""Measuring: a network and its int8 export on a text: losses, baselines on the same split, originality."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from model.checkpoint import Checkpoint
from model.config import SamplingConfig
from model.engine import Engine
from model.engines.litert import LiteRTEngine
from model.generator import RecurrentGenerator
from model.network import load_network, lstm_layers
from model.sampling import Rng
from model.state import State
from model.vocabulary import UNKNOWN_ID, Vocabulary
from trainer.comparison import Comparison
from trainer.corpus import NAMED, ReadingOptions, open_corpus
from trainer.dataset import Dataset, EncodedText
from trainer.errors import CorpusError
from trainer.evaluation import Evaluator, compressed_bits, engine_carried_loss, engine_zero_state_loss
from trainer.ngram import ORDER, ngram_nats
from trainer.originality import Originality, originality
from trainer.units import bits

TEMPERATURES = (0.3, 0.5, 0.8, 1.0)

_MOST, _LEAST = 2_000_000, 32_768  # characters measured: more would change the fourth decimal
_WORK = 1.5e12  # multiplications for each figure, half a minute or so: all of a megabyte's tenth with 2 x 1024
_PER_LOGIT = 500  # multiplications that a character of the vocabulary costs in time, its exponential and its memory
_MOST_ON_ENGINE = 131_072  # the int8 export goes character by character
_MOST_LEARNED = 4_000_000  # characters before the held-out text that baselines learn and copies are sought in
_TEXTS, _LENGTH = 10, 1_000  # written at each temperature, each from a zero state as after /seed; characters


def compare(
    path: Path,
    text: Sequence[str] = (),
    encoding: str | None = None,
    options: ReadingOptions | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Evaluate a checkpoint on a text, or on what it held out of its corpus. Raises CotorraError.

    A text that is the checkpoint's own corpus, by its SHA-256, is taken for its held-out tenth, and what was
    trained on serves the baselines; any other is taken whole.
    """
    checkpoint = Checkpoint.open(path)
    sources = text or [str(checkpoint.corpus.get("name"))]
    if not text and sources[0] not in NAMED:
        raise CorpusError(f"{path} was trained on {sources[0]!r}: name a text to evaluate it on")
    corpus = open_corpus(sources, encoding, options)
    network = load_network(checkpoint)
    engine = LiteRTEngine.load(checkpoint)
    name = corpus.name
    dataset = Dataset.build(corpus.pieces, vocabulary=checkpoint.vocabulary, name=name)
    vocabulary, held_out = dataset.vocabulary, dataset.validation
    if dataset.digest == checkpoint.corpus.get("sha256"):
        return measure(f"{name}, held out", network, engine, vocabulary, held_out, dataset.training, say)
    if not text:
        return measure(f"{name}, another edition, last tenth", network, engine, vocabulary, held_out, say=say)
    return measure(name, network, engine, vocabulary, dataset.whole, say=say)


def measure(
    name: str,
    network: keras.Sequential,
    engine: Engine,
    vocabulary: Vocabulary,
    held_out: EncodedText,
    trained_on: EncodedText | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Every figure of a network and its export on a held-out text; of a long one, on its first stretch.

    How long that is depends on the network alone, so that another machine measures the same. say is told what
    is being done.

    trained_on: the text before it, where it is at hand: without it there is no n-gram, and nothing that
    copies could be sought in. Raises CorpusError for a text without a character that the network knows.
    """
    whole, held_out = len(held_out), held_out.part(0, most_measured(network))
    unknown = float(np.mean(held_out[:] == UNKNOWN_ID))
    if unknown == 1:
        raise CorpusError(f"expected a text with characters that the network knows, got none in {name}: name another")
    figures = Comparison(name, len(held_out), whole, unknown)
    say(f"measuring {figures.extent} …")
    losses = _losses(network, engine, held_out)
    plain = held_out.text()
    baselines = compressed_bits(plain)
    if trained_on is None:
        return replace(figures, nats=losses, baselines=baselines)
    learned = trained_on.part(max(0, len(trained_on) - _MOST_LEARNED), len(trained_on))
    figures = replace(figures, learned=len(learned), trained_on=len(trained_on))
    say(f"counting and compressing {figures.before} …")
    corpus = learned.text()
    baselines |= {f"{name}, after the training text": b for name, b in compressed_bits(plain, corpus).items()}
    counted = ngram_nats(learned[:], held_out[:], len(vocabulary))
    baselines[f"{ORDER}-gram, Kneser-Ney"] = float(bits(counted.mean()))
    say(f"writing {_TEXTS} texts at each of {len(TEMPERATURES)} temperatures, and looking for copies …")
    generator = RecurrentGenerator(engine, vocabulary, State("0" * 32, _zeros(network)))
    return replace(figures, nats=losses, baselines=baselines, originality=_originality(generator, plain, corpus))


def most_measured(network: keras.Sequential) -> int:
    """How many characters each figure of a network is taken on at the most."""
    work = network.count_params() + _PER_LOGIT * network.get_layer("logits").units
    return int(min(_MOST, max(_LEAST, _WORK / work)))


def _losses(network: keras.Sequential, engine: Engine, held_out: EncodedText) -> dict[str, float]:
    """Nats of the weights and of the export, on the same stretch of the same text."""
    evaluator, zeros = Evaluator(network), _zeros(network)
    stretch = held_out.part(0, _MOST_ON_ENGINE)
    which = "" if len(stretch) == len(held_out) else f", first {len(stretch):,} characters"
    losses = {
        "Keras fp32, zero state": evaluator.zero_state_loss(held_out),
        "Keras fp32, carried state": evaluator.carried_loss(held_out),
    }
    if which:
        losses[f"Keras fp32, zero state{which}"] = evaluator.zero_state_loss(stretch)
        losses[f"Keras fp32, carried state{which}"] = evaluator.carried_loss(stretch)
    losses[f"LiteRT int8, zero state{which}"] = engine_zero_state_loss(engine, zeros, stretch)
    losses[f"LiteRT int8, carried state{which}"] = engine_carried_loss(engine, zeros, stretch)
    return losses


def _originality(generator: RecurrentGenerator, held_out: str, corpus: str) -> dict[str, Originality]:
    """Of texts at each temperature, and of as much of the held-out text: what people write."""
    found = {}
    for temperature in TEMPERATURES:
        sampling = SamplingConfig(temperature)
        opening = generator.initial_state()
        texts = [generator.generate(opening, _LENGTH, sampling, Rng(number)).text for number in range(_TEXTS)]
        found[f"temperature {temperature:g}"] = originality(texts, corpus)
    written = [held_out[start : start + _LENGTH] for start in range(0, min(len(held_out), _TEXTS * _LENGTH), _LENGTH)]
    return found | {"the held-out text": originality(written, corpus)}


def _zeros(network: keras.Sequential) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    layers = lstm_layers(network)
    return np.zeros((len(layers), 2, layers[0].units), np.float32)
