"""The plugin of tox.ini: environments that are named by a release of Keras, not of Python."""

from __future__ import annotations

from tox.plugin import impl
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner
from tox.tox_env.register import ToxEnvRegister


class ReleaseRunner(VirtualEnvRunner):
    """An environment of the Python that runs tox: the 2.1 of tf-2.1 is no Python."""

    @staticmethod
    def id() -> str:
        """Return what `runner` in tox.ini calls it."""
        return "release"

    @classmethod
    def extract_base_python(cls, env_name: str) -> str | None:
        """Return no Python, whatever the name is."""
        return None


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Have tox know the runner."""
    register.add_run_env(ReleaseRunner)
