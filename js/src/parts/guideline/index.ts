// The guideline of the Labeler, as a part.

import { Guideline } from "../../widgets/labeler/Guideline";
import { shown } from "../shown";

export const mount = shown(Guideline);
