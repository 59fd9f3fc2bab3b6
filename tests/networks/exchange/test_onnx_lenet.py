"""LeNet-5 (LeCun et al. 1998), made and begun in PyTorch: opened here, it answers the same and learns on."""

import warnings

import numpy as np
import pytest

from networks.exchange import onnx
from nn import Adam, ArrayBatches, CategoricalCrossEntropyWithLogits, Trainer, digits

pytestmark = pytest.mark.usefixtures("one_thread")

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")


def lenet():
    nn = torch.nn
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def begin(module, images, labels):
    """Train for an epoch."""
    optimizer = torch.optim.Adam(module.parameters(), 0.002)
    for start in range(0, len(images), 32):
        part = slice(start, start + 32)
        optimizer.zero_grad()
        outputs = module(torch.tensor(images[part]).permute(0, 3, 1, 2))
        torch.nn.functional.cross_entropy(outputs, torch.tensor(labels[part])).backward()
        optimizer.step()


def test_lenet_of_pytorch_answers_the_same_and_learns_on(tmp_path):
    rendered = digits(1600, generator=np.random.default_rng(0))
    images, labels = rendered.images.astype(np.float32), rendered.labels.astype(np.int64)
    if rendered.images.dtype == np.uint8:
        images /= 255
    known, other = slice(0, 1200), slice(1200, None)
    module = lenet()
    begin(module, images[:500], labels[:500])
    path = tmp_path / "lenet.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = torch.zeros(1, 1, 28, 28)
        torch.onnx.export(
            module.eval(),
            (example,),
            str(path),
            dynamo=False,
            dynamic_axes={"x": {0: "n"}},
            input_names=["x"],
        )
    network = onnx.load(path)
    expected = module(torch.tensor(images[other]).permute(0, 3, 1, 2)).detach().numpy()
    found = network.predict(images[other]).reshape(-1, 10)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    before = (found.argmax(axis=1) == labels[other]).mean()

    batches, loss = ArrayBatches(images[known], labels[known]), CategoricalCrossEntropyWithLogits()
    settings = {"batch_size": 32, "generator": np.random.default_rng(0)}
    Trainer(network, loss, Adam(0.002), batches, **settings).train(epochs=3)
    after = (network.predict(images[other]).reshape(-1, 10).argmax(axis=1) == labels[other]).mean()
    assert before < 0.85, before
    assert after > 0.9, after
