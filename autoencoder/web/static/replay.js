/** The page of the recording of an autoencoder: that of any run, with the code's numbers as sliders. */

import { codePanel } from "/assets/autoencoder/code_panel.js";
import { build } from "/assets/replay/page.js";

build((recording) => (recording.header.decoder ? [codePanel(recording)] : []));
