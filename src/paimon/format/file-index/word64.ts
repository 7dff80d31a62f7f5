// A 64-bit number as two halves, changed in place: what hashing many values needs without a BigInt each.

/** Arithmetic wraps around, as in Java. */
export class Word64 {
  high = 0;
  low = 0;

  set(high: number, low: number): void {
    this.high = high | 0;
    this.low = low | 0;
  }

  /** A 32-bit number with its sign. */
  setInt(value: number): void {
    this.set(value >> 31, value);
  }

  add(high: number, low: number): void {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
  }

  xor(high: number, low: number): void {
    this.high ^= high;
    this.low ^= low;
  }

  multiply(high: number, low: number): void {
    const left0 = this.low & 0xffff;
    const left1 = this.low >>> 16;
    const right0 = low & 0xffff;
    const right1 = low >>> 16;
    const product0 = left0 * right0;
    const product1 = left0 * right1;
    const product2 = left1 * right0;
    const middle = (product0 >>> 16) + (product1 & 0xffff) + (product2 & 0xffff);
    const carried = left1 * right1 + (product1 >>> 16) + (product2 >>> 16) + (middle >>> 16);
    this.high = (carried + Math.imul(this.high, low) + Math.imul(this.low, high)) | 0;
    this.low = (middle << 16) | (product0 & 0xffff);
  }

  /** By 1 to 31 bits. */
  rotateLeft(bits: number): void {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
  }

  /** XOR with itself, shifted right by 1 to 31 bits; the sign is drawn along. */
  xorSignedShift(bits: number): void {
    const { high, low } = this;
    this.xor(high >> bits, (low >>> bits) | (high << (32 - bits)));
  }

  /** XOR with itself, shifted right by 1 to 63 bits; zeros come in. */
  xorShift(bits: number): void {
    const { high, low } = this;
    if (bits < 32) this.xor(high >>> bits, (low >>> bits) | (high << (32 - bits)));
    else this.xor(0, high >>> (bits - 32));
  }
}
