"""The settings of a trainer that may change while it trains, as texts and as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from nn import Activation, LeakyReLU, Trainer
from nn.lookup import look_up
from nn.optimizers import OPTIMIZERS
from workbench.errors import SettingsError
from workbench.plain_errors import NUMBER_ERRORS, wanted_within
from workbench.settings.table import POINT

BOUNDS = {
    "learning-rate": "above 0",
    "batch-size": "1 to 65536",
    "optimizer": ", ".join(OPTIMIZERS),
    "leakage": "0 to 1",
    "epochs": "at least 0",
    "minutes": "at least 0",
}
"""Which values the settings take, by their keys."""


def _none_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _known(name: str) -> str:
    if name:
        look_up(OPTIMIZERS, name, "optimizer")
    return name


Limit = Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, BeforeValidator(_none_if_empty)]
Slope = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(_none_if_empty)]


class TrainerSettings(BaseModel):
    """The settings of a trainer; immutable.

    Attributes
    ----------
    learning_rate, batch_size
        Of the steps.
    optimizer
        Its name; empty for the one that the program chose.
    leakage
        Slope of all leaky ReLUs below zero; None where there are none, or several slopes.
    epochs, minutes
        Limits; None for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    batch_size: int = Field(ge=1, le=65536)
    optimizer: Annotated[str, AfterValidator(_known)] = ""
    leakage: Slope = None
    epochs: Limit = None
    minutes: Limit = None

    def texts(self) -> dict[str, str]:
        """Return all of them as texts, by field."""
        return {name: "" if value is None else str(value) for name, value in self.model_dump().items()}

    def changed(self, texts: Mapping[str, str]) -> TrainerSettings:
        """Return them with some changed, given as texts by key.

        Raises
        ------
        SettingsError
            When one cannot be used; names it.
        """
        given = {key.replace("-", "_"): text for key, text in texts.items()}
        try:
            return TrainerSettings.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = str(first["loc"][0]).replace("_", "-")
            allowed = wanted_within(first, whole=key == "batch-size", bounds=BOUNDS.get(key, ""))
            hint = POINT if first["type"] in NUMBER_ERRORS and "," in texts.get(key, "") else ""
            raise SettingsError(f"{key}={texts.get(key, '')}: {allowed}{hint}") from None


def settings_of(trainer: Trainer) -> TrainerSettings:
    """Return the settings that a trainer has."""
    return TrainerSettings(
        learning_rate=trainer.optimizer.learning_rate,
        batch_size=trainer.batch_size,
        leakage=slope_of(trainer.network),
        epochs=trainer.limits.epochs,
        minutes=trainer.limits.minutes,
    )


def slope_of(network: Any) -> float | None:
    """Return the slope below zero that all leaky ReLUs of a network have; None where that is none."""
    slopes = set()

    def look(activation: Activation) -> Activation:
        if isinstance(activation, LeakyReLU):
            slopes.add(activation.leakage)
        return activation

    network.map_activations(look)
    return slopes.pop() if len(slopes) == 1 else None
