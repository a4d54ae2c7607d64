"""A run of which nothing is saved but its last weights: python -m tests.trainer.never_saved CORPUS EPOCHS OUT.npz.

In a process of its own, which imports the trainer first as `cotorra train` does: two processes multiply to the same
bits only where TensorFlow was started in the same way, and a process of tests has started it long before.
"""

import sys
from dataclasses import replace

import numpy as np

from trainer.corpus import open_corpus
from trainer.dataset import Dataset
from trainer.plan import make_plan
from trainer.training import Training

EMBEDDING, UNITS = 8, 12


def main(corpus: str, epochs: int, out: str) -> None:
    """Train as `--preset notebook --embedding 8 --units 12` does."""
    dataset = Dataset.build(open_corpus([corpus]).pieces)
    plan = make_plan("notebook", len(dataset.training), epochs=epochs)
    run = Training(replace(plan, network=replace(plan.network, embedding=EMBEDDING, units=UNITS)), dataset)
    for _ in run.run(lambda *_: None, lambda: False, lambda line: None):
        pass
    np.savez(out, *run.network.get_weights())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
