"""What sampling and deformable convolution share: elements at places between those of an array."""

import itertools

import numpy as np


def nearest(place):
    return [(int(np.rint(place)), 1.0)]


def linear(place):
    first = int(np.floor(place))
    return [(first, 1 - (place - first)), (first + 1, place - first)]


def cubic(place, a=-0.75):
    """Keys' kernel."""

    def weight(x):
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a

    first = int(np.floor(place)) - 1
    return [(i, weight(abs(place - i))) for i in range(first, first + 4)]


def zeros(i, n, corners):
    return i if 0 <= i < n else None


def border(i, n, corners):
    return min(max(i, 0), n - 1)


def reflection(i, n, corners):
    """About the outermost elements, or where corners are not elements about their outer edges."""
    period = max(2 * (n - 1), 1) if corners else 2 * n
    i %= period
    return i if i < n else period - i - (0 if corners else 1)


def interpolated(x, place, taps, padding=zeros, corners=False):
    """Element `place` of the last axes of x: the elements that `taps` gives for each axis, weighted;
    `padding` says which is taken for one outside, None being a zero."""
    size = x.shape[x.ndim - len(place):]
    total = np.zeros(x.shape[:x.ndim - len(place)])
    for chosen in itertools.product(*map(taps, place)):
        at = [padding(i, n, corners) for (i, _), n in zip(chosen, size)]
        if None not in at:
            total = total + x[(..., *at)] * np.prod([weight for _, weight in chosen])
    return total


def sampled(x, grid, taps, padding=zeros, corners=False):
    """GridSample; the grid goes from -1 to 1 and gives the innermost axis first."""
    size = x.shape[2:]
    y = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for i, *at in np.ndindex(*grid.shape[:-1]):
        place = [(g + 1) / 2 * (n - 1) if corners else ((g + 1) * n - 1) / 2
                 for g, n in zip(grid[(i, *at)][::-1], size)]  # fmt: skip
        if padding is border and taps is not nearest:
            low = 0 if corners else -0.5
            place = [p if low <= p <= n - 1 - low else min(max(p, 0), n - 1)
                     for p, n in zip(place, size)]  # fmt: skip
        y[(i, slice(None), *at)] = interpolated(x[i], place, taps, padding, corners)
    return y


def affine(theta, size, corners=False):
    """AffineGrid."""
    axes = [np.linspace(-1, 1, n) if corners else (2 * np.arange(n) + 1) / n - 1 for n in size[2:]]
    places = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(size[2:])], -1)
    return np.einsum("nij,...j->n...i", theta, places)
