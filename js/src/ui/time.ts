// Times of the kernel (UTC) as people here write them.

export function when(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  return time.toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}
