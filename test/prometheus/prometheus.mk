# The tests of the alert rules, by Prometheus's own promtool. Included by the Makefile.
.PHONY: test-alerts

STEPS.test-alerts := tools promtool alerts
test-alerts: requirements ## The tests of the alert rules: that each alert fires when it must, and is silent otherwise
	@sh test/prometheus/promtool.sh > /dev/null
	@$(STEP) alerts
	@promtool=$$(sh test/prometheus/promtool.sh) && \
	  "$$promtool" check rules --lint=all --lint-fatal deploy/alerts/*.rules.yaml && \
	  "$$promtool" test rules deploy/alerts/tests/*.yaml
