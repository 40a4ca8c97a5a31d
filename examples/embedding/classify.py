"""LeNet in Python: which class is the picture in a file of 28 x 28 bytes?

    classify.py MODEL PICTURE.raw
"""

import sys

import numpy as np
import sardonyx

pixels = np.fromfile(sys.argv[2], np.uint8).reshape(1, 1, 28, 28).astype(np.float32) / 255

session = sardonyx.InferenceSession(sys.argv[1])
(scores,) = session.run(None, {"image": pixels})
print("class", scores.argmax())
