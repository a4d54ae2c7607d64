"""The LSTM recurrence that trains fast on a CPU; weights, outputs and gradients of keras.layers.LSTM.

What makes it fast:

* The input product is one matrix product over all timesteps, and so is each weight gradient; only the
  recurrent product runs step by step (Appleyard et al. 2016, "Optimizing Performance of Recurrent Neural
  Networks on GPUs").
* The first layer reads characters, so its input product is a row of a small table, (vocabulary, 4U). The row
  is chosen within the recurrent product, by one-hot inputs beside h: no input product is left at all.
* Features come first, (units, batch): the recurrent weights are then the left factor of each product, which
  oneDNN reads as it lies. As the right factor they would be repacked at every step, which takes as long as
  the product itself at the batch sizes of training.
* All that is done element by element in a step is one fused kernel (XLA).
* The products may run in bfloat16, while the cell state and every sum over time stay in float32.

Method: Hochreiter and Schmidhuber 1997, with forget gates (Gers et al. 2000). Letters: T timesteps, B batch,
I inputs, U units, V vocabulary; gates in the order i, f, g, o, as Keras stores them.
"""

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow ships no types

_ROUND = 32  # one-hot rows are padded to a multiple of it, which is what the matrix kernels like


def lstm(
    x: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor,
    h: Tensor,
    c: Tensor,
    dtype: Any,
    keep: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one LSTM layer over a chunk.

    x: (T, B, I). kernel: (I, 4U). recurrent_kernel: (U, 4U). bias: (4U,). h and c: (B, U), float32.
    dtype: of the products, tf.float32 or tf.bfloat16. keep: what the candidates g are multiplied by,
    (T, U, B), if anything: zeros are what is dropped (Semeniuta et al. 2016, "Recurrent Dropout without
    Memory Loss").
    Returns the outputs (T, B, U) in dtype, and the last h and c (B, U) in float32. No gradient flows into
    the first h and c: back-propagation through time is truncated to the chunk.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def layer(x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, h0: Tensor, c0: Tensor) -> Any:
        kernel, recurrent = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
        h0, c0 = tf.cast(tf.transpose(h0), dtype), tf.transpose(c0)
        projected = tf.matmul(tf.transpose(kernel)[None], x, transpose_b=True)  # (T, 4U, B)

        def product(t: Tensor, h: Tensor) -> tuple[Tensor, ...]:
            return tf.matmul(weights, h), projected[t], bias[:, None]

        weights = tf.transpose(recurrent)
        hs, cs, gates, last_h, last_c = _forward(product, x.shape[0], h0, c0, None, keep)

        def gradient(d_hs: Tensor, _d_h: Tensor, _d_c: Tensor) -> tuple[Tensor, ...]:
            dzs = _backward(_swap(tf.cast(d_hs, dtype)), gates, cs, c0, recurrent, keep)
            flat = _over_time(dzs)
            d_kernel = tf.matmul(tf.reshape(x, (-1, x.shape[2])), flat, transpose_a=True, transpose_b=True)
            d_recurrent = tf.matmul(_over_time(_before(hs, h0)), flat, transpose_b=True)
            d_bias = tf.reduce_sum(tf.cast(flat, tf.float32), 1)
            d_x = _swap(tf.matmul(kernel[None], dzs))
            d_state = tf.zeros(h0.shape[::-1])
            return d_x, tf.cast(d_kernel, tf.float32), tf.cast(d_recurrent, tf.float32), d_bias, d_state, d_state

        return (_swap(hs), tf.transpose(last_h), tf.transpose(last_c)), gradient

    outputs, last_h, last_c = layer(tf.cast(x, dtype), kernel, recurrent_kernel, bias, h, c)
    return outputs, tf.cast(last_h, tf.float32), last_c


def lstm_on_ids(
    ids: Tensor, table: Tensor, recurrent_kernel: Tensor, h: Tensor, c: Tensor, dtype: Any, keep: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The same for a layer that reads characters: lstm(gather(embeddings, ids), ...), without the input product.

    ids: (T, B). table: (V, 4U), embeddings @ kernel + bias; its gradient is theirs. The rest as in `lstm`.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def layer(table: Tensor, recurrent: Tensor, h0: Tensor, c0: Tensor) -> Any:
        steps, units = ids.shape[0], recurrent.shape[0]
        rows = -(-table.shape[0] // _ROUND) * _ROUND
        padded = tf.pad(tf.cast(table, dtype), ((0, rows - table.shape[0]), (0, 0)))
        recurrent = tf.cast(recurrent, dtype)
        weights = tf.concat([tf.transpose(recurrent), tf.transpose(padded)], 1)  # (4U, U + rows)
        one_hot = tf.cast(ids[:, None] == tf.range(rows)[:, None], dtype)  # (T, rows, B)
        h0, c0 = tf.concat([tf.cast(tf.transpose(h0), dtype), one_hot[0]], 0), tf.transpose(c0)
        following = tf.concat([one_hot[1:], tf.zeros_like(one_hot[:1])], 0)

        def product(_t: Tensor, h: Tensor) -> tuple[Tensor, ...]:
            return (tf.matmul(weights, h),)

        hs, cs, gates, last_h, last_c = _forward(product, steps, h0, c0, following, keep)

        def gradient(d_hs: Tensor, _d_h: Tensor, _d_c: Tensor) -> tuple[Tensor, ...]:
            dzs = _backward(_swap(tf.cast(d_hs, dtype)), gates, cs, c0, recurrent, keep)
            both = tf.cast(tf.matmul(_over_time(_before(hs, h0)), _over_time(dzs), transpose_b=True), tf.float32)
            d_state = tf.zeros((h0.shape[1], units))
            return both[units : units + table.shape[0]], both[:units], d_state, d_state

        return (_swap(hs[:, :units]), tf.transpose(last_h[:units]), tf.transpose(last_c)), gradient

    outputs, last_h, last_c = layer(table, recurrent_kernel, h, c)
    return outputs, tf.cast(last_h, tf.float32), last_c


def _forward(
    product: Any, steps: int, h0: Tensor, c0: Tensor, following: Tensor | None, keep: Tensor | None
) -> tuple[Tensor, ...]:
    """The steps in order: h (T, U, B), c (T, U, B), gates (T, 4U, B), the last h and c.

    product: from a timestep and h to the terms whose sum is z (4U, B). following: what stands below h at
    the next timestep (T, rows, B), if anything: h then has U + rows rows.
    """

    def body(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        h, c, gate = _step(product(t, h), c, _at(following, t), _at(keep, t))
        return t + 1, h, c, hs.write(t, h), cs.write(t, c), gates.write(t, gate)

    gate = tf.TensorShape((4 * c0.shape[0], c0.shape[1]))
    arrays = (_array(h0.dtype, h0.shape, steps), _array(c0.dtype, c0.shape, steps), _array(h0.dtype, gate, steps))
    _, h, c, hs, cs, gates = tf.while_loop(lambda t, *_: t < steps, body, (0, h0, c0, *arrays), parallel_iterations=1)
    return hs.stack(), cs.stack(), gates.stack(), h, c


def _backward(d_hs: Tensor, gates: Tensor, cs: Tensor, c0: Tensor, recurrent: Tensor, keep: Tensor | None) -> Tensor:
    """The gradient of the gates before their non-linearities, (T, 4U, B), from that of the outputs (T, U, B)."""
    steps, units, batch = cs.shape
    before = _before(cs, c0)

    def body(t: Tensor, d_h: Tensor, d_c: Tensor, dzs: Any) -> tuple[Any, ...]:
        dz, d_c = _step_gradient(d_hs[t], d_h, d_c, gates[t], cs[t], before[t], _at(keep, t))
        return t - 1, tf.matmul(recurrent, dz), d_c, dzs.write(t, dz)

    dzs = _array(gates.dtype, gates.shape[1:], steps)
    start = (steps - 1, tf.zeros((units, batch), d_hs.dtype), tf.zeros((units, batch)), dzs)
    *_, dzs = tf.while_loop(lambda t, *_: t >= 0, body, start, parallel_iterations=1)
    return dzs.stack()


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _step(
    terms: tuple[Tensor, ...], c: Tensor, below: Tensor | None, keep: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """From the terms of z (4U, B) and the old c (U, B): h with `below` under it, c, and the gates (4U, B)."""
    z = sum(tf.cast(term, tf.float32) for term in terms)
    i, f, g, o = tf.split(z, 4, 0)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * c + i * _kept(g, keep)
    h = tf.cast(o * tf.tanh(c), terms[0].dtype)
    gates = tf.cast(tf.concat([i, f, g, o], 0), terms[0].dtype)
    return h if below is None else tf.concat([h, below], 0), c, gates


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _step_gradient(
    d_output: Tensor, d_h: Tensor, d_c: Tensor, gates: Tensor, c: Tensor, before: Tensor, keep: Tensor | None
) -> tuple[Tensor, Tensor]:
    """From the gradients of the output, of the next step's h and c (U, B): those of z (4U, B) and of `before`."""
    i, f, g, o = tf.split(tf.cast(gates, tf.float32), 4, 0)
    d_h = tf.cast(d_output, tf.float32) + tf.cast(d_h, tf.float32)
    tanh_c = tf.tanh(c)
    d_c = d_c + d_h * o * (1 - tanh_c * tanh_c)
    d_i, d_f, d_g = d_c * _kept(g, keep) * i * (1 - i), d_c * before * f * (1 - f), d_c * _kept(i, keep) * (1 - g * g)
    return tf.cast(tf.concat([d_i, d_f, d_g, d_h * tanh_c * o * (1 - o)], 0), gates.dtype), d_c * f


def _kept(values: Tensor, keep: Tensor | None) -> Tensor:
    return values if keep is None else values * tf.cast(keep, tf.float32)


def _at(values: Tensor | None, t: Tensor) -> Tensor | None:
    return None if values is None else values[t]


def _array(dtype: Any, shape: Any, steps: int) -> Any:
    return tf.TensorArray(dtype, size=steps, element_shape=shape)


def _before(values: Tensor, first: Tensor) -> Tensor:
    """Each timestep's predecessor: (T, U, B)."""
    return tf.concat([first[None], values[:-1]], 0)


def _over_time(values: Tensor) -> Tensor:
    """(T, N, B) as (N, T * B), for one product over all timesteps."""
    return tf.reshape(tf.transpose(values, (1, 0, 2)), (values.shape[1], -1))


def _swap(values: Tensor) -> Tensor:
    """(T, N, B) as (T, B, N), and back."""
    return tf.transpose(values, (0, 2, 1))
