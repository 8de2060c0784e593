// The editor of Python, as a part.

export { mount } from "../../ui/code/editor";
