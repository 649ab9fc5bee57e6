"""The SCMI numbers as headers for device trees."""

from scmigen.model.platform import Platform
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.common.files import File
from scmigen.targets.headers.header import headers


def _files(platform: Platform, _: NoOptions) -> tuple[File, ...]:
    return headers(platform)


TARGET = Target(
    name="headers",
    about="the SCMI numbers as headers for device trees",
    options=NoOptions,
    files=_files,
)
