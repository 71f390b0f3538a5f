"""Keras's GRUs as Keras documents them: GRU, that of Keras 1, CuDNNGRU."""

from __future__ import annotations

import numpy as np

from parity_tests.cases.doctor.arithmetic import Rounder, activation
from parity_tests.cases.doctor.source import Array, Arrays, Options, RuntimeGRU


def keras(f: int, u: int, o: Options) -> RuntimeGRU:
    """Keras's GRU: gates z r h, kernel (f, 3u); implementation 2."""
    rho, phi = activation(o.gates), activation(o.candidate)

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        matrix_x = q.dot(x, w["kernel"])
        if o.bias:
            matrix_x = q(matrix_x + (w["bias"][0] if o.reset_after else w["bias"]))
        x_z, x_r, x_h = np.split(matrix_x, 3, axis=-1)
        recurrent = w["recurrent_kernel"]
        if o.reset_after:
            inner = q.dot(h, recurrent)
            if o.bias:
                inner = q(inner + w["bias"][1])
            h_z, h_r, h_h = np.split(inner, 3, axis=-1)
            z, r = rho(q, q(x_z + h_z)), rho(q, q(x_r + h_r))
            h_h = q(r * h_h)
        else:
            inner = q.dot(h, recurrent[:, : 2 * u])
            z, r = rho(q, q(x_z + inner[:, :u])), rho(q, q(x_r + inner[:, u:]))
            h_h = q.dot(q(r * h), recurrent[:, 2 * u :])
        hh = phi(q, q(x_h + h_h))
        return q(q(z * h) + q(q(1 - z) * hh))

    shapes = {"kernel": (f, 3 * u), "recurrent_kernel": (u, 3 * u)}
    if o.bias:
        shapes["bias"] = (2, 3 * u) if o.reset_after else (3 * u,)
    return RuntimeGRU(shapes, step)


def keras_1(f: int, u: int, o: Options) -> RuntimeGRU:
    """Keras 1: nine arrays, gate by gate; reset before."""
    rho, phi = activation(o.gates), activation(o.candidate)

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        x_z = q(q.dot(x, w["W_z"]) + w["b_z"])
        x_r = q(q.dot(x, w["W_r"]) + w["b_r"])
        x_h = q(q.dot(x, w["W_h"]) + w["b_h"])
        z = rho(q, q(x_z + q.dot(h, w["U_z"])))
        r = rho(q, q(x_r + q.dot(h, w["U_r"])))
        hh = phi(q, q(x_h + q.dot(q(r * h), w["U_h"])))
        return q(q(z * h) + q(q(1 - z) * hh))

    shapes: dict[str, tuple[int, ...]] = {}
    for gate in "zrh":
        shapes |= {f"W_{gate}": (f, u), f"U_{gate}": (u, u), f"b_{gate}": (u,)}
    return RuntimeGRU(shapes, step)


def cudnn_gru(f: int, u: int, o: Options) -> RuntimeGRU:
    """Keras's CuDNNGRU: each gate's memory is the transposed matrix under the old shape."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        W = [np.ascontiguousarray(g).reshape(u, f) for g in np.split(w["kernel"], 3, axis=1)]
        R = [np.ascontiguousarray(g) for g in np.split(w["recurrent_kernel"], 3, axis=1)]
        b = np.split(w["bias"], 6)
        x_z, x_r, x_h = (q(q.dot(x, W[g].T) + b[g]) for g in range(3))
        h_z, h_r, h_h = (q(q.dot(h, R[g].T) + b[3 + g]) for g in range(3))
        z, r = q.sigmoid(q(x_z + h_z)), q.sigmoid(q(x_r + h_r))
        return q(q(q(1 - z) * q.tanh(q(x_h + q(r * h_h)))) + q(z * h))

    return RuntimeGRU(
        {"kernel": (f, 3 * u), "recurrent_kernel": (u, 3 * u), "bias": (6 * u,)}, step
    )
