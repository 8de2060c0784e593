// Comments, as a part: with it no bundle carries Markdown for them.

import { Comments } from "../../ui/Comments";
import { shown } from "../shown";

export const mount = shown(Comments);
