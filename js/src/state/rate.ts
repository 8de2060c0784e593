// Labels per minute, over the last two minutes.

const WINDOW = 120_000;

export class Rate {
  private times: number[] = [];

  add(now: number): void {
    this.times.push(now);
    this.times = this.times.filter((time) => now - time <= WINDOW);
  }

  /** Null while there are too few to say. */
  perMinute(now: number): number | null {
    const times = this.times.filter((time) => now - time <= WINDOW);
    if (times.length < 3) return null;
    const elapsed = Math.max(now - times[0]!, 3_000);
    return Math.round((times.length / elapsed) * 60_000);
  }
}
