# Compiles a board with scmigen in do_compile; see acme-scmi.bb. SCMIGEN_BOARD and the other files are
# relative to S. The sources of a recipe are checksummed, so a changed file runs the task again.

DEPENDS += "python3-scmigen-native"
inherit python3native

SCMIGEN_OUTPUT ?= "${B}/scmi"
SCMIGEN_OVERLAYS ?= ""
SCMIGEN_AGENTS ?= ""
SCMIGEN_INCLUDES ?= ""
SCMIGEN_IDS ?= ""
SCMIGEN_EMIT ?= "runtime,headers"
SCMIGEN_OPTIONS ?= ""

scmigen_do_compile() {
    set -- "${S}/${SCMIGEN_BOARD}" -o "${SCMIGEN_OUTPUT}" --emit "${SCMIGEN_EMIT}"
    for file in ${SCMIGEN_OVERLAYS}; do set -- "$@" "${S}/$file"; done
    for file in ${SCMIGEN_AGENTS}; do set -- "$@" -a "${S}/$file"; done
    for folder in ${SCMIGEN_INCLUDES}; do set -- "$@" -I "${S}/$folder"; done
    if [ -n "${SCMIGEN_IDS}" ]; then set -- "$@" --ids "${S}/${SCMIGEN_IDS}" --locked; fi
    scmigen build "$@" --force ${SCMIGEN_OPTIONS}
}

scmigen_do_install() {
    install -d ${D}${datadir}/scmi
    cp -r --no-preserve=ownership ${SCMIGEN_OUTPUT}/. ${D}${datadir}/scmi
    rm -f ${D}${datadir}/scmi/.scmigen-manifest.json
}

EXPORT_FUNCTIONS do_compile do_install
