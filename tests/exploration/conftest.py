import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # tones, which the tests of this directory share
