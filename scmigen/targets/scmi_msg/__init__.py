"""Tables for the SCMI servers called ``scmi-msg``: OP-TEE's and that of Trusted Firmware-A.

The tables have a row for each resource and each agent's id, and come with the functions
``plat_scmi_*`` over them, so that a platform adds only what drives its hardware.
``docs/reference/scmi-msg.md`` says what is written and what these servers cannot do.
"""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.files import File
from scmigen.targets.scmi_msg.checks import check, findings_of
from scmigen.targets.scmi_msg.firmware import Firmware
from scmigen.targets.scmi_msg.options import MessageServerOptions
from scmigen.targets.scmi_msg.text import files_of
from scmigen.targets.scmi_msg.variant import OPTEE, TFA, Variant


def _target(variant: Variant, about: str) -> Target[MessageServerOptions]:
    """The target that writes for one firmware."""

    def checked(platform: Platform, _: MessageServerOptions) -> Iterator[Diagnostic]:
        return check(platform, variant)

    def files(platform: Platform, options: MessageServerOptions) -> Iterator[File]:
        return files_of(Firmware(platform, variant, options))

    return Target(
        name=variant.limits.prefix,
        about=about,
        options=MessageServerOptions,
        limits=variant.limits,
        check=checked,
        files=files,
        findings=findings_of(variant),
    )


OPTEE_MSG = _target(OPTEE, "tables for the SCMI server of OP-TEE")
TFA_MSG = _target(TFA, "tables for the SCMI server of Trusted Firmware-A")
