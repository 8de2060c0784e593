// The icon of the application: a label on a line of text.

import { LabIcon } from "@jupyterlab/ui-components";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
<g class="jp-icon3" fill="#616161"><path d="M1.5 3h7l3 3-3 3h-7zm1.5 1.5v3h4.9L9.4 6 7.9 4.5z"/>
<path d="M1.5 11h13v1.4h-13zM1.5 13.6h9V15h-9z"/><path d="M12.6 5.3h1.9v1.4h-1.9z"/></g></svg>`;

export const refineryIcon = new LabIcon({ name: "refinery-nb:label", svgstr: SVG });
