"""claims.json, read back by whoever reports it."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, model_validator

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import ledger
from bnrepro.claims.engine import Verdict


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")


class _Rule(_Stored):
    words: str
    digest: str


class _Part(_Stored):
    first: float | None
    second: float | None
    met: bool | None = None


class _Claim(_Stored):
    """See `bnrepro.claims.engine.Claim.judge`."""

    id: str
    source: str
    statement: str
    rule: _Rule
    measured: dict[str, _Part] | dict[str, float | None]
    verdict: Verdict
    reason: str | None = None

    @model_validator(mode="after")
    def _is_measured_in_its_own_way(self) -> "_Claim":
        in_parts = all(isinstance(value, _Part) for value in self.measured.values())
        if self.measured and in_parts == (self.id in {claim.id for claim in ledger.PAPER}):
            raise ValueError("a claim about the paper's figure has numbers, any other has parts")
        return self


def _all_different(claims: list[_Claim]) -> list[_Claim]:
    if len({claim.id for claim in claims}) < len(claims):
        raise ValueError("a claim stands twice")
    return claims


_CLAIMS: TypeAdapter[Any] = TypeAdapter(Annotated[list[_Claim], AfterValidator(_all_different)])


def read(dataset: str) -> list[dict[str, Any]]:
    """The entries of claims.json: see `bnrepro.claims.engine.Claim.judge`.

    Raises:
        BadInput: it is missing or damaged.
    """
    return tables.read_json(dataset, paths.claims(dataset), _CLAIMS)
