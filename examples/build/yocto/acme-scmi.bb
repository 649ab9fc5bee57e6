SUMMARY = "SCMI configuration of the Acme board"
LICENSE = "BSD-3-Clause"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/BSD-3-Clause;md5=550794465ba0ec5312d6919e203a55f9"

# Files beside the recipe, in the folder board/.
SRC_URI = "file://board"
S = "${WORKDIR}/board"

inherit scmigen

SCMIGEN_BOARD = "board.dts"
SCMIGEN_AGENTS = "agents.yaml"
SCMIGEN_INCLUDES = "include"
SCMIGEN_IDS = "board.ids"

FILES:${PN} = "${datadir}/scmi"
