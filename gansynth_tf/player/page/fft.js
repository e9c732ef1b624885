/** Discrete Fourier transforms of one size, a power of two; radix 2, in place, float64. */

export class Fft {
  constructor(size) {
    this.size = size;
    this.cos = Float64Array.from({length: size / 2}, (_, k) => Math.cos(2 * Math.PI * k / size));
    this.sin = Float64Array.from({length: size / 2}, (_, k) => Math.sin(2 * Math.PI * k / size));
    const bits = Math.log2(size);
    this.reversed = Uint32Array.from({length: size}, (_, index) => {
      let mirrored = 0;
      for (let bit = 0; bit < bits; bit += 1) mirrored = mirrored << 1 | index >> bit & 1;
      return mirrored;
    });
  }

  /** sum over n of x[n] exp(-2 pi i k n / size), in place. */
  forward(re, im) {
    const {size, cos, sin, reversed} = this;
    for (let index = 0; index < size; index += 1) {
      const other = reversed[index];
      if (other > index) {
        [re[index], re[other]] = [re[other], re[index]];
        [im[index], im[other]] = [im[other], im[index]];
      }
    }
    for (let half = 1, stride = size / 2; half < size; half *= 2, stride /= 2) {
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0, turn = 0; k < half; k += 1, turn += stride) {
          const low = start + k, high = low + half;
          const a = re[high] * cos[turn] + im[high] * sin[turn];
          const b = im[high] * cos[turn] - re[high] * sin[turn];
          re[high] = re[low] - a;
          im[high] = im[low] - b;
          re[low] += a;
          im[low] += b;
        }
      }
    }
  }

  /** The inverse of `forward`, in place. */
  inverse(re, im) {
    this.forward(im, re); // with the two exchanged it turns the other way
    for (let index = 0; index < this.size; index += 1) {
      re[index] /= this.size;
      im[index] /= this.size;
    }
  }
}
