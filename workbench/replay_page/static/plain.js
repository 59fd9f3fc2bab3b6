/** The page of a recording without panels of an application. */

import { build } from "/assets/replay/page.js";

build();
