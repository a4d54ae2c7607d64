"""A corpus in, a checkpoint out: knows `model`, and nothing of bots."""

import os
import platform

# TensorFlow multiplies with oneDNN of its own accord only where the processor has AVX-512 VNNI. On others of this
# architecture a training step takes a fifth less processor time with it (trainer/LOG.md). It is read once, when
# TensorFlow is imported, hence here; whoever sets the variable is heard.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
