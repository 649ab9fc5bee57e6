"""The SCMI numbers as headers for device trees."""

from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.files import File
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.headers.header import headers


def _files(platform: Platform, options: NoticeOptions) -> tuple[File, ...]:
    return headers(platform, options)


TARGET = Target(
    name="headers",
    about="the SCMI numbers as headers for device trees",
    options=NoticeOptions,
    files=_files,
)
