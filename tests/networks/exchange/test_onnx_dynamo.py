"""Models that the newer exporter of PyTorch writes: networks of ours give what the runtime gives."""

import logging

import pytest

from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from tests.support.onnx_models import check_same

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript", reason="what the exporter is written in: make .venv/installed-bench")

nn = torch.nn


def exported(module, values, path, **options):
    """Write a module whose number of entries is open."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    entries = ({0: torch.export.Dim("n", min=2)},)
    torch.onnx.export(
        module.eval(),
        (values,),
        path,
        input_names=["x"],
        dynamo=True,
        dynamic_shapes=entries,
        verbose=False,
        **options,
    )
    return path


class Reader(nn.Module):
    """Words, both directions, and a product at every step."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Embedding(9, 4)
        self.both = nn.GRU(4, 3, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 2), nn.Softmax(-1))

    def forward(self, words):
        return self.head(self.both(self.rows(words))[0])


IMAGES = [
    *(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Softplus(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)),
    *(nn.Flatten(), nn.Linear(3, 4), nn.Hardsigmoid()),
]


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (lambda: nn.Sequential(*IMAGES), torch.randn(3, 2, 6, 8)),
        (Reader, torch.randint(0, 9, (3, 6))),
    ],
)
def test_what_is_exported_gives_what_the_runtime_gives(make, values, tmp_path):
    torch.manual_seed(0)
    path = exported(make(), values, tmp_path / "model.onnx", external_data=False)
    check_same(path, onnx.load(path), values.numpy())


def test_weights_beside_the_file_are_refused_with_what_to_do(tmp_path):
    path = exported(nn.Linear(300, 300), torch.zeros(2, 300), tmp_path / "model.onnx")
    with pytest.raises(ExchangeError, match=r"another file .* external_data=False"):
        onnx.load(path)
