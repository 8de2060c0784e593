// The connection of an editor to its kernel.

import { Link as AnyLink } from "../../state/link";
import type { Info, SimilarOperations, SimilarPush } from "./protocol";

export { type Connection, told } from "../../state/link";

export class Link extends AnyLink<SimilarOperations, Info, SimilarPush> {}
