# syntax=docker/dockerfile:1
# Two images from one file: `cpu` serves on LiteRT, `gpu` on TensorFlow with CUDA. Both run as nobody in particular.
#   docker build --target cpu --tag cotorra .
#   docker run --rm --read-only --tmpfs /tmp --env TELEGRAM_BOT_TOKEN --volume cotorra:/data cotorra

ARG PYTHON=3.12-slim-bookworm

# --- what every build stage shares: uv, checked against its hash -----------------------------------------------------
FROM python:${PYTHON} AS uv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /build
COPY requirements/uv.txt requirements/
RUN pip install --require-hashes --requirement requirements/uv.txt && python -m venv --without-pip /opt/cotorra

# --- the wheel ---------------------------------------------------------------------------------------------------------
FROM uv AS wheel
COPY requirements/build.txt requirements/
COPY pyproject.toml README.md LICENSE cotorra.py ./
COPY migrations migrations
COPY model model
COPY trainer trainer
COPY bot bot
RUN uv build --wheel --build-constraints requirements/build.txt --out-dir /wheels

# --- environments: the pinned requirements first, so that they are cached when only the code changes ------------------
FROM uv AS cpu-environment
COPY requirements/bot.txt requirements/
RUN uv pip install --python /opt/cotorra/bin/python --require-hashes --requirement requirements/bot.txt
COPY --from=wheel /wheels /wheels
RUN uv pip install --python /opt/cotorra/bin/python --no-deps /wheels/*.whl

FROM uv AS gpu-environment
COPY requirements/gpu.txt requirements/
RUN uv pip install --python /opt/cotorra/bin/python --require-hashes --requirement requirements/gpu.txt
COPY --from=wheel /wheels /wheels
RUN uv pip install --python /opt/cotorra/bin/python --no-deps /wheels/*.whl

# --- the images ---------------------------------------------------------------------------------------------------------
FROM python:${PYTHON} AS runtime
RUN useradd --system --uid 10001 --no-create-home cotorra && install --directory --owner cotorra /data
ENV PATH=/opt/cotorra/bin:$PATH PYTHONUNBUFFERED=1 COTORRA_DATA_DIR=/data COTORRA_METRICS_PORT=9090
WORKDIR /data
VOLUME /data
USER 10001
# True only if updates, the database and the generator really work; whoever runs the container restarts what is ill.
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['COTORRA_METRICS_PORT'] + '/healthz', timeout=8)"]
# SIGTERM is what the bot waits for; docker stop grants it 10 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["cotorra"]
CMD ["run"]

FROM runtime AS gpu
# On the host: an NVIDIA driver for CUDA 12 (525 or newer) and the NVIDIA container toolkit; run with --gpus all.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=gpu-environment /opt/cotorra /opt/cotorra

FROM runtime AS cpu
COPY --from=cpu-environment /opt/cotorra /opt/cotorra
