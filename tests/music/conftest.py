import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # small_music, which the tests of this directory share
