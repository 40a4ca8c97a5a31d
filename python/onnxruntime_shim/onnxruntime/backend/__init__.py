from sardonyx.backend import *
