"""Trying things without training: the code by hand, between two images, an image of one's own."""

from __future__ import annotations

from nicegui import ui
from nicegui.element import Element
from nicegui.events import UploadEventArguments

from autoencoder.web.uploads import LARGEST_UPLOAD, read_upload
from workbench.page.panels.elements import panel, text
from workbench.page.panels.viewer import Viewer


class CodeSliders(Element, component="code_sliders.js"):
    """The numbers of the code and what the decoder makes of them."""


class CodeWalk(Element, component="code_walk.js"):
    """What lies between two images."""


class DrawPad(Element, component="draw_pad.js"):
    """An image to draw on."""

    def __init__(self, image: list[int]) -> None:
        super().__init__()
        self.resize(image)

    def resize(self, image: list[int]) -> None:
        """Take the height, width and channels of the network's images."""
        self.props.update(dict(zip(("height", "width", "channels"), image, strict=True)))


def code_panel(viewer: Viewer) -> None:
    """Build the sliders of the code."""
    with panel("Code", "code"):
        CodeSliders()


def between_panel(viewer: Viewer) -> None:
    """Build the walk between two images."""
    with panel("Between two images", "between"):
        CodeWalk()


def _picker(upload: ui.upload) -> None:
    """Build the button and the place to drop a file that stand for the framework's own uploader."""
    uploader = f"getElement({upload.id}).$refs.qRef"
    with Element("button").classes("g-button g-drop") as pick:
        text("span", "upload_file", "g-icon").props["aria-hidden"] = "true"
        text("span", "Take a file, or drop one here")
    pick.props.update({"type": "button", "data-test": "pick-file"})
    pick.on("click", js_handler=f"() => {uploader}.pickFiles()")
    pick.on("dragover", js_handler="(event) => event.preventDefault()")
    pick.on(
        "drop",
        js_handler=f"(event) => {{ event.preventDefault(); {uploader}.addFiles(event.dataTransfer.files); }}",
    )


def own_panel(viewer: Viewer) -> None:
    """Build the panel of an image from outside: drawn, or from a file."""

    async def receive(event: UploadEventArguments) -> None:
        try:
            fit = viewer.status["settings"]["fit"]
            image = await read_upload(await event.file.read(), viewer.overview["image"], fit)
        except ValueError as error:
            viewer.show_error(f"{event.file.name}: {error}")
            return
        finally:
            upload.reset()
        await viewer.ask("own", image=image)

    with panel("Own image", "own"):
        pad = DrawPad(viewer.overview["image"])
        upload = ui.upload(
            auto_upload=True,
            max_file_size=LARGEST_UPLOAD,
            on_upload=receive,
            on_rejected=lambda: viewer.show_error(
                f"The file is too large: up to {LARGEST_UPLOAD // 2**20} MiB are taken"
            ),
        ).props("accept=image/* data-test=upload")
        upload.classes("g-uploader")
        _picker(upload)
    viewer.on_change(lambda: pad.resize(viewer.overview["image"]))
