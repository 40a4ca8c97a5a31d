"""What programs take from onnxruntime's binding: classes, and exceptions to catch."""

from sardonyx import *
from sardonyx.errors import *
