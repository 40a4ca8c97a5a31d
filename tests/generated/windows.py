"""What convolution and pooling share: windows over spatial axes, padded and dilated."""

import itertools

import numpy as np


class Windows:
    """Places of windows over the spatial axes of an input, by the rules of Conv and the pools."""

    def __init__(self, size, kernel, strides=None, dilations=None, pads=None, auto_pad="NOTSET",
                 ceil=False):  # fmt: skip
        rank = len(size)
        self.size, self.kernel = tuple(size), tuple(kernel)
        self.strides, self.dilations = strides or [1] * rank, dilations or [1] * rank
        extent = [(k - 1) * d + 1 for k, d in zip(kernel, self.dilations)]
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            self.counts = [-(-n // s) for n, s in zip(size, self.strides)]
            total = [max((c - 1) * s + e - n, 0)
                     for c, s, e, n in zip(self.counts, self.strides, extent, size)]  # fmt: skip
            less, more = [t // 2 for t in total], [t - t // 2 for t in total]
            pads = less + more if auto_pad == "SAME_UPPER" else more + less
        else:
            pads = pads or [0] * 2 * rank
            self.counts = []
            for i in range(rank):
                room = size[i] + pads[i] + pads[rank + i] - extent[i]
                count = (-(-room // self.strides[i]) if ceil else room // self.strides[i]) + 1
                # The last window must begin within the input or the padding before it.
                if ceil and (count - 1) * self.strides[i] >= size[i] + pads[i]:
                    count -= 1
                self.counts.append(count)
        self.before, self.after = pads[:rank], pads[rank:]

    def __iter__(self):
        """Each window: its place in the output, and the places in the input that its taps see,
        as (tap, place), those outside the input left out."""
        for at in np.ndindex(*self.counts):
            starts = [a * s - p for a, s, p in zip(at, self.strides, self.before)]
            axes = [[(t, start + t * d) for t in range(k) if 0 <= start + t * d < n]
                    for start, k, d, n in zip(starts, self.kernel, self.dilations, self.size)]
            taps = [(tuple(t for t, _ in c), tuple(p for _, p in c)) for c in itertools.product(*axes)]
            yield at, starts, taps

    def in_padding(self, starts):
        """How many taps of the window that starts there lie in the input or its padding."""
        count = 1
        for start, k, d, n, after in zip(starts, self.kernel, self.dilations, self.size, self.after):
            count *= sum(start + t * d < n + after for t in range(k))
        return count
