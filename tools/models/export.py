#!/usr/bin/env python3
"""Exports untrained networks as ONNX test data, with PyTorch's answer as the expected output.

    tools/models/export.py                     all of them, into exports/
    tools/models/export.py resnet18 vgg11      only these

Needs Debian's python3-torch, python3-torchvision and python3-onnx. Weights and inputs are random
and seeded. Statistics of BatchNormalization are set from a few random batches, and the last layer
is drawn anew where a network starts it at zero, so that no output is degenerate. Each folder holds
model.onnx, whose batch is the symbol N, and a data set of one picture and one of two, their
answers computed in double precision.
"""

import argparse
import functools
import pathlib
import sys

import networks
import onnx.numpy_helper
import torch
import torchvision
from torch import nn

OPSET = 17
MODELS = torchvision.models
# Name: (how to build it, channels, side of the picture in pixels).
NETWORKS = {
    "resnet18": (MODELS.resnet18, 3, 224),
    "squeezenet1_1": (MODELS.squeezenet1_1, 3, 224),
    "mobilenet_v2": (MODELS.mobilenet_v2, 3, 224),
    "vgg11": (networks.vgg11, 1, 224),
    "shufflenet_v2_x1_0": (MODELS.shufflenet_v2_x1_0, 3, 224),
    "efficientnet_b0": (MODELS.efficientnet_b0, 3, 224),
    "resnet50": (MODELS.resnet50, 3, 224),
    "densenet121": (MODELS.densenet121, 3, 224),
    "resnext50_32x4d": (MODELS.resnext50_32x4d, 3, 224),
    "inception_v3": (functools.partial(MODELS.inception_v3, init_weights=False), 3, 299),
    "vit_b_16": (MODELS.vit_b_16, 3, 224),
    "vgg16": (MODELS.vgg16, 3, 224),
}
BATCH_NORMALIZATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)


def draw_weights(net: nn.Module) -> None:
    """Keeps the magnitude of the signal from layer to layer (He et al., 2015)."""
    has_norm = any(isinstance(m, BATCH_NORMALIZATIONS) for m in net.modules())
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and not has_norm:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.Linear) and (not has_norm or not module.weight.any()):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")


@torch.no_grad()
def set_statistics(net: nn.Module, channels: int, size: int) -> None:
    norms = [m for m in net.modules() if isinstance(m, BATCH_NORMALIZATIONS)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average over the batches
    net.train()
    for _ in range(2):
        net(torch.randn(6, channels, size, size))


def write_tensor(tensor: torch.Tensor, name: str, path: pathlib.Path) -> None:
    proto = onnx.numpy_helper.from_array(tensor.numpy(), name)
    path.write_bytes(proto.SerializeToString())


@torch.no_grad()
def export(name: str, folder: pathlib.Path) -> None:
    build, channels, size = NETWORKS[name]
    torch.manual_seed(list(NETWORKS).index(name))
    net = build()
    draw_weights(net)
    set_statistics(net, channels, size)
    net.eval()
    folder.mkdir(parents=True, exist_ok=True)
    # With gradients off the exporter would meet a fused attention that it does not know.
    with torch.enable_grad():
        torch.onnx.export(
            net, torch.zeros(1, channels, size, size), str(folder / "model.onnx"),
            opset_version=OPSET, input_names=["image"], output_names=["logits"],
            dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
        )  # fmt: skip
    for number, batch in enumerate((1, 2)):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        image = torch.randn(batch, channels, size, size)
        logits = net.double()(image.double()).float()  # free of rounding of its own
        write_tensor(image, "image", data / "input_0.pb")
        write_tensor(logits, "logits", data / "output_0.pb")
        print(f"{name} batch {batch}: {logits.shape[1]} outputs, mean {logits.mean():.3g}, "
              f"standard deviation {logits.std():.3g}, "
              f"largest {logits.abs().max():.3g}", flush=True)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NETWORKS))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("exports"))
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in NETWORKS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(NETWORKS)}", file=sys.stderr)
        return 2
    for name in args.names or NETWORKS:
        export(name, args.out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
