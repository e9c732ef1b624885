"""docs/examples/serving_client.py, run against a server that keeps to TensorFlow Serving's REST contract."""

import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading

import pytest
import soundfile
import tensorflow as tf

CLIENT = pathlib.Path(__file__).parents[2] / 'docs' / 'examples' / 'serving_client.py'


@pytest.fixture
def url(export_dir):
    model = tf.saved_model.load(str(export_dir / '1'))

    class Predict(http.server.BaseHTTPRequestHandler):
        """POST {"signature_name": ..., "inputs": {...}} -> {"outputs": the only output's value}."""

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
            signature = model.signatures[request['signature_name']]
            specs = signature.structured_input_signature[1]
            inputs = {name: tf.constant(value, specs[name].dtype) for name, value in request['inputs'].items()}
            [output] = signature(**inputs).values()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({'outputs': output.numpy().tolist()}).encode())

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(('localhost', 0), Predict) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://localhost:{server.server_port}/v1/models/gansynth:predict'
        server.shutdown()


def test_it_plays_a_chord(url, tmp_path):
    client = CLIENT.read_text()
    for original, here in ((r"URL = '.*'", f'URL = {url!r}'), (r'\[60, 64, 67\]', '[60, 62, 64]')):
        client, count = re.subn(original, here, client)
        assert count == 1, original
    done = subprocess.run([sys.executable, '-I', '-c', client], cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    audio, rate = soundfile.read(tmp_path / 'chord.wav')
    assert rate == 16000 and abs(abs(audio).max() - 0.5) < 1e-3
