"""The pitches of Magenta's models, for models that were trained there: her code holds them as a table.

Here they are kept with the model (`pitch_counts.json`), whose data they come from.
"""

from gansynth_tf.data.vocabulary import PitchVocabulary

# Acoustic notes of NSynth by pitch, 24 to 84. Source: Magenta's `datasets.py`.
_COUNTS = (
    711, 720, 715, 725, 726, 723, 738, 829, 839, 840, 860, 870,
    999, 1007, 1063, 1070, 1084, 1121, 1134, 1129, 1155, 1149, 1169, 1154,
    1432, 1406, 1454, 1432, 1593, 1613, 1578, 1784, 1738, 1756, 1718, 1738,
    1789, 1746, 1765, 1748, 1764, 1744, 1677, 1746, 1682, 1705, 1694, 1667,
    1695, 1580, 1608, 1546, 1576, 1485, 1408, 1438, 1333, 1369, 1331, 1295,
    1291)

MAGENTA_VOCABULARY = PitchVocabulary(dict(enumerate(_COUNTS, start=24)))
