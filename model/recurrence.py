"""The LSTM recurrence that trains fast on a CPU; same weights, outputs and gradients as keras.layers.LSTM.

Three things make it fast. The input product is one matrix product over all timesteps; so are both weight
gradients; only the recurrent product runs step by step. And the products may run in bfloat16, while the
cell state and every sum over time stay in float32.

Method: Hochreiter and Schmidhuber 1997, with forget gates (Gers et al. 2000); the hoisting is that of
Appleyard et al. 2016, "Optimizing Performance of Recurrent Neural Networks on GPUs".
"""

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow ships no types


def lstm(
    x: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor, h: Tensor, c: Tensor, dtype: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one LSTM layer over a chunk.

    Letters: T timesteps, B batch, I inputs, U units; gates in the order i, f, g, o, as Keras stores them.
    x: (T, B, I). kernel: (I, 4U). recurrent_kernel: (U, 4U). bias: (4U,). h and c: (B, U), float32.
    dtype: of the products, tf.float32 or tf.bfloat16.
    Returns the outputs (T, B, U) in dtype, and the last h and c (B, U) in float32. No gradient flows into
    the first h and c: back-propagation through time is truncated to the chunk.
    """
    outputs, last_h, last_c = _recurrence(dtype)(
        tf.cast(x, dtype), _ifog(kernel), _ifog(recurrent_kernel), _ifog(bias), h, c
    )
    return outputs, tf.cast(last_h, tf.float32), last_c


def _ifog(weights: Tensor) -> Tensor:
    """Gates from Keras' order to i, f, o, g: the three sigmoids then lie side by side."""
    i, f, g, o = tf.split(weights, 4, -1)
    return tf.concat([i, f, o, g], -1)


def _recurrence(dtype: Any) -> Any:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def layer(x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, h0: Tensor, c0: Tensor) -> Any:
        steps, batch, inputs = x.shape
        units = recurrent.shape[0]
        kernel, recurrent, h0 = tf.cast(kernel, dtype), tf.cast(recurrent, dtype), tf.cast(h0, dtype)
        flat = tf.reshape(x, (-1, inputs))
        projected = tf.reshape(tf.matmul(flat, kernel) + tf.cast(bias, dtype), (steps, batch, 4 * units))
        hs, cs, gates, last_h, last_c = _forward(projected, recurrent, h0, c0)

        def gradient(d_hs: Tensor, _d_h: Tensor, _d_c: Tensor) -> tuple[Tensor, ...]:
            dz = tf.reshape(_backward(tf.cast(d_hs, dtype), gates, cs, c0, recurrent), (-1, 4 * units))
            before = tf.reshape(tf.concat([h0[None], hs[:-1]], 0), (-1, units))
            d_recurrent = tf.matmul(before, dz, transpose_a=True)
            d_kernel = tf.matmul(flat, dz, transpose_a=True)
            d_x = tf.reshape(tf.matmul(dz, kernel, transpose_b=True), x.shape)
            d_bias = tf.reduce_sum(tf.cast(dz, tf.float32), 0)
            d_weights = (tf.cast(d_kernel, tf.float32), tf.cast(d_recurrent, tf.float32), d_bias)
            return (d_x, *d_weights, tf.zeros_like(h0, tf.float32), tf.zeros_like(c0))

        return (hs, last_h, last_c), gradient

    return layer


def _forward(projected: Tensor, recurrent: Tensor, h0: Tensor, c0: Tensor) -> tuple[Tensor, ...]:
    """The steps in order: h (T, B, U), c (T, B, U), gates i f o g (T, B, 4U), the last h and c."""
    steps, units = projected.shape[0], h0.shape[1]

    def array(like: Tensor) -> Any:
        return tf.TensorArray(like.dtype, size=steps, element_shape=like.shape)

    def body(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        z = projected[t] + tf.matmul(h, recurrent)
        sigmoids = tf.sigmoid(z[:, : 3 * units])
        g = tf.tanh(z[:, 3 * units :])
        i, f, o = tf.split(tf.cast(sigmoids, tf.float32), 3, -1)
        c = f * c + i * tf.cast(g, tf.float32)
        h = tf.cast(o * tf.tanh(c), projected.dtype)
        return t + 1, h, c, hs.write(t, h), cs.write(t, c), gates.write(t, tf.concat([sigmoids, g], -1))

    start = (0, h0, c0, array(h0), array(c0), array(projected[0]))
    _, h, c, hs, cs, gates = tf.while_loop(lambda t, *_: t < steps, body, start, parallel_iterations=1)
    return hs.stack(), cs.stack(), gates.stack(), h, c


def _backward(d_hs: Tensor, gates: Tensor, cs: Tensor, c0: Tensor, recurrent: Tensor) -> Tensor:
    """The gradient of the gates before their non-linearities, (T, B, 4U), from that of the outputs."""
    steps, batch, units = cs.shape
    before = tf.concat([c0[None], cs[:-1]], 0)

    def body(t: Tensor, d_h: Tensor, d_c: Tensor, dzs: Any) -> tuple[Any, ...]:
        i, f, o, g = tf.split(tf.cast(gates[t], tf.float32), 4, -1)
        tanh_c = tf.tanh(cs[t])
        d_h = tf.cast(d_hs[t] + d_h, tf.float32)
        d_c = d_c + d_h * o * (1 - tanh_c * tanh_c)
        parts = (
            d_c * g * i * (1 - i),
            d_c * before[t] * f * (1 - f),
            d_h * tanh_c * o * (1 - o),
            d_c * i * (1 - g * g),
        )
        dz = tf.cast(tf.concat(parts, -1), d_hs.dtype)
        return t - 1, tf.matmul(dz, recurrent, transpose_b=True), d_c * f, dzs.write(t, dz)

    dzs = tf.TensorArray(d_hs.dtype, size=steps, element_shape=(batch, 4 * units))
    start = (steps - 1, tf.zeros((batch, units), d_hs.dtype), tf.zeros((batch, units)), dzs)
    *_, dzs = tf.while_loop(lambda t, *_: t >= 0, body, start, parallel_iterations=1)
    return dzs.stack()
