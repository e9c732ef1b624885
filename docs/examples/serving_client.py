"""Plays a chord with a model that TensorFlow Serving serves: Python's standard library alone. Writes chord.wav.

How the server is started is in docs/serving.md.
"""

import json
import struct
import urllib.request
import wave

URL = 'http://localhost:8501/v1/models/gansynth:predict'


def ask(signature, **inputs):
    body = json.dumps({'signature_name': signature, 'inputs': inputs}).encode()
    request = urllib.request.Request(URL, body, {'Content-Type': 'application/json'})
    with urllib.request.urlopen(request) as response:
        return json.load(response)['outputs']


latents = ask('sample_latents', n=3, seed=1)
clip = ask('render', latents=latents, pitches=[60, 64, 67], velocities=[100] * 3, start_seconds=[0.0, 0.5, 1.0],
           end_seconds=[2.0] * 3)
with wave.open('chord.wav', 'wb') as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(16000)  # `describe` tells
    file.writeframes(struct.pack(f'<{len(clip)}h', *(round(32767 * sample) for sample in clip)))
