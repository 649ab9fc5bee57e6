# For GNU make. A build with its stamp is two lines:
#
#     scmi.stamp: SCMIGEN_OPTIONS = board.dts -I include -o scmi
#     $(eval $(call scmigen_rule,scmi.stamp))
#
# The rule has no prerequisites but those in the depfile, which is there after the first run.

SCMIGEN ?= scmigen

define scmigen_rule
$(1):
	$$(SCMIGEN) build $$(SCMIGEN_OPTIONS) --stamp '$$@' --depfile '$$@.d'
-include $(1).d
endef
