"""Initializers: the names that each release knows, their parameters and their seeds."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gru_ref.errors import shown
from gru_ref.keras.identifiers import Identifier, parse_identifier, spellings
from gru_ref.keras.ledger import Behaviour
from gru_ref.random_streams import seeds

_NORMAL = {"mean": 0.0, "stddev": 0.05, "seed": None}
_SEEDED = {"seed": None}
# class → its parameters, with the values of those that are left out
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "Zeros": {},
    "Ones": {},
    "Constant": {"value": 0},
    "Identity": {"gain": 1.0},
    "RandomNormal": _NORMAL,
    "RandomUniform": {"minval": -0.05, "maxval": 0.05, "seed": None},
    "TruncatedNormal": _NORMAL,
    "VarianceScaling": {
        "scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", **_SEEDED,
    },
    "Orthogonal": {"gain": 1.0, **_SEEDED},
}  # fmt: skip
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")

_SHARED = spellings(
    {
        "Zeros": ("zeros", "zero"),
        "Ones": ("ones", "one"),
        "Constant": ("constant",),
        "Identity": ("identity",),
        "RandomNormal": ("random_normal", "normal"),
        "RandomUniform": ("random_uniform", "uniform"),
        "TruncatedNormal": ("truncated_normal",),
        "VarianceScaling": (),
        "GlorotUniform": ("glorot_uniform",),
        "GlorotNormal": ("glorot_normal",),
        "Orthogonal": ("orthogonal",),
    }
)
HE_AND_LECUN = {
    "he_uniform": "HeUniform",
    "he_normal": "HeNormal",
    "lecun_uniform": "LecunUniform",
    "lecun_normal": "LecunNormal",
}
_LATER = {
    **_SHARED,
    **spellings({name: (spelling,) for spelling, name in HE_AND_LECUN.items()}),
    "variance_scaling": "VarianceScaling",
}
_ORTHOGONAL_3_0 = spellings({"Orthogonal": ("OrthogonalInitializer", "orthogonal_initializer")})
# How the ledger calls a set of names → spelling → class
NAMES: Mapping[str, Mapping[str, str]] = {
    "2.1": {
        **_SHARED,
        **HE_AND_LECUN,
        "identity_initializer": "Identity",
        "orthogonal_initializer": "Orthogonal",
    },
    "2.3": {
        **_LATER,
        **{f"{name}V2": name for name in set(_LATER.values())},
        **{
            f"{spelling}V2": name
            for spelling, name in _LATER.items()
            if spelling.startswith(("glorot_", "he_", "lecun_"))
        },
    },
    "3.0": {
        k: v
        for k, v in (_LATER | _ORTHOGONAL_3_0).items()
        if k not in ("Orthogonal", "Identity", "identity")
    },
    "3.2": {k: v for k, v in (_LATER | _ORTHOGONAL_3_0).items() if k != "Orthogonal"},
    "3.4": _LATER | _ORTHOGONAL_3_0,
    "3.7": {
        **_LATER,
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
    },
}

_SCALING = ("VarianceScaling", "GlorotUniform", "GlorotNormal", *HE_AND_LECUN.values())
_AXES = ("input_axes", "output_axes")
_PARAMETERS: Mapping[str, Collection[str]] = {
    name: (*_DEFAULTS.get(name, _SEEDED), "dtype", *(_AXES if name in _SCALING else ()))
    for name in _LATER.values()
}


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Identifier:
    """Validate the initializer given as `argument`; None is GlorotUniform, as in every Keras.

    Parameters
    ----------
    value : None, str, dict, array or callable ``(shape, dtype=…)``
        An array is accepted from Keras 3 on. A class is called first, without arguments.

    Returns
    -------
    Identifier
        Its parameters are complete: missing ones have their defaults, as in Keras.

    Raises
    ------
    KeyError
        A constant without its value in Keras 3, as Keras itself raises.
    TypeError
        A parameter that the class does not have in the release; a scale or mode of a wrong type.
    AttributeError
        A distribution that is not a string, as Keras itself raises.
    ValueError
        Any other identifier that the release does not know; a scale that is not positive; an
        unknown mode or distribution; in Keras 3 a seed that is not an int.

    Source
    ------
    keras/src/initializers/__init__.py, get (Keras 3.15.1); tf_keras/src/initializers (2.21).
    """
    if isinstance(value, (np.ndarray, np.generic)):
        if not behaviour.array_initializer:
            raise ValueError(
                f"{argument} is an array of shape {value.shape}, expected a name, a dict or a "
                f"callable: Keras {behaviour.release} takes no array; use set_weights"
            )
        return Identifier(None, {}, functools.partial(_array, value))
    names = NAMES[behaviour.initializer_names]
    found = parse_identifier(value, names, _PARAMETERS, argument, behaviour.release)
    if found is None:
        return Identifier("GlorotUniform", _SEEDED)
    if isinstance(found.function, type):
        return Identifier(None, {}, found.function())
    if found.class_name is None:
        return found
    _check_parameters(found, value, behaviour, argument)
    parameters = {**default_parameters(found.class_name), **found.parameters}
    if found.class_name == "VarianceScaling":
        parameters["distribution"] = _distribution(parameters, argument)
    return Identifier(found.class_name, parameters)


def default_parameters(class_name: str) -> dict[str, Any]:
    """Return the parameters of a class in the order of Keras 2's config, with their defaults."""
    return dict(_DEFAULTS.get(class_name, _SEEDED))


def _array(value: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the array that an initializer was given as, whatever is asked for."""
    return value


def _check_parameters(found: Identifier, value: Any, behaviour: Behaviour, argument: str) -> None:
    """Check what `resolve` cannot know by the class alone: parameters that a release has not."""
    bare = found.class_name == "Constant" and "value" not in found.parameters
    if bare and behaviour.constant_initializer_error:
        raise KeyError(
            f"{argument} is {shown(value)}, expected {{'class_name': 'Constant', 'config': "
            f"{{'value': …}}}}: Keras {behaviour.release} has no default value for it"
        )
    refused = [] if behaviour.initializer_config_has_dtype else ["dtype"]
    if not behaviour.initializer_axes_in_config:
        refused += ["input_axes", "output_axes"]
    for name in refused:
        if name in found.parameters:
            raise TypeError(
                f"{argument} is {shown(value)}, expected no {name!r}: {found.class_name} of Keras "
                f"{behaviour.release} does not have it"
            )
    if behaviour.initializer_seed_is_checked and "seed" in found.parameters:
        _seed(found.parameters["seed"], behaviour, argument)


def _distribution(parameters: Mapping[str, Any], argument: str) -> str:
    """Check the scale and mode of a VarianceScaling; return its distribution as Keras keeps it."""
    scale, mode, distribution = (parameters[key] for key in ("scale", "mode", "distribution"))
    if not isinstance(scale, (int, float, np.number)):
        raise TypeError(f"{argument} has the scale {shown(scale)}, expected a positive number")
    if scale <= 0:
        raise ValueError(f"{argument} has the scale {shown(scale)}, expected a positive number")
    if isinstance(mode, (list, dict, set)):
        raise TypeError(f"{argument} has the mode {shown(mode)}, expected one of {_MODES}")
    if mode not in _MODES:
        raise ValueError(f"{argument} has the mode {shown(mode)}, expected one of {_MODES}")
    if not isinstance(distribution, str):
        raise AttributeError(
            f"{argument} has the distribution {shown(distribution)}, expected a string"
        )
    kept = distribution.lower()
    if kept not in (*_DISTRIBUTIONS, "normal"):
        raise ValueError(
            f"{argument} has the distribution {shown(distribution)}, expected 'normal' or one of "
            f"{_DISTRIBUTIONS}"
        )
    return "truncated_normal" if kept == "normal" else kept


def _seed(seed: Any, behaviour: Behaviour, argument: str) -> int | None:
    """Return the seed as an int, or None for a fresh one."""
    given = seed
    if isinstance(seed, Mapping) and behaviour.initializer_seed_is_checked:
        if seed.get("class_name") == "SeedGenerator":
            # A layer draws each weight once, and the first draw of a generator is its seed's.
            seed = (seed.get("config") or {}).get("seed")
    elif not behaviour.initializer_seed_is_checked and isinstance(seed, np.integer):
        seed = int(seed)
    if seed is None or (seed == 0 and behaviour.initializer_seed_0_is_none):
        return None
    if not isinstance(seed, int) or isinstance(seed, bool) or not -(2**63) <= seed < 2**63:
        raise ValueError(f"{argument} has the seed {shown(given)}, expected an int of 64 bits")
    return seed


def take_seed(found: Identifier, behaviour: Behaviour, argument: str) -> Identifier:
    """Return an initializer with the seed that Keras draws when its layer is made.

    An initializer without a seed of its own takes one at once in Keras 3, and when a weight is made
    in Keras 2.

    Raises
    ------
    ValueError
        Its seed is not an int.
    """
    if behaviour.unseeded_initializers != "construction" or "seed" not in found.parameters:
        return found
    seed = _seed(found.parameters["seed"], behaviour, argument)
    if seed is None:
        seed = next_seed(behaviour)
    return found._replace(parameters={**found.parameters, "seed": seed})


def random_source(found: Identifier, behaviour: Behaviour, argument: str) -> seeds.RandomSource:
    """Return the source of an initializer's random numbers.

    Raises
    ------
    ValueError
        Its seed is not an int.
    """
    seed = _seed(found.parameters["seed"], behaviour, argument)
    if _by_operation(seed, behaviour):
        return seeds.EagerOperations(seed)
    if seed is None:
        seed = next_seed(behaviour)
    if behaviour.seeded_initializers_are_operations:
        return seeds.Generator(seed)
    if behaviour.seed_generators:
        return seed_generator(seed, behaviour)
    return seeds.Stateless(seed)


def _by_operation(seed: int | None, behaviour: Behaviour) -> bool:
    """Return whether TensorFlow draws by an operation of its own, not from a generator."""
    if behaviour.seeded_initializers_are_operations:
        return seeds.rng_type_of(None) != "stateful"
    return seed is None and behaviour.unseeded_initializers == "operation"


def is_repeatable(found: Identifier, behaviour: Behaviour, argument: str) -> bool:
    """Return whether a seed fixes what an initializer would draw now.

    What a function of the caller's returns counts as fixed.
    """
    if "seed" not in found.parameters:
        return True
    seed = _seed(found.parameters["seed"], behaviour, argument)
    if seed is not None:
        return not isinstance(seed, seeds.EntropySeed)
    followed = behaviour.unseeded_draws_follow_the_global_seed or _by_operation(seed, behaviour)
    return followed and seeds.is_seeded()


def next_seed(behaviour: Behaviour) -> int:
    """Return the seed that the release takes if none is given."""
    if not behaviour.unseeded_draws_follow_the_global_seed:
        return seeds.entropy_seed()
    return seeds.next_keras_seed(from_python=behaviour.seeds_from_python)


def seed_generator(seed: int, behaviour: Behaviour, count: int = 0) -> seeds.SeedGenerator:
    """Return a generator of the release that has drawn `count` times."""
    return seeds.SeedGenerator(seed, wraps=behaviour.seed_wraps_at_32_bits, count=count)
