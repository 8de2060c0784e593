// Comments, as a part: with it no bundle carries Markdown for them.

import { Commented } from "../../ui/Commented";
import { shown } from "../shown";

export const mount = shown(Commented);
