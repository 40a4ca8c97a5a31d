#!/usr/bin/env python3
"""Trains LeNet-5 and ResNet-18 on Fashion-MNIST and writes models/ (run it from the repository).

Needs Debian's python3-torch, python3-pil and dataset-fashion-mnist. Seeded; about an hour on two
cores, nearly all of it ResNet-18, which learns first at 48x48 and is then tuned at its own 96x96.
"""

import argparse
import gzip
import pathlib
import struct
import time

import networks
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

DATASET = pathlib.Path("/usr/share/datasets/fashion-mnist")
LABELS = [
    "t-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
]  # fmt: skip
OPSET = 17


def read_idx(path: pathlib.Path) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes."""
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(dataset: pathlib.Path, split: str):
    """Pictures [N,1,28,28] in 0..1 and labels [N]; split is "train" or "t10k"."""
    pictures = read_idx(dataset / f"{split}-images-idx3-ubyte.gz").astype(np.float32) / 255
    labels = read_idx(dataset / f"{split}-labels-idx1-ubyte.gz").astype(np.int64)
    return torch.from_numpy(pictures)[:, None], torch.from_numpy(labels)


def resize(x: torch.Tensor, size: int) -> torch.Tensor:
    if x.shape[-1] == size:
        return x
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


@torch.no_grad()
def accuracy(net: nn.Module, x: torch.Tensor, y: torch.Tensor, size: int) -> float:
    net.eval()
    right = 0
    for i in range(0, len(x), 250):
        right += (net(resize(x[i : i + 250], size)).argmax(1) == y[i : i + 250]).sum().item()
    return right / len(x)


def train(net, data, test, phases, batch, optimizer, scheduler, name):
    """Runs the (size, epochs) phases, the learning rate following one schedule over all of them."""
    x, y = data
    start, done = time.time(), 0
    for size, epochs in phases:
        for _ in range(epochs):
            net.train()
            for step, index in enumerate(torch.randperm(len(x)).split(batch)):
                pictures = x[index]
                flip = torch.rand(len(index)) < 0.5
                pictures[flip] = pictures[flip].flip(-1)
                loss = F.cross_entropy(net(resize(pictures, size)), y[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                if step % 50 == 0:
                    print(f"{name} epoch {done} step {step} loss {loss.item():.3f} "
                          f"{time.time() - start:.0f} s", flush=True)  # fmt: skip
            done += 1
            print(f"{name} epoch {done} at {size}: test accuracy "
                  f"{accuracy(net, *test, size):.4f}", flush=True)  # fmt: skip


def fit_lenet(data, test) -> nn.Module:
    net = networks.lenet5()
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    epochs, batch = 20, 128
    optimizer = torch.optim.Adam(net.parameters())
    steps = epochs * -(-len(data[0]) // batch)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, total_steps=steps)
    train(net, data, test, [(28, epochs)], batch, optimizer, scheduler, "lenet")
    return net


def fit_resnet18(data, test) -> nn.Module:
    net = networks.resnet18()
    phases, batch = [(48, 4), (96, 1)], 128
    optimizer = torch.optim.SGD(
        net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    steps = sum(epochs for _, epochs in phases) * -(-len(data[0]) // batch)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=steps)
    net = net.to(memory_format=torch.channels_last)
    train(net, data, test, phases, batch, optimizer, scheduler, "resnet18")
    return net.to(memory_format=torch.contiguous_format)


def export(net: nn.Module, size: int, path: pathlib.Path) -> None:
    """Writes the net with its batch as the symbol N and BatchNormalization kept as it is."""
    net.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net, torch.zeros(1, 1, size, size), str(path), opset_version=OPSET,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
        training=torch.onnx.TrainingMode.PRESERVE,
    )  # fmt: skip


def write_samples(test, folder: pathlib.Path) -> None:
    """Two pictures of each class from the test set, named by class and index."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = test
    for label, name in enumerate(LABELS):
        for index in torch.nonzero(y == label).flatten()[:2].tolist():
            picture = (x[index, 0].numpy() * 255).round().astype(np.uint8)
            Image.fromarray(picture).save(folder / f"{name.replace(' ', '-')}-{index}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("models"))
    parser.add_argument("--dataset", type=pathlib.Path, default=DATASET)
    parser.add_argument("--only", choices=["lenet", "resnet18"])
    args = parser.parse_args()
    data, test = load(args.dataset, "train"), load(args.dataset, "t10k")
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "labels.txt").write_text("".join(f"{name}\n" for name in LABELS))
    write_samples(test, args.out / "samples")
    for name, fit, size in (("lenet", fit_lenet, 28), ("resnet18", fit_resnet18, 96)):
        if args.only in (None, name):
            torch.manual_seed(0)
            net = fit(data, test)
            print(f"{name}: test accuracy {accuracy(net, *test, size):.4f}", flush=True)
            export(net, size, args.out / name / "model.onnx")


if __name__ == "__main__":
    main()
