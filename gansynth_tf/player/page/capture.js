/** An audio worklet that hands on what it hears, 4,096 samples at a time; after 'stop', what it has left and null. */

const SIZE = 4096;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.part = new Float32Array(SIZE);
    this.filled = 0;
    this.stopped = false;
    this.port.onmessage = () => this.stop();
  }

  process([[heard]]) {
    if (this.stopped) return false;
    for (let index = 0; index < 128; index += 1) {
      this.part[this.filled] = heard?.[index] ?? 0;
      if ((this.filled += 1) === SIZE) this.send();
    }
    return true;
  }

  stop() {
    this.stopped = true;
    this.send();
    this.port.postMessage(null);
  }

  send() {
    this.port.postMessage(this.part.slice(0, this.filled));
    this.filled = 0;
  }
}

registerProcessor('capture', Capture);
