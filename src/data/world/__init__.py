"""The simulated world: a structural causal model whose truth is known, for methods to be tried on.

It imports nothing from features or models: the world does not know how it will be looked at.
"""

from .run import simulate, trials

__all__ = ["simulate", "trials"]
