// The Browser still takes it from here.

export { focusLabelerIn } from "../../ui/labeler";
