// Words that several places of the application say.

import { count } from "../ui/numbers";

export function progress({ done, total }: { done: number; total: number }): string {
  return total > 0 ? `${count(done)} of ${count(total)}` : "under way";
}
