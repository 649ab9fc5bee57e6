"""What a user says of these tables."""

from scmigen.targets.common.notice import NoticeOptions


class MessageServerOptions(NoticeOptions):
    """``mocks``: drivers that do nothing, to build and try the tables before there are others."""

    mocks: bool = False
