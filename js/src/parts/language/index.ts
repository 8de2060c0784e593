// How a query is written, as a part.

import { Language } from "../../widgets/browser/Language";
import { shown } from "../shown";

export const mount = shown(Language);
