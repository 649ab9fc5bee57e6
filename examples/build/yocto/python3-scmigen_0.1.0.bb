SUMMARY = "Compiles device trees into SCMI platforms"
LICENSE = "BSD-3-Clause"
LIC_FILES_CHKSUM = "file://LICENSE;md5=bfab2239fde7e4d59336bc34b5d5cbc5"

# The sdist, as `python3 -m build --sdist` makes it, in a folder of your layer's files.
SRC_URI = "file://scmigen-${PV}.tar.gz"
S = "${WORKDIR}/scmigen-${PV}"

inherit python_hatchling

# All but fdt and pcpp are in openembedded-core and meta-python; those two are inherit pypi and
# setuptools3.
RDEPENDS:${PN} = "\
    python3-click \
    python3-fdt \
    python3-msgspec \
    python3-pcpp \
    python3-pyyaml \
    python3-rich \
"
BBCLASSEXTEND = "native"
