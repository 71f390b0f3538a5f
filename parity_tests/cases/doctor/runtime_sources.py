"""GRUs of other runtimes, each by the formula of its own documentation."""

from __future__ import annotations

import numpy as np

from parity_tests.cases.doctor.arithmetic import Rounder, activation
from parity_tests.cases.doctor.source import Array, Arrays, Options, RuntimeGRU


def torch(f: int, u: int, o: Options) -> RuntimeGRU:
    """PyTorch: rows r z n; two biases."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        gi, gh = q.dot(x, w["weight_ih_l0"].T), q.dot(h, w["weight_hh_l0"].T)
        if o.bias:
            gi, gh = q(gi + w["bias_ih_l0"]), q(gh + w["bias_hh_l0"])
        i_r, i_i, i_n = np.split(gi, 3, axis=-1)
        h_r, h_i, h_n = np.split(gh, 3, axis=-1)
        resetgate, inputgate = q.sigmoid(q(i_r + h_r)), q.sigmoid(q(i_i + h_i))
        newgate = q.tanh(q(i_n + q(resetgate * h_n)))
        return q(newgate + q(inputgate * q(h - newgate)))

    shapes = {"weight_ih_l0": (3 * u, f), "weight_hh_l0": (3 * u, u)}
    if o.bias:
        shapes |= {"bias_ih_l0": (3 * u,), "bias_hh_l0": (3 * u,)}
    return RuntimeGRU(shapes, step)


def onnx(f: int, u: int, o: Options) -> RuntimeGRU:
    """ONNX: W[zrh], R[zrh], B of both; linear_before_reset is reset_after."""
    rho, phi = activation(o.gates), activation(o.candidate)

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        W_z, W_r, W_h = np.split(w["W"][0], 3)
        R_z, R_r, R_h = np.split(w["R"][0], 3)
        Wb_z, Wb_r, Wb_h, Rb_z, Rb_r, Rb_h = np.split(w["B"][0], 6) if o.bias else [0.0] * 6
        z = rho(q, q(q(q.dot(x, W_z.T) + q.dot(h, R_z.T)) + q(Wb_z + Rb_z)))
        r = rho(q, q(q(q.dot(x, W_r.T) + q.dot(h, R_r.T)) + q(Wb_r + Rb_r)))
        if o.reset_after:
            inner = q(q(r * q(q.dot(h, R_h.T) + Rb_h)) + Wb_h)
        else:
            inner = q(q.dot(q(r * h), R_h.T) + q(Rb_h + Wb_h))
        return q(q(q(1 - z) * phi(q, q(q.dot(x, W_h.T) + inner))) + q(z * h))

    shapes = {"W": (1, 3 * u, f), "R": (1, 3 * u, u)}
    if o.bias:
        shapes["B"] = (1, 6 * u)
    return RuntimeGRU(shapes, step)


def openvino(f: int, u: int, o: Options) -> RuntimeGRU:
    """OpenVINO: as ONNX, but B of 4u (z, r, input h, recurrent h), or 3u for reset before."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        W, R, B = w["W"][0], w["R"][0], w["B"][0]
        f_g = q.dot(x, W[: 2 * u].T) + q.dot(h, R[: 2 * u].T)
        z, r = np.split(q.sigmoid(q(q(f_g) + B[: 2 * u])), 2, axis=-1)
        Xt = q.dot(x, W[2 * u :].T)
        if o.reset_after:
            Rt = q(r * q(q.dot(h, R[2 * u :].T) + B[3 * u :]))
        else:
            Rt = q.dot(q(r * h), R[2 * u :].T)
        n = q.tanh(q(q(Xt + Rt) + B[2 * u : 3 * u]))
        return q(q(q(1 - z) * n) + q(z * h))

    rows = 4 if o.reset_after else 3
    return RuntimeGRU({"W": (1, 3 * u, f), "R": (1, 3 * u, u), "B": (1, rows * u)}, step)


def cudnn(f: int, u: int, o: Options) -> RuntimeGRU:
    """The cuDNN library: one buffer of six matrices r i h', then six biases."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        sizes = [u * f] * 3 + [u * u] * 3 + [u] * 6
        parts = np.split(w["params"], np.cumsum(sizes)[:-1])
        W_r, W_i, W_h = (part.reshape(u, f) for part in parts[:3])
        R_r, R_i, R_h = (part.reshape(u, u) for part in parts[3:6])
        b_Wr, b_Wi, b_Wh, b_Rr, b_Ri, b_Rh = parts[6:]
        i = q.sigmoid(q(q(q.dot(x, W_i.T) + q.dot(h, R_i.T)) + q(b_Wi + b_Ri)))
        r = q.sigmoid(q(q(q.dot(x, W_r.T) + q.dot(h, R_r.T)) + q(b_Wr + b_Rr)))
        new = q.tanh(q(q(q.dot(x, W_h.T) + q(r * q(q.dot(h, R_h.T) + b_Rh))) + b_Wh))
        return q(q(q(1 - i) * new) + q(i * h))

    return RuntimeGRU({"params": (3 * u * (f + u) + 6 * u,)}, step)


def flax_linen(f: int, u: int, o: Options) -> RuntimeGRU:
    """flax.linen: six Dense layers by name, in the order of a sorted dict."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        def dense(name: str, v: Array) -> Array:
            made = q.dot(v, w[f"{name}/kernel"])
            return q(made + w[f"{name}/bias"]) if f"{name}/bias" in w else made

        r = q.sigmoid(q(dense("ir", x) + dense("hr", h)))
        z = q.sigmoid(q(dense("iz", x) + dense("hz", h)))
        n = q.tanh(q(dense("in", x) + q(r * dense("hn", h))))
        return q(q(q(1 - z) * n) + q(z * h))

    shapes: dict[str, tuple[int, ...]] = {}
    for name in ("hn", "hr", "hz", "in", "ir", "iz"):
        if name not in ("hr", "hz"):
            shapes[f"{name}/bias"] = (u,)
        shapes[f"{name}/kernel"] = (u, u) if name[0] == "h" else (f, u)
    return RuntimeGRU(shapes, step)


def flax_nnx(f: int, u: int, o: Options) -> RuntimeGRU:
    """flax.nnx: dense_i with a bias, dense_h without."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        xi_r, xi_z, xi_n = np.split(q(q.dot(x, w["dense_i/kernel"]) + w["dense_i/bias"]), 3, -1)
        hh_r, hh_z, hh_n = np.split(q.dot(h, w["dense_h/kernel"]), 3, -1)
        r, z = q.sigmoid(q(xi_r + hh_r)), q.sigmoid(q(xi_z + hh_z))
        n = q.tanh(q(xi_n + q(r * hh_n)))
        return q(q(q(1 - z) * n) + q(z * h))

    return RuntimeGRU(
        {"dense_i/bias": (3 * u,), "dense_i/kernel": (f, 3 * u), "dense_h/kernel": (u, 3 * u)}, step
    )


def mlx(f: int, u: int, o: Options) -> RuntimeGRU:
    """MLX: Wx and Wh of r z n, b, and bhn apart."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        xs = q(q.dot(x, w["Wx"].T) + w["b"])
        hs = q.dot(h, w["Wh"].T)
        rz = q.sigmoid(q(xs[:, : 2 * u] + hs[:, : 2 * u]))
        r, z = rz[:, :u], rz[:, u:]
        n = q.tanh(q(xs[:, 2 * u :] + q(r * q(hs[:, 2 * u :] + w["bhn"]))))
        return q(q(q(1 - z) * n) + q(z * h))

    return RuntimeGRU({"Wx": (3 * u, f), "Wh": (3 * u, u), "b": (3 * u,), "bhn": (u,)}, step)


def haiku(f: int, u: int, o: Options) -> RuntimeGRU:
    """Haiku: z r a, reset before, z is the share of the candidate."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        gates_x = q.dot(x, w["w_i"])
        zr = q.sigmoid(q(q(gates_x[:, : 2 * u] + q.dot(h, w["w_h"][:, : 2 * u])) + w["b"][: 2 * u]))
        z, r = zr[:, :u], zr[:, u:]
        a = q.tanh(
            q(q(gates_x[:, 2 * u :] + q.dot(q(r * h), w["w_h"][:, 2 * u :])) + w["b"][2 * u :])
        )
        return q(q(q(1 - z) * h) + q(z * a))

    return RuntimeGRU({"b": (3 * u,), "w_h": (u, 3 * u), "w_i": (f, 3 * u)}, step)


def coreml_mil(f: int, u: int, o: Options) -> RuntimeGRU:
    """Core ML MIL: rows r o z, one bias; reset before."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        W_r, W_o, W_z = np.split(w["weight_ih"], 3)
        R_r, R_o, R_z = np.split(w["weight_hh"], 3)
        b_r, b_o, b_z = np.split(w["bias"], 3)
        r = q.sigmoid(q(q(q.dot(x, W_r.T) + q.dot(h, R_r.T)) + b_r))
        z = q.sigmoid(q(q(q.dot(x, W_z.T) + q.dot(h, R_z.T)) + b_z))
        out = q.tanh(q(q(q.dot(x, W_o.T) + q.dot(q(r * h), R_o.T)) + b_o))
        return q(q(q(1 - z) * out) + q(z * h))

    return RuntimeGRU({"weight_ih": (3 * u, f), "weight_hh": (3 * u, u), "bias": (3 * u,)}, step)


def coreml_nn(f: int, u: int, o: Options) -> RuntimeGRU:
    """Core ML NeuralNetwork: a matrix a gate, (u, f) and (u, u); reset before."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        def entering(gate: str, v: Array) -> Array:
            both = q(q.dot(x, w[f"{gate}W"].T) + q.dot(v, w[f"{gate}R"].T))
            return np.clip(q(both + w[f"{gate}b"]), -50, 50)

        z, r = q.sigmoid(entering("update", h)), q.sigmoid(entering("reset", h))
        out = q.tanh(entering("output", q(h * r)))
        return q(q(q(1 - z) * out) + q(z * h))

    gates = ("update", "reset", "output")
    return RuntimeGRU(
        {f"{gate}W": (u, f) for gate in gates}
        | {f"{gate}R": (u, u) for gate in gates}
        | {f"{gate}b": (u,) for gate in gates},
        step,
    )


def tensorflow_1(f: int, u: int, o: Options) -> RuntimeGRU:
    """TensorFlow 1's GRUCell: input and state in one kernel; gates r u, then the candidate."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        gate_inputs = q(q.dot(np.concatenate([x, h], 1), w["gates/kernel"]) + w["gates/bias"])
        r, kept = np.split(q.sigmoid(gate_inputs), 2, axis=1)
        both = np.concatenate([x, q(r * h)], 1)
        c = q.tanh(q(q.dot(both, w["candidate/kernel"]) + w["candidate/bias"]))
        return q(q(kept * h) + q(q(1 - kept) * c))

    return RuntimeGRU(
        {
            "gates/kernel": (f + u, 2 * u),
            "gates/bias": (2 * u,),
            "candidate/kernel": (f + u, u),
            "candidate/bias": (u,),
        },
        step,
    )


def webnn(f: int, u: int, o: Options) -> RuntimeGRU:
    """WebNN in its layout rzn, both biases; resetAfter either way."""

    def step(q: Rounder, w: Arrays, x: Array, h: Array) -> Array:
        W_r, W_z, W_n = np.split(w["weight"][0], 3)
        R_r, R_z, R_n = np.split(w["recurrentWeight"][0], 3)
        b_r, b_z, b_n = np.split(w["bias"][0], 3)
        c_r, c_z, c_n = np.split(w["recurrentBias"][0], 3)
        z = q.sigmoid(q(q(q.dot(x, W_z.T) + b_z) + q(q.dot(h, R_z.T) + c_z)))
        r = q.sigmoid(q(q(q.dot(x, W_r.T) + b_r) + q(q.dot(h, R_r.T) + c_r)))
        if o.reset_after:
            inner = q(r * q(q.dot(h, R_n.T) + c_n))
        else:
            inner = q(q.dot(q(r * h), R_n.T) + c_n)
        n = q.tanh(q(q(q.dot(x, W_n.T) + b_n) + inner))
        return q(q(q(1 - z) * n) + q(z * h))

    names = ("weight", "recurrentWeight", "bias", "recurrentBias")
    sizes = ((1, 3 * u, f), (1, 3 * u, u), (1, 3 * u), (1, 3 * u))
    return RuntimeGRU(dict(zip(names, sizes, strict=True)), step)
