"""Looking for signs of trouble again and again while a network is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn import DataError
from nn.training.divergence import NotFiniteError
from nn.training.target_warnings import beyond_reach
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.diagnosis import BINS, QUANTILES, QUANTITIES, LayerDiagnosis, diagnose_step
from workbench.inspect.findings import Finding, findings
from workbench.inspect.next_step import next_step
from workbench.inspect.trends import trends
from workbench.inspect.view import Viewed

KEPT = 120
"""Checks whose spreads are kept; of more, every second one is dropped."""


class Checkup:
    """The diagnoses of a session, with how the numbers of its layers were spread before.

    Parameters
    ----------
    session
        Between two steps whenever it is checked.
    anatomy
        Of its network.
    """

    def __init__(self, session: Viewed, anatomy: Anatomy) -> None:
        self._session, self._anatomy = session, anatomy
        self._steps: list[int] = []
        self._quantiles: list[np.ndarray] = []
        self._moment: tuple[int, int] | None = None
        self._layers: Sequence[LayerDiagnosis] = ()
        self._findings: Sequence[Finding] = ()

    def check(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Look into the next step, unless nothing has changed since the last time.

        Returns
        -------
        header
            `step`; `steps` of all checks that are kept; `quantities` by name; of every layer that computes
            its number and name, how many of its `neurons` are `dead`, which share of values is `saturated`,
            and what share of the weights' size a step `moved` them by, None without weights; and
            `findings`, as `Finding` has them.
        arrays
            `quantiles`, float32 (checks, layers, quantities, quantiles), how numbers were spread in each
            check; `counts`, int32 (layers, quantities, bins), histograms of the last one, from its lowest
            quantile to its highest.

        Raises
        ------
        OperationError
            When there is no memory for it.
        """
        trainer = self._session.trainer
        moment = trainer.step, len(self._session.steering.changed)
        if moment != self._moment:
            self._check()
            self._moment = moment
        header = {
            "step": trainer.step,
            "steps": list(self._steps),
            "quantities": list(QUANTITIES),
            "layers": [self._described(each) for each in self._layers],
            "findings": [each._asdict() for each in self._findings],
        }
        shape = (len(self._steps), len(self._anatomy.layers) - self._anatomy.inputs, len(QUANTITIES))
        counts = [[each.spreads[name].counts for name in QUANTITIES] for each in self._layers]
        return header, {
            "quantiles": np.array(self._quantiles, np.float32).reshape(*shape, len(QUANTILES)),
            "counts": np.array(counts, np.int32).reshape(-1, len(QUANTITIES), BINS),
        }

    def _check(self) -> None:
        trainer = self._session.trainer
        try:
            with next_step(trainer) as made:
                self._layers = diagnose_step(self._anatomy, made)
                beyond = beyond_reach(trainer.network, trainer.loss, made.batch)
        except DataError as error:
            raise OperationError(str(error)) from error
        except NotFiniteError as error:
            lower = "a lower learning rate, or clipping of the gradient; or go back to a snapshot"
            self._findings = [Finding(None, "diverging", f"the next step fails: {error}", lower)]
            return
        last = [each.layer for each in self._layers if each.is_output][-1]
        squeezed = [
            Finding(last, "squeezed", f"{name}: {why}" if name else why, "another last activation or loss")
            for name, why in beyond.items()
        ]
        self._findings = [*trends(trainer.rows), *findings(self._layers), *squeezed]
        self._keep(trainer.step)

    def _keep(self, step: int) -> None:
        """Keep how numbers are spread; earlier checks of later steps are of what was gone back from."""
        while self._steps and self._steps[-1] >= step:
            self._steps.pop()
            self._quantiles.pop()
        self._steps.append(step)
        self._quantiles.append(
            np.array([[each.spreads[name].quantiles for name in QUANTITIES] for each in self._layers])
        )
        if len(self._steps) > KEPT:
            del self._steps[-2::-2], self._quantiles[-2::-2]

    def _described(self, layer: LayerDiagnosis) -> dict[str, Any]:
        return {
            "layer": layer.layer,
            "name": self._anatomy.layers[layer.layer].name,
            "neurons": layer.neurons,
            "dead": layer.dead,
            "saturated": layer.saturated,
            "moved": layer.moved,
        }
