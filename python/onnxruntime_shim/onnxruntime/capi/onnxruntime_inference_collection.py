import sardonyx
from sardonyx import *

Session = sardonyx.InferenceSession
