"""A real browser on the player's page, and what it plays, as samples."""

import base64
import json
import shutil
import time

import numpy as np
from selenium import webdriver
from selenium.webdriver.common.by import By

RATE = 16000
# A MIDI keyboard: `hearMidi` is what it sends. Headless browsers have no MIDI of their own.
MIDI_STUB = """
  const input = {name: '<b>Keys</b>', state: 'connected', onmidimessage: null};
  const access = Object.assign(new EventTarget(), {inputs: new Map([['1', input]])});
  navigator.requestMIDIAccess = async () => access;
  window.hearMidi = (...bytes) => input.onmidimessage({data: Uint8Array.from(bytes)});
"""


class Browser:
    """Chromium without a window.

    Args:
      directory: for its profile and downloads.
    """

    def __init__(self, directory):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which('chromium')
        for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                         '--disable-background-networking', '--disable-component-update', '--disable-sync',
                         '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required',
                         '--window-size=1280,900', f'--user-data-dir={directory / "profile"}'):
            options.add_argument(argument)
        self.downloads = directory / 'downloads'
        self.downloads.mkdir()
        options.add_experimental_option('prefs', {'download.default_directory': str(self.downloads)})
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
        self.driver.set_script_timeout(90)
        self._command('Page.addScriptToEvaluateOnNewDocument', source=MIDI_STUB)

    def quit(self):
        self.driver.quit()

    def open(self, address, *, width=1280, height=900, dark=False, still=False):
        """Opens the page and waits until it can be played."""
        self._command('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1,
                      mobile=False)
        self._command('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
            {'name': 'prefers-reduced-motion', 'value': 'reduce' if still else 'no-preference'}])
        self.logged(), self.requested()  # what was before does not count
        self.driver.get(address)
        self.wait_for('return document.documentElement.dataset.ready')

    def wait_for(self, script, seconds=90):
        """Waits for a script to return something true, and returns that."""
        end = time.monotonic() + seconds
        while not (found := self.driver.execute_script(script)):
            assert time.monotonic() < end, f'the page does not get there: {script}; {self.text("status")}'
            time.sleep(0.02)
        return found

    def run(self, body, *values):
        """What the body of an async function returns; `values` are its `arguments`."""
        found = self.driver.execute_async_script(
            'const done = arguments[arguments.length - 1];'
            f'(async function () {{ {body} }})(...arguments).then((value) => done({{value}}), '
            '(error) => done({error: `${error.stack ?? error}`}));', *values)
        assert 'error' not in found, found['error']
        return found['value']

    def samples(self, body, *values):
        """float32 samples of the AudioBuffer or Float32Array that the body of an async function returns."""
        text = self.run("""
          const found = await (async function () { BODY })(...arguments);
          const bytes = new Uint8Array((found.getChannelData ? found.getChannelData(0) : found).slice().buffer);
          let text = '';
          for (let at = 0; at < bytes.length; at += 8192) {
            text += String.fromCharCode(...bytes.subarray(at, at + 8192));
          }
          return btoa(text);""".replace('BODY', body), *values)
        return np.frombuffer(base64.b64decode(text), np.float32)

    def downloaded(self, name, seconds=60):
        """The path of a file that a click on a link has saved."""
        end = time.monotonic() + seconds
        while not (self.downloads / name).exists():
            assert time.monotonic() < end, f'{name} is not saved'
            time.sleep(0.02)
        return self.downloads / name

    def click(self, selector):
        """Clicks on an element that may lie below the piano, which stays in sight."""
        found = self.driver.find_element('css selector', selector)
        self.driver.execute_script('arguments[0].scrollIntoView({block: "center"})', found)
        found.click()

    def element(self, name):
        return self.driver.find_element(By.ID, name)

    def text(self, name):
        return self.element(name).text

    def logged(self):
        """What the page has complained of since the last time."""
        return [entry['message'] for entry in self.driver.get_log('browser')]

    def requested(self):
        """The addresses that the page has asked for since the last time."""
        messages = [json.loads(entry['message'])['message'] for entry in self.driver.get_log('performance')]
        return [message['params']['request']['url'] for message in messages
                if message['method'] == 'Network.requestWillBeSent']

    def _command(self, name, **values):
        self.driver.execute_cdp_cmd(name, values)


def main_hz(wave, near_hz):
    """The frequency of the strongest partial within a semitone of a frequency, by a parabola through its peak."""
    size = 1 << 19
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size)) ** 2
    hz = np.fft.rfftfreq(size, 1 / RATE)
    inside = np.flatnonzero((hz > near_hz / 1.06) & (hz < near_hz * 1.06))
    peak = inside[np.argmax(power[inside])]
    before, here, after = np.log(power[peak - 1:peak + 2] + 1e-20)
    return (peak + 0.5 * (before - after) / (before - 2 * here + after)) * hz[1]


def roughest(wave, first, last):
    """The largest second difference between two times in seconds, against the usual one: about 1 without clicks."""
    second = np.abs(np.diff(wave.astype(np.float64), 2))[int(first * RATE):int(last * RATE)]
    return second.max() / np.sort(second)[int(0.99 * len(second))]


def rms(wave, first, last):
    return float(np.sqrt(np.mean(wave[int(first * RATE):int(last * RATE)].astype(np.float64) ** 2)))
