"""Which Kerases an interpreter has: ``PYTHON installed.py`` prints them without importing any.

One JSON object: oracle -> what is installed, ``"tf_keras 2.21.0"``, or null; "tensorflow", whether
it is there; and "python", its version. Importing TensorFlow takes seconds that a run spends in its
workers anyway; a package that is there and cannot be imported fails there.

Runs in every Keras's own environment: Python 3.7 syntax and the standard library.
"""

import importlib.util
import json
import os
import platform
import re

# Where a release of Keras writes its version: 3; the source tree of 3.0 to 3.2; 2.
VERSION_FILES = ("src/version.py", "version.py", "__init__.py")
# Keras 2.5 to 2.9 put it in single quotes.
VERSION = re.compile(r"""^__version__ = (["'])(.+?)\1""", re.MULTILINE)


def installed():
    """Return what is installed for each oracle."""
    tensorflow = importlib.util.find_spec("tensorflow")
    keras = version_of("keras")
    found = {"keras2": None, "keras3": None}
    found["tensorflow"], found["python"] = tensorflow is not None, platform.python_version()
    if tensorflow is None:
        return found
    if keras and not keras.startswith("2."):
        found["keras3"] = f"keras {keras}"
    tf_keras = version_of("tf_keras")
    if tf_keras:
        found["keras2"] = f"tf_keras {tf_keras}"
    elif found["keras3"] is None:
        # The Keras inside TensorFlow up to 2.15, from 2.6 on a package beside it.
        found["keras2"] = "tf.keras {}".format(keras or "of its TensorFlow")
    return found


def version_of(package):
    """Return the version of a Keras package, "?" where it does not say, None without it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return None
    return version_in(os.path.dirname(spec.origin))


def version_in(folder):
    """Return the version that the files of a Keras package say, "?" where they do not."""
    for name in VERSION_FILES:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                match = VERSION.search(file.read())
            if match:
                return match.group(2)
    return "?"


if __name__ == "__main__":
    print(json.dumps(installed()))
