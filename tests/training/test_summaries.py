import numpy as np

from gansynth_tf.training.summaries import PitchWatch


def test_the_critic_is_said_to_have_lost_the_pitch_only_if_it_had_it(caplog):
    watch, chance = PitchWatch(61), np.log(61)
    for loss in (chance + 1, 0.9 * chance, chance + 1):
        watch.look({'discriminator/pitch': loss})
    assert caplog.text == ''
    for loss in (0.4 * chance, chance + 1):
        watch.look({'discriminator/pitch': loss})
    assert caplog.text.count('no longer hears the pitch') == 1
