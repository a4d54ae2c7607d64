"""The LSTM recurrence that trains fast on a CPU; weights, outputs and gradients of keras.layers.LSTM.

What makes it fast:

* The input product is one matrix product over all timesteps, and so is each weight gradient; only the
  recurrent product runs step by step (Appleyard et al. 2016, "Optimizing Performance of Recurrent Neural
  Networks on GPUs").
* Features come first, (units, batch): the recurrent weights are then the left factor of each product, which
  oneDNN reads as it lies. As the right factor they would be repacked at every step, which takes as long as
  the product itself at the batch sizes of training.
* All that is done element by element in a step is one fused kernel (XLA).
* The products may run in bfloat16, while the cell state and every sum over time stay in float32.

Method: Hochreiter and Schmidhuber 1997, with forget gates (Gers et al. 2000). Letters: T timesteps, B batch,
I inputs, U units; gates in the order i, f, g, o, as Keras stores them.
"""

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow ships no types


def lstm(
    x: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor, h: Tensor, c: Tensor, dtype: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one LSTM layer over a chunk.

    x: (T, B, I). kernel: (I, 4U). recurrent_kernel: (U, 4U). bias: (4U,). h and c: (B, U), float32.
    dtype: of the products, tf.float32 or tf.bfloat16.
    Returns the outputs (T, B, U) in dtype, and the last h and c (B, U) in float32. No gradient flows into
    the first h and c: back-propagation through time is truncated to the chunk.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def layer(x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, h0: Tensor, c0: Tensor) -> Any:
        kernel, recurrent = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
        h0, c0 = tf.cast(tf.transpose(h0), dtype), tf.transpose(c0)
        projected = tf.matmul(tf.transpose(kernel)[None], x, transpose_b=True)  # (T, 4U, B)
        hs, cs, gates, last_h, last_c = _forward(projected, tf.transpose(recurrent), bias[:, None], h0, c0)

        def gradient(d_hs: Tensor, _d_h: Tensor, _d_c: Tensor) -> tuple[Tensor, ...]:
            dzs = _backward(_swap(tf.cast(d_hs, dtype)), gates, cs, c0, recurrent)
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


def _forward(projected: Tensor, recurrent: Tensor, bias: Tensor, h0: Tensor, c0: Tensor) -> tuple[Tensor, ...]:
    """The steps in order: h (T, U, B), c (T, U, B), gates (T, 4U, B), the last h and c. recurrent: (4U, U)."""
    steps = projected.shape[0]

    def body(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        h, c, gate = _step(projected[t], tf.matmul(recurrent, h), bias, c)
        return t + 1, h, c, hs.write(t, h), cs.write(t, c), gates.write(t, gate)

    start = (0, h0, c0, _array(h0, steps), _array(c0, steps), _array(projected[0], steps))
    _, h, c, hs, cs, gates = tf.while_loop(lambda t, *_: t < steps, body, start, parallel_iterations=1)
    return hs.stack(), cs.stack(), gates.stack(), h, c


def _backward(d_hs: Tensor, gates: Tensor, cs: Tensor, c0: Tensor, recurrent: Tensor) -> Tensor:
    """The gradient of the gates before their non-linearities, (T, 4U, B), from that of the outputs (T, U, B)."""
    steps, units, batch = cs.shape
    before = _before(cs, c0)

    def body(t: Tensor, d_h: Tensor, d_c: Tensor, dzs: Any) -> tuple[Any, ...]:
        dz, d_c = _step_gradient(d_hs[t], d_h, d_c, gates[t], cs[t], before[t])
        return t - 1, tf.matmul(recurrent, dz), d_c, dzs.write(t, dz)

    start = (steps - 1, tf.zeros((units, batch), d_hs.dtype), tf.zeros((units, batch)), _array(gates[0], steps))
    *_, dzs = tf.while_loop(lambda t, *_: t >= 0, body, start, parallel_iterations=1)
    return dzs.stack()


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _step(projected: Tensor, recurred: Tensor, bias: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From both products (4U, B) and the old c (U, B): h, c, and the gates (4U, B)."""
    z = tf.cast(projected, tf.float32) + tf.cast(recurred, tf.float32) + bias
    i, f, g, o = tf.split(z, 4, 0)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * c + i * g
    return (
        tf.cast(o * tf.tanh(c), projected.dtype),
        c,
        tf.cast(tf.concat([i, f, g, o], 0), projected.dtype),
    )


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _step_gradient(
    d_output: Tensor, d_h: Tensor, d_c: Tensor, gates: Tensor, c: Tensor, before: Tensor
) -> tuple[Tensor, Tensor]:
    """From the gradients of the output, of the next step's h and c (U, B): those of z (4U, B) and of `before`."""
    i, f, g, o = tf.split(tf.cast(gates, tf.float32), 4, 0)
    d_h = tf.cast(d_output, tf.float32) + tf.cast(d_h, tf.float32)
    tanh_c = tf.tanh(c)
    d_c = d_c + d_h * o * (1 - tanh_c * tanh_c)
    d_i, d_f, d_g = d_c * g * i * (1 - i), d_c * before * f * (1 - f), d_c * i * (1 - g * g)
    return tf.cast(tf.concat([d_i, d_f, d_g, d_h * tanh_c * o * (1 - o)], 0), gates.dtype), d_c * f


def _array(like: Tensor, steps: int) -> Any:
    return tf.TensorArray(like.dtype, size=steps, element_shape=like.shape)


def _before(values: Tensor, first: Tensor) -> Tensor:
    """Each timestep's predecessor: (T, U, B)."""
    return tf.concat([first[None], values[:-1]], 0)


def _over_time(values: Tensor) -> Tensor:
    """(T, N, B) as (N, T * B), for one product over all timesteps."""
    return tf.reshape(tf.transpose(values, (1, 0, 2)), (values.shape[1], -1))


def _swap(values: Tensor) -> Tensor:
    """(T, N, B) as (T, B, N), and back."""
    return tf.transpose(values, (0, 2, 1))
