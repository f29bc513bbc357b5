"""The layers that stand beside a model in its folder."""

from __future__ import annotations

from cea.loading.folder import Folder, FolderFiles
from cea.model.definition import Model
from cea.model.layers import Layer


def available_layers(model: Model) -> list[Layer]:
    """All layers of the folder that a model was read from, in the order of its folders. Raises InputError."""
    if not isinstance(model.files, FolderFiles):
        return [layer for layer in model.layers if not layer.edit]
    folder = Folder(model.files.root)
    return [folder.layer(name) for name in folder.layer_names(model.document)]
