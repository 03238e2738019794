// Starts the page: the random model is opened at once, so that the first picture does not wait for it.

import { render } from "preact";

import { App } from "./app.tsx";
import { RANDOM_CHOICE } from "./model/choices.ts";
import { encodeAsTheyCome } from "./state/encode-pictures.ts";
import { openModel } from "./state/model.ts";
import { teachAsExamplesCome } from "./state/teaching.ts";
import { applyTheme } from "./state/theme.ts";

applyTheme();
encodeAsTheyCome();
teachAsExamplesCome();
render(<App />, document.getElementById("page")!);
void openModel(RANDOM_CHOICE);
