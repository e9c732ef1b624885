"""The configurations that have a name: what each changes of `config.Config`'s defaults, which are `mel_prog_hires`.

The first six are Magenta's; the paper's Table 1 compares their three representations at two frequency resolutions, of
which '+ H' is the finer.
"""

import types
import typing

_LOW_FREQUENCY_RESOLUTION: dict[str, typing.Any] = dict(start_height=4, start_width=8)  # 256x512: n_fft 1024, hop 256

PRESETS: typing.Mapping[str, dict[str, typing.Any]] = types.MappingProxyType({
    'mel_prog_hires': {},  # IF-mel + H
    'mel_prog': _LOW_FREQUENCY_RESOLUTION,  # IF-mel
    'linear_prog_hires': dict(data_type='linear'),  # IF + H
    'linear_prog': dict(data_type='linear', **_LOW_FREQUENCY_RESOLUTION),  # IF
    'phase_prog_hires': dict(data_type='phase'),  # phase + H
    'phase_prog': dict(data_type='phase', **_LOW_FREQUENCY_RESOLUTION),  # phase
    # Narrow networks, which one core trains in about three hours. The first block has all frequencies, where they cost
    # little, so that it learns the pitches; 16 frames per pixel and random timbres around those of real notes bring the
    # attacks; later blocks refine the time axis.
    'small': dict(num_resolutions=3, start_width=1024, scale_mode='H', time_patch=16, latent_vector_size=16,
                  fmap_base=128, fmap_max=32, fmap_decay=0.4, num_images_schedule=(82_000, 60_000, 60_000),
                  transition_num_images_schedule=(8000, 8000, 8000), batch_size_schedule=(16, 8, 8),
                  generator_learning_rate=0.003, discriminator_learning_rate=0.0016,
                  learning_rate_schedule=(1.0, 0.2, 0.1), gradient_penalty_weight=20.0, critic_phase_floor=0.1,
                  constant_scale=True, generator_ema_decay=0.999, generator_reconstruction_weight=1.0,
                  generator_envelope_weight=10.0, latent_noise=0.3,
                  generator_partials_weight=2.0, generator_ac_loss_weight=1.0, discriminator_ac_loss_weight=1.0,
                  gradient_penalty_domain='stage', save_summaries_num_images=10_000, fake_batch_size=32,
                  sliced_wasserstein_num_samples=128, latent_scale=0.7),
    # Trains through all its stages in about a minute on two cores: for trying the tools, not for listening.
    'tiny': dict(num_resolutions=4, start_height=8, start_width=64, audio_length=16000, latent_vector_size=16,
                 fmap_base=128, fmap_max=16, stable_stage_num_images=40, transition_stage_num_images=40,
                 total_num_images=280, save_summaries_num_images=200, fake_batch_size=8,
                 generator_ac_loss_weight=1.0, discriminator_ac_loss_weight=1.0, gradient_penalty_domain='stage',
                 sliced_wasserstein_num_samples=32),
})
