"""The story that `make demo` plays: every step checked, on real parts."""

from deploy.demo.play import run

__all__ = ["run"]
